/** *Treasury*: for the treasurer and the board. In Metabase its collection is theirs alone. */
import { collection, dashboard, question, questionsAbout } from 'vitrine'
import { association } from './index.ts'

const { query, indicator, filter } = questionsAbout(association)

const whole = { kind: 'number', decimals: 0 } as const
const euros = { kind: 'currency', currency: 'EUR', decimals: 0 } as const
const share = { kind: 'percent', decimals: 1 } as const

const paid = indicator({
  title: 'Fees that are paid',
  definition: 'Of all fees of the seasons shown, those that are paid; how many, not how much.',
  unit: 'percent',
  goal: { value: 95, by: 'the general assembly' },
  from: 'association_fee',
  measure: { percent: [['is_paid', '=', true]], of: 'all rows' },
})

const rate = question({
  key: 'fees-paid',
  title: 'Fees that are paid',
  description: 'Of the seasons that are chosen above.',
  query: query({ from: 'association_fee', measures: { paid }, smallest: 10 }),
  display: { kind: 'progress', value: 'paid', goal: 95 },
  columns: { paid: { label: 'Paid', format: share } },
})

const seasons = question({
  key: 'fees-by-season',
  title: 'Fees by season',
  description: 'Those of this season are still coming in.',
  query: query({
    from: 'association_fee',
    measures: { fees: { count: 'rows' } },
    by: { season: 'season', state: { cases: [['paid', [['is_paid', '=', true]]]], otherwise: 'not paid' } },
    order: [['season', 'asc']],
    smallest: 10,
  }),
  display: { kind: 'bar', x: 'season', y: ['fees'], series: 'state', stack: 'stacked' },
  columns: {
    season: { label: 'Season' },
    fees: { label: 'Fees', format: whole },
    state: { label: 'State', means: { paid: 'done', 'not paid': 'todo' } },
  },
})

const sums = question({
  key: 'fee-sums',
  title: 'What fees brought',
  description: 'By way of payment, where ten members have paid at least.',
  query: query({
    from: 'association_fee_sum',
    measures: { amount: { sum: 'amount', unknown: 'left out' } },
    by: { season: 'season', method: 'method' },
    order: [
      ['season', 'desc'],
      ['amount', 'desc'],
    ],
    limit: 20,
  }),
  display: { kind: 'table' },
  columns: {
    season: { label: 'Season' },
    method: { label: 'Way of payment' },
    amount: { label: 'Paid', format: euros },
  },
})

const gifts = question({
  key: 'gifts',
  title: 'Donations, last complete month',
  description: 'How many, and what changed since the month before.',
  query: query({
    from: 'association_donation',
    measures: { donations: { count: 'rows' } },
    by: { month: { time: 'given', unit: 'month' } },
    where: [['given', 'complete', 'month']],
    order: [['month', 'desc']],
    limit: 13,
    smallest: 10,
  }),
  display: { kind: 'trend', time: 'month', value: 'donations' },
  columns: {
    month: { label: 'Month', format: { kind: 'date', style: 'month' } },
    donations: { label: 'Donations', format: whole },
  },
})

const sizes = question({
  key: 'gift-sizes',
  title: 'Donations by size',
  description: 'Large ones are a band of their own, and no amount is told: some donors are known by it.',
  query: query({
    from: 'association_donation',
    measures: { donations: { count: 'rows' } },
    by: {
      size: { column: 'size', order: ['<50', '50-99', '100-249', '250+'] },
      donor: { cases: [['members', [['of_a_member', '=', true]]]], otherwise: 'others' },
    },
    smallest: 10,
  }),
  display: { kind: 'bar', x: 'size', y: ['donations'], series: 'donor', stack: 'stacked' },
  columns: { size: { label: 'Euros' }, donor: { label: 'Donor' }, donations: { label: 'Donations', format: whole } },
})

export const treasury = dashboard({
  key: 'treasury',
  title: 'Treasury',
  description: 'What is still owed, and what is given?',
  collection: collection({ key: 'treasury', name: 'Treasury', access: { treasurer: 'read', board: 'read' } }),
  filters: [
    filter({
      key: 'tariff',
      label: 'Tariff',
      kind: 'list',
      options: ['full or social', 'child'],
      on: { association_fee: 'tariff' },
    }),
    filter({
      key: 'season',
      label: 'Season',
      kind: 'list',
      on: { association_fee: 'season', association_fee_sum: 'season' },
    }),
  ],
  rows: [
    [{ freshness: 'Data of' }],
    [{ question: rate }, { question: gifts, without: ['tariff', 'season'] }],
    [{ question: seasons }, { question: sizes, without: ['tariff', 'season'] }],
    [{ question: sums, without: ['tariff'] }],
    [{ text: 'Who owes what is in the application, where those who may ask are known by name.' }],
  ],
})
