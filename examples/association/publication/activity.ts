/** *Life of the association*: what the town hall and the members may see. It is public, and has no filter. */
import { collection, dashboard, question, questionsAbout } from 'vitrine'
import { association } from './index.ts'
import { AGES, HOMES } from './member.ts'

const { query } = questionsAbout(association)

const whole = { kind: 'number', decimals: 0 } as const
const counted = { members: { label: 'Members', format: whole } } as const

const members = question({
  key: 'members',
  title: 'Members today',
  description: 'From 1,100 members on, the town hall lends the large hall.',
  audience: 'public',
  query: query({
    from: 'association_member',
    measures: { members: { count: 'rows' } },
    where: [['is_member', '=', true]],
    smallest: 10,
  }),
  display: { kind: 'progress', value: 'members', goal: 1100 },
  columns: counted,
})

const ages = question({
  key: 'ages',
  title: 'Ages',
  description: 'Members today. What would tell a single person is in “not told”.',
  audience: 'public',
  query: query({
    from: 'association_member',
    measures: { members: { count: 'rows' } },
    by: { age: { column: 'age', unknown: 'not told', order: AGES } },
    where: [['is_member', '=', true]],
    smallest: 10,
  }),
  display: { kind: 'bar', x: 'age', y: ['members'] },
  columns: { ...counted, age: { label: 'Age' } },
})

const homes = question({
  key: 'homes',
  title: 'Where members live',
  description: 'As the town hall asks it for the grant.',
  audience: 'public',
  query: query({
    from: 'association_member',
    measures: { members: { count: 'rows' } },
    by: { home: { column: 'home', unknown: 'not told', order: HOMES } },
    where: [['is_member', '=', true]],
    smallest: 10,
  }),
  display: { kind: 'pie', label: 'home', value: 'members' },
  columns: { ...counted, home: { label: 'Home' } },
})

const sections = question({
  key: 'sections',
  title: 'Sections',
  description: 'Some members are in two.',
  audience: 'public',
  query: query({
    from: 'association_section',
    measures: { members: { sum: 'members' } },
    by: { section: 'name' },
    order: [['members', 'desc']],
  }),
  display: { kind: 'row', x: 'section', y: ['members'] },
  columns: { ...counted, section: { label: 'Section' } },
})

const presence = question({
  key: 'presence',
  title: 'Who was expected, and came',
  description: 'Complete months with sessions; nothing takes place in July and August.',
  audience: 'public',
  query: query({
    from: 'association_session',
    measures: { share: { ratio: ['present', 'expected'] } },
    by: { month: { time: 'day', unit: 'month' } },
    where: [['day', 'complete', 'month']],
  }),
  display: { kind: 'line', x: 'month', y: ['share'] },
  columns: {
    month: { label: 'Month', format: { kind: 'date', style: 'month' } },
    share: { label: 'Came', format: { kind: 'percent', decimals: 0 } },
  },
})

export const activity = dashboard({
  key: 'activity',
  title: 'Life of the association',
  description: 'How many we are, and do we come?',
  audience: 'public',
  collection: collection({ key: 'association', name: 'Association', access: { everybody: 'read' } }),
  rows: [
    [{ freshness: 'Data of' }],
    [{ question: members, span: 8 }, { question: ages }],
    [{ question: presence }],
    [{ question: sections }, { question: homes }],
  ],
})
