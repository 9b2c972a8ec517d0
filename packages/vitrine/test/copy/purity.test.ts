/** A rule may look at its inputs and at nothing else: what else it asks is noticed, and nothing stays replaced. */
import { expect, test } from 'vitest'
import { asRule, looksBeyond, watchRules } from '../../src/copy/purity.ts'

function noticed(rule: () => unknown): boolean {
  const unwatch = watchRules()
  try {
    return looksBeyond(() => asRule(rule, undefined))
  } finally {
    unwatch()
  }
}

const KeptDate = Date
const time = new Date(3)

test.each<[string, () => unknown]>([
  ['new Date()', () => new Date()],
  ['Date()', () => Date()],
  ['Date.now() of a Date that was kept', () => KeptDate.now()],
  ['Math.random()', () => Math.random()],
  ['performance.now()', () => performance.now()],
  ['a format of no time', () => new Intl.DateTimeFormat('fr').format()],
  ['parts of no time', () => new Intl.DateTimeFormat('fr').formatToParts()],
  ['process.hrtime', () => process.hrtime.bigint()],
  ['a setting', () => process.env['TZ']],
  ['whether there is a setting', () => 'TZ' in process.env],
  ['all settings', () => Object.keys(process.env)],
  ['crypto.randomUUID()', () => crypto.randomUUID()],
])('%s is noticed', (_, rule) => {
  expect(noticed(rule)).toBe(true)
})

test.each<[string, () => unknown]>([
  ['a date of given parts', () => [new Date(3), new Date(2020, 1), Date.UTC(2020, 1), Date.parse('2020-01-01')]],
  ['a date as an object', () => [time instanceof Date, new Date(time) instanceof KeptDate, time.toISOString()]],
  ['a format of a time', () => [new Intl.DateTimeFormat('fr').format(time), time.toLocaleDateString('fr')]],
  ['Math', () => [Math.max(1, 2), Math.round(0.5)]],
])('%s is not', (_, rule) => {
  expect(noticed(rule)).toBe(false)
})

test('what is asked between rules does not count, and all is as before when no copy has rules any more', () => {
  const all = () => [Date, Date.now, Math.random, performance.now, process.env, crypto.randomUUID]
  const before = all()
  const [first, second] = [watchRules(), watchRules()]
  expect(looksBeyond(() => [new Date(), Date.now(), Math.random()])).toBe(false)
  first()
  expect(noticed(() => Date.now())).toBe(true)
  expect(Date).not.toBe(before[0])
  second()
  expect(all()).toEqual(before)
})
