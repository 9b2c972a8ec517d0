/** What people look at. Its default export is the publication with its dashboards: what `vitrine.config.js` names. */
import { collection, dashboard, question, questionsAbout, withDashboards } from 'vitrine'
import { library } from './index.ts'
import { STATES } from './loan.ts'
import { AGES } from './member.ts'

const { query, indicator, filter } = questionsAbout(library)

const whole = { kind: 'number', decimals: 0 } as const
const monthly = { kind: 'date', style: 'month' } as const

const onTime = indicator({
  title: 'Returned on time',
  definition: 'Of the loans that are back, those that came back on the day they were due or before.',
  unit: 'percent',
  goal: { value: 90, by: 'the end of next year' },
  from: 'library_loan',
  measure: { percent: [['state', '=', 'on time']], of: [['state', 'in', ['on time', 'late']]] },
})

const punctual = question({
  key: 'on-time',
  title: 'Returned on time',
  description: 'Of all loans that are back. What is still out counts nowhere.',
  query: query({ from: 'library_loan', measures: { share: onTime } }),
  display: { kind: 'progress', value: 'share', goal: 90 },
  columns: { share: { label: 'Returned on time', format: { kind: 'percent', decimals: 1 } } },
})

const loans = question({
  key: 'loans',
  title: 'Loans, last complete month',
  description: 'And what changed since the month before.',
  query: query({
    from: 'library_loan',
    measures: { loans: { count: 'rows' } },
    by: { month: { time: 'lent_on', unit: 'month' } },
    where: [['lent_on', 'complete', 'month']],
    order: [['month', 'desc']],
    limit: 13,
  }),
  display: { kind: 'trend', time: 'month', value: 'loans' },
  columns: { month: { label: 'Month', format: monthly }, loans: { label: 'Loans', format: whole } },
})

const out = question({
  key: 'out',
  title: 'Books that are out',
  description: 'Overdue ones are among them. The table library_day remembers it of each day.',
  query: query({
    from: 'library_loan',
    measures: { out: { count: 'rows' } },
    where: [['state', 'in', ['still out', 'overdue']]],
  }),
  display: { kind: 'number', value: 'out' },
  columns: { out: { label: 'Out', format: whole } },
})

const states = question({
  key: 'states-by-month',
  title: 'What became of the loans, by month',
  description: 'Complete months only. Books of the last one may still be out.',
  query: query({
    from: 'library_loan',
    measures: { loans: { count: 'rows' } },
    by: { month: { time: 'lent_on', unit: 'month' }, state: { column: 'state', order: STATES } },
    where: [['lent_on', 'complete', 'month']],
  }),
  display: { kind: 'bar', x: 'month', y: ['loans'], series: 'state', stack: 'stacked' },
  columns: {
    month: { label: 'Month', format: monthly },
    loans: { label: 'Loans', format: whole },
    state: { label: 'State', means: { 'on time': 'done', late: 'doing', overdue: 'todo', 'still out': 'unknown' } },
  },
})

const subjects = question({
  key: 'subjects',
  title: 'What is read',
  description: 'Loans by subject of the book.',
  query: query({
    from: 'library_loan',
    measures: { loans: { count: 'rows' } },
    by: { subject: 'book_id.subject' },
    order: [['loans', 'desc']],
  }),
  display: { kind: 'row', x: 'subject', y: ['loans'] },
  columns: { subject: { label: 'Subject' }, loans: { label: 'Loans', format: whole } },
})

const ages = question({
  key: 'ages',
  title: 'Who reads',
  description: 'Members by age group. Children have a card of their own.',
  query: query({
    from: 'library_member',
    measures: { members: { count: 'rows' } },
    by: { age: { column: 'age', unknown: 'not told', order: AGES } },
    smallest: 5,
  }),
  display: { kind: 'bar', x: 'age', y: ['members'] },
  columns: { age: { label: 'Age' }, members: { label: 'Members', format: whole } },
})

const wanted = question({
  key: 'wanted',
  title: 'Most lent books',
  description: 'With the copies that there are: a long queue for few copies is a purchase to make.',
  query: query({
    from: 'library_loan',
    measures: { loans: { count: 'rows' }, copies: { max: 'book_id.copies' } },
    by: { title: 'book_id.title', author: 'book_id.author' },
    order: [['loans', 'desc']],
    limit: 10,
  }),
  display: { kind: 'table' },
  columns: {
    title: { label: 'Title' },
    author: { label: 'Author' },
    loans: { label: 'Loans', format: whole },
    copies: { label: 'Copies', format: whole },
  },
})

const reading = dashboard({
  key: 'reading',
  title: 'What the library lends',
  description: 'What is read, by whom, and does it come back?',
  collection: collection({ key: 'library', name: 'Library', access: { everybody: 'read' } }),
  filters: [
    filter({
      key: 'age',
      label: 'Age',
      kind: 'list',
      options: AGES,
      on: { library_loan: 'member_id.age', library_member: 'age' },
    }),
    filter({ key: 'lent', label: 'Lent between', kind: 'date', on: { library_loan: 'lent_on' } }),
  ],
  rows: [
    [{ freshness: 'Data of' }],
    [{ question: punctual }, { question: loans }, { question: out }],
    [{ question: states }],
    [{ question: subjects }, { question: ages, without: ['lent'] }],
    [{ question: wanted }],
    [{ text: 'A member whose postcode and age would tell a neighbour is counted without them: the bar “not told”.' }],
  ],
})

export default withDashboards(library, [reading])
