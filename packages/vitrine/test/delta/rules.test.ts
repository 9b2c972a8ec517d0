/** Tables with TypeScript rules: what changed is read where the rules are the same and look at their inputs alone, or all is. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  bigint,
  category,
  compute,
  date,
  from,
  open,
  personal,
  register,
  rows,
  runDay,
  runInstant,
  runYear,
  text,
  timestamptz,
} from '../../src/index.ts'
import { foreseenWays } from '../../src/run/foreseen.ts'
import type { SyncRequest } from '../../src/run/request.ts'
import { Nights, type Setting } from './nights.ts'

const source = register('public', {
  thing: { id: open.bigint, label: open.text.nullable, said: personal.text.nullable },
})
const publish = from(source.selectFrom('thing as t')).publish
type Given = Parameters<Parameters<typeof publish>[2]>[0]
const key = ({ ref }: Given) => bigint(ref('t.id'), 'Key').primaryKey()
const WHY = ['nobody said', 'they will not say'] as const

/** Only a row of that label makes the rule look at the time, and what it gives is the same. */
const LATE = 'late'
const late = (label: string | null) => (label === LATE && Number.isNaN(Date.now()) ? 'never' : label)

const tables = [
  publish('v_ruled', 'x', (given) => ({
    id: key(given),
    label: text(
      compute({ l: given.ref('t.label') }, ({ l }) => l?.toUpperCase() ?? null),
      'x',
    ).nullable(),
  })),
  // What is read of a personal value is one of a list; its input is not published.
  publish('v_unknown', 'x', (given) =>
    rows(
      {
        unknown: category({ s: given.ref('t.said') }, WHY, ({ s }) =>
          s === null ? 'nobody said' : s === 'no' ? 'they will not say' : null,
        ),
      },
      { id: key(given), label: text(given.ref('t.label'), 'x').nullable() },
    ),
  ),
  // Its input is a column that is published as it is.
  publish('v_known', 'x', (given) =>
    rows(
      { unknown: category({ l: given.ref('t.label') }, WHY, ({ l }) => (l === 'odd' ? 'nobody said' : null)) },
      { id: key(given), label: text(given.ref('t.label'), 'x').nullable() },
    ),
  ),
  publish('v_day', 'x', (given) => ({
    id: key(given),
    label: text(
      compute({ l: given.ref('t.label'), d: runDay('Europe/Paris') }, ({ l, d }) => `${l} ${d}`),
      'x',
    ),
    day: date(runDay('Pacific/Auckland'), 'x'),
  })),
  publish('v_year', 'x', (given) => ({
    id: key(given),
    label: text(
      compute({ l: given.ref('t.label'), y: runYear('UTC') }, ({ l, y }) => `${l} ${y}`),
      'x',
    ),
  })),
  publish('v_instant', 'x', (given) => ({ id: key(given), at: timestamptz(runInstant(), 'x') })),
  publish('v_late', 'x', (given) => ({
    id: key(given),
    label: text(
      compute({ l: given.ref('t.label') }, ({ l }) => late(l)),
      'x',
    ).nullable(),
  })),
  publish('v_kept', 'x', (given) =>
    rows({ keep: compute({ l: given.ref('t.label') }, ({ l }) => l !== 'left out') }, { id: key(given) }),
  ),
]
const RULED = ['v_day', 'v_known', 'v_late', 'v_ruled', 'v_unknown', 'v_year']
const NOON = new Date('2026-03-02T11:00:00Z')

let nights: Nights
beforeAll(async () => {
  nights = await Nights.create(18, { source, tables, pureRules: true }, [
    `create table thing (id bigint primary key, label text, said text);
     insert into thing select n, 'label ' || n, case n % 3 when 0 then 'no' when 1 then 'yes' end from generate_series(1, 60) n`,
  ])
  await nights.begin({ at: NOON })
})
afterAll(() => nights.drop())

const night = async (options: Partial<SyncRequest> = {}) => {
  const ways = await nights.judged({ at: NOON, ...options })
  const delta = Object.keys(ways).filter((name) => ways[name] === 'delta')
  return delta.sort()
}
const reasons = () => Object.fromEntries(nights.told?.tables.map(({ table, reason }) => [table, reason]) ?? [])
const unknown = (name: string) => nights.told?.tables.find(({ table }) => table === name)?.unknown

test('tables with rules are read by what changed, and what is unknown is counted of all rows', async () => {
  await nights.change(
    "update thing set label = 'other' where id < 4; update thing set said = null where id in (3, 4); delete from thing where id = 60",
  )
  expect(await night()).toEqual(RULED)
  expect(reasons()).toMatchObject({
    v_kept: 'a TypeScript rule decides which of its rows are published',
    v_instant: 'it reads the instant of the run',
  })
  // One that said no went, and one answered no more, as did one that had said yes.
  expect(unknown('v_unknown')).toEqual({ 'nobody said': 22, 'they will not say': 18 })
  expect(unknown('v_known')).toEqual({})
  await nights.change("update thing set label = 'odd' where id in (7, 8)")
  expect(await night()).toEqual(RULED)
  expect(unknown('v_known')).toEqual({ 'nobody said': 2 })
  // Of the version that is one older, which had none; then of one that had.
  await nights.change("update thing set label = 'even' where id = 8")
  expect(await night()).toEqual(RULED)
  expect(unknown('v_known')).toEqual({ 'nobody said': 1 })
  expect(await night()).toEqual(RULED)
  expect([unknown('v_known'), unknown('v_unknown')]).toEqual([
    { 'nobody said': 1 },
    { 'nobody said': 22, 'they will not say': 18 },
  ])
  await nights.judged({ at: NOON, full: true })
  expect([unknown('v_known'), unknown('v_unknown')]).toEqual([
    { 'nobody said': 1 },
    { 'nobody said': 22, 'they will not say': 18 },
  ])
})

test('what reads the day is read whole on another day, what reads the year in another year', async () => {
  const others = RULED.filter((name) => name !== 'v_day')
  // In Paris it is the same day, in Auckland the one before.
  expect(await night({ at: new Date('2026-03-02T10:59:59.999Z') })).toEqual(others)
  // The kept version is of noon: in both it is the same day.
  expect(await night({ at: new Date('2026-03-02T22:59:59.999Z') })).toEqual(RULED)
  expect(await night({ at: new Date('2026-03-02T23:00:00Z') })).toEqual(others)
  // The kept version is of the last millisecond of the day before, in Paris.
  expect(await night({ at: new Date('2026-03-02T23:00:00Z') })).toEqual(others)
  const other = RULED.filter((name) => name !== 'v_day' && name !== 'v_year')
  expect(await night({ at: new Date('2027-01-01T00:00:00Z') })).toEqual(other)
})

test('a rule that looks at the time in some row is found, and its table read whole from then on', async () => {
  const rest = RULED.filter((name) => name !== 'v_late')
  await nights.begin({ at: NOON })
  await nights.change(`update thing set label = '${LATE}' where id = 20`)
  for (let turn = 0; turn < 2; turn++) {
    expect(await night()).toEqual(rest)
    expect(reasons()['v_late']).toMatch(/^a rule of it looks at more than its inputs/)
  }
  await nights.change("update thing set label = 'in time' where id = 20")
})

test('other code, code that nobody knows, and rules that are not said to be pure: read whole', async () => {
  const changed = 'its definition, the code or day of its rules, a key or its source table has changed'
  await nights.begin({ at: NOON })
  expect(await night({ code: 'another' })).toEqual([])
  expect(RULED.map((name) => reasons()[name])).toEqual(RULED.map(() => changed))
  expect(await night({ code: null })).toEqual([])
  expect(reasons()['v_ruled']).toBe('it has TypeScript rules, and nothing tells whether their code is the same')
  // The kept version is by the other code, the published one by that which nobody knows.
  expect(await night()).toEqual([])
  await nights.begin({ at: NOON })
  expect(await night()).toEqual(RULED)
  const said = { source, tables, pureRules: false } satisfies Setting
  await nights.define(said)
  expect(await night()).toEqual([])
  expect(reasons()['v_unknown']).toBe('it has TypeScript rules, and the publication does not say that they are pure')
  const session = await nights.shop.session(nights.publication)
  const foreseen = await foreseenWays({ session, publication: nights.publication }, 'as it is')
  await session.end()
  expect(foreseen.find(({ table }) => table === 'v_ruled')?.reason).toBe(reasons()['v_ruled'])
})
