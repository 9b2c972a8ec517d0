/** History tables as files: what is exported is read back, what is wrong is told by line and never quoted. */
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { exportHistory } from '../../src/history/history-export.ts'
import { importHistory, readDays } from '../../src/history/history-import.ts'
import {
  before,
  bigint,
  boolean,
  date,
  doublePrecision,
  type Float,
  type HistoryTable,
  history,
  type Instant,
  integer,
  type LocalDate,
  type Numeric,
  numeric,
  type PatternName,
  type Publication,
  real,
  smallint,
  text,
  timestamptz,
  varchar,
} from '../../src/index.ts'
import { takeRunLock } from '../../src/postgres/lock.ts'
import { PATTERNS } from '../../src/publication/pattern.ts'
import { type HistoryShape, shapeOf, type TableShape } from '../../src/publication/shape.ts'
import { ledgerSelect } from '../../src/record/ledger.ts'
import { inText, PLANTED } from '../copy/planted-values.ts'
import { customer, errorOf, Target } from '../migration/migrate-fixtures.ts'

const visits = history('visits', 'One day.', (_, { day, dayNumber }) => ({
  id: integer(dayNumber, 'Key').primaryKey(),
  day: date(day, 'Day').unique(),
  visitors: integer(sql<number>`1`, 'Visitors').atLeast(0),
  share: numeric(sql<Numeric>`1.0`, 'Share').nullable(),
  note: varchar(20, sql<string>`''`, 'Note').nullable(),
}))

/** With a text in which these patterns are accepted. */
const noted = (...accepted: readonly PatternName[]) =>
  history('noted', 'One day.', (_, { day }) => ({
    day: date(day, 'Day').primaryKey(),
    note: accepted.reduce(
      (column, pattern) => column.accept(pattern, 'made up'),
      text(sql<string>`''`, 'Note').nullable(),
    ),
  }))

/** Every type that is recorded. */
const all = history('everything', 'One day.', (_, { day }) => ({
  day: date(day, 'Day').primaryKey(),
  t: smallint(sql<number>`1::smallint`, 'S').nullable(),
  i: integer(sql<number>`1`, 'I').nullable(),
  b: bigint(sql<bigint>`1`, 'B').nullable(),
  n: numeric(sql<Numeric>`1`, 'N').nullable(),
  r: real(sql<Float>`1::real`, 'R').nullable(),
  j: doublePrecision(sql<Float>`1`, 'D').nullable(),
  f: boolean(sql<boolean>`true`, 'T').nullable(),
  'figures "quoted"': text(sql<string>`''`, 'X').nullable(),
  v: varchar(5, sql<string>`''`, 'V').nullable(),
  l: date(sql<LocalDate>`cast('2026-01-01' as date)`, 'L').nullable(),
  z: timestamptz(sql<Instant>`cast('2026-01-01' as timestamptz)`, 'Z').nullable(),
}))

async function fileOf(
  target: Target,
  publication: Publication,
  name: string,
  session = target.session,
): Promise<string> {
  let file = ''
  for await (const line of exportHistory({ session, publication }, name)) file += line
  return file
}

const problemsOf = (table: HistoryTable, file: string): readonly string[] => {
  try {
    readDays(table, file)
  } catch (error) {
    if (error instanceof Error && 'problems' in error)
      return (error.problems as { place: string; detail: string }[]).map(({ place, detail }) => `${place}: ${detail}`)
    throw error
  }
  return []
}

describe('a file that is not understood', () => {
  test('every problem at once, by line and column, without a value', () => {
    const file = [
      'day,visitors,share,note',
      '2026-01-01,12,0.5,fine',
      '2026-02-30,12,0.5,a day that is none',
      '01/02/2026,twelve,"0,5",',
      '2026-01-03,-4,,',
      '2026-01-04,99999999999,,',
      '2026-01-05,,,a text of more than twenty characters',
      '2026-01-01,12,,twice',
      '2026-01-06,12',
    ].join('\n')
    const problems = problemsOf(visits, file)
    expect(problems).toMatchInlineSnapshot(`
      [
        "line 3, day: a date written YYYY-MM-DD is wanted",
        "line 4, day: a date written YYYY-MM-DD is wanted",
        "line 4, visitors: a whole number is wanted",
        "line 4, share: a decimal number with a point is wanted",
        "line 5, visitors: a number from 0 on is wanted",
        "line 6, visitors: a whole number that fits integer is wanted",
        "line 7, visitors: the value is missing",
        "line 7, note: a text of at most 20 characters is wanted",
        "line 8, day: the same day as on line 2",
        "line 9: it has 2 fields, the header 4",
      ]
    `)
    for (const secret of ['twelve', '99999999999', '2026-02-30', 'twice', 'a day'])
      expect(problems.join()).not.toContain(secret)
  })

  test.each([
    [
      'no header at all: values are not quoted',
      '2026-01-01,12,0.5,x\n',
      ['line 1, field 1', 'line 1, field 2', 'line 1, field 3', 'line 1, field 4', 'line 1', 'line 1'],
    ],
    ['an empty file', '', ['line 1']],
    [
      'a column missing, one unknown, one twice',
      'day,day,nonsense\n2026-01-01,x,1\n',
      ['line 1', 'line 1, field 3', 'line 1'],
    ],
    ['a quote too many', 'day,visitors\n2026-01-01,"1\n', ['line 2']],
  ])('%s', (_, file, places) => {
    const problems = problemsOf(visits, file)
    expect(problems.map((problem) => problem.split(': ')[0])).toEqual(places)
    expect(problems.join()).not.toMatch(/2026|nonsense/)
  })

  test.each(Object.entries(PLANTED))('a text that may not be published: %s', (name, values) => {
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    const told = PATTERNS.flatMap((pattern) =>
      pattern.name === name ? [`line 2, note: a text without ${pattern.told} is wanted`] : [],
    )
    const cases = fc.property(inText(values), (value) => {
      const file = (table: HistoryTable) => problemsOf(table, `day,note\n2026-01-01,${quoted(value)}\n`)
      expect(file(noted())).toHaveLength(1)
      expect(file(noted(...PATTERNS.map((pattern) => pattern.name).filter((other) => other !== name)))).toEqual(told)
      expect(file(noted(...PATTERNS.map((pattern) => pattern.name)))).toEqual([])
    })
    fc.assert(cases, { numRuns: 20 })
  })

  test('many problems are counted and the first fifty told', () => {
    const lines = Array.from({ length: 80 }, () => 'x,y').join('\n')
    expect(() => readDays(visits, `day,visitors\n${lines}`)).toThrow('160 problems, 50 of them listed.')
  })
})

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let target: Target
  beforeAll(async () => {
    target = await Target.create(version, 'history')
  })
  afterAll(() => target.drop())

  const installed = async (...histories: readonly HistoryTable[]) => {
    const publication = target.fresh([customer], { histories })
    await target.migrate(publication)
    return publication
  }
  const bring = (
    publication: Publication,
    name: string,
    file: string,
    options: { replace?: boolean; dryRun?: boolean } = {},
  ) =>
    importHistory({ session: target.session, publication }, name, file, { replace: false, dryRun: false, ...options })

  test('a file goes in, in one piece; existing days are kept unless they are to be replaced', async () => {
    const publication = await installed(visits)
    const file = 'day,visitors,share,note\n2026-01-02,12,0.50,"a, b"\n2026-01-01,7,,\n'
    expect(await bring(publication, 'visits', file, { dryRun: true })).toMatchObject({ days: 2, added: 2 })
    expect(await fileOf(target, publication, 'visits')).toBe('day,visitors,share,note\n')
    expect(await bring(publication, 'visits', file)).toEqual({
      days: 2,
      added: 2,
      kept: 0,
      replaced: 0,
      first: '2026-01-01',
      last: '2026-01-02',
    })
    const sorted = 'day,visitors,share,note\n2026-01-01,7,,\n2026-01-02,12,0.50,"a, b"\n'
    expect(await fileOf(target, publication, 'visits')).toBe(sorted)

    const other = 'note,id,day,visitors\nother,99,2026-01-02,1\nnew,98,2026-01-03,2\n'
    expect(await bring(publication, 'visits', other)).toMatchObject({ added: 1, kept: 1, replaced: 0 })
    expect(await fileOf(target, publication, 'visits')).toBe(`${sorted}2026-01-03,2,,new\n`)
    expect(await bring(publication, 'visits', other, { replace: true })).toMatchObject({
      added: 0,
      kept: 0,
      replaced: 2,
    })
    // A column that the file does not have stays as it was recorded.
    expect(await fileOf(target, publication, 'visits')).toBe(
      'day,visitors,share,note\n2026-01-01,7,,\n2026-01-02,1,0.50,other\n2026-01-03,2,,new\n',
    )
  })

  test('nothing is recorded of a file with a problem, nor while a run may be recording', async () => {
    const publication = await installed(visits)
    const bad = await errorOf(bring(publication, 'visits', 'day,visitors\n2026-01-01,1\n2026-01-02,many\n'))
    expect([bad.code, bad.problems.map(({ place }) => place)]).toEqual(['HISTORY_FILE_INVALID', ['line 3, visitors']])
    const other = await target.open(target.writer)
    await takeRunLock(other, publication.schema)
    expect((await errorOf(bring(publication, 'visits', 'day,visitors\n2026-01-01,1\n'))).code).toBe('RUN_IN_PROGRESS')
    await other.end()
    expect(await fileOf(target, publication, 'visits')).toBe('day,visitors,share,note\n')
    expect((await errorOf(bring(publication, 'customer', ''))).detail).toBe('The history tables are visits.')
    // The lock is given back.
    await bring(publication, 'visits', 'day,visitors\n2026-01-01,1\n')
  })

  test('every value of every recorded type comes back as it was, whatever the settings of the role', async () => {
    const publication = await installed(all)
    await target.session.execute(`
      insert into vitrine.ledger select '${publication.schema}', 'everything', day, to_jsonb(f.*), 'run', now() from (values
        (date '2026-01-01', (-32768)::smallint, 2147483647, 9223372036854775807, 12345678901234567890.10::numeric, 0.1::real, 0.1::float8 + 0.2, true, 'a,"b"', ' x', date '0044-03-15 BC', timestamptz '2026-03-29 01:30:00.123456+00'),
        (date '2026-01-02', 0::smallint, 0, 0, 'NaN', 'Infinity', '-Infinity', false, '', '', 'infinity', '-infinity'),
        (date '2026-01-03', null, null, null, null, 1e-37, 1.7976931348623157e308, null, null, null, null, null)
      ) as t (day, s, i, b, n, r, d, bo, x, v, e, z)
      cross join lateral (select t.s as t, t.i, t.b, t.n, t.r, t.d as j, t.bo as f, t.x as "figures ""quoted""", t.v, t.e as l, t.z) f`)
    const rows = () =>
      target.session.query(
        `select (r.*)::text from (${ledgerSelect(shapeOf(all, publication) as TableShape & { history: HistoryShape }, publication.schema, null)}) r order by day`,
      )
    const recorded = await rows()
    expect(recorded).toHaveLength(3)
    const file = await fileOf(target, publication, 'everything')
    expect(file.split('\n').slice(0, 2)).toEqual([
      'day,t,i,b,n,r,j,f,"figures ""quoted""",v,l,z',
      '2026-01-01,-32768,2147483647,9223372036854775807,12345678901234567890.10,0.1,0.30000000000000004,true,"a,""b"""," x",0044-03-15 BC,2026-03-29T01:30:00.123456+00:00',
    ])
    await target.session.execute('delete from vitrine.ledger')
    await target.admin.query(`alter role "${target.writer.user}" set extra_float_digits = 0;
      alter role "${target.writer.user}" set datestyle = 'SQL, DMY'; alter role "${target.writer.user}" set timezone = 'Asia/Kolkata'`)
    const other = await target.open(target.writer)
    const options = { replace: false, dryRun: false }
    expect(await importHistory({ session: other, publication }, 'everything', file, options)).toMatchObject({
      added: 3,
    })
    expect(await fileOf(target, publication, 'everything', other)).toBe(file)
    expect(await rows()).toEqual(recorded)
    await target.admin.query(`alter role "${target.writer.user}" reset all`)
  })

  test('columns added later: a value for the days before, or none; columns removed keep their values', async () => {
    const publication = await installed(visits)
    await bring(publication, 'visits', 'day,visitors,note\n2026-01-01,7,kept\n')
    const bolder = history('visits', 'One day.', (_, { day }) => ({
      day: date(day, 'Day').primaryKey(),
      visitors: bigint(sql<bigint>`1`, 'Visitors'),
      bots: before(3, integer(sql<number>`1`, 'Bots')),
      robots: integer(sql<number>`1`, 'Robots').nullable(),
    }))
    const next = { ...publication, histories: [bolder] }
    await target.migrate(next)
    expect(await fileOf(target, next, 'visits')).toBe('day,visitors,bots,robots\n2026-01-01,7,3,\n')
    await target.migrate(publication)
    expect(await fileOf(target, publication, 'visits')).toBe('day,visitors,share,note\n2026-01-01,7,,kept\n')
  })

  test('a definition that recorded days do not fit is not migrated', async () => {
    const publication = await installed(visits)
    await bring(publication, 'visits', 'day,visitors,note\n2026-01-01,700000,kept\n2026-01-02,1,kept\n')
    const refusal = async (make: Parameters<typeof history>[2]) => {
      const next = { ...publication, histories: [history('visits', 'One day.', make)] }
      const { code, problems } = await errorOf(target.migrate(next))
      expect(code).toBe('HISTORY_UNREADABLE')
      return problems.map(({ place, detail }) => `${place}: ${detail}`)
    }
    const one = sql<number>`1`
    expect(
      await refusal((_, { day }) => ({
        day: date(day, 'Day').primaryKey(),
        visitors: integer(one, 'V').atLeast(5),
        bots: integer(one, 'B'),
      })),
    ).toEqual(['visits.visitors: one recorded day is below 5', 'visits.bots: 2 recorded days are without this figure'])
    expect(
      await refusal((_, { day }) => ({ day: date(day, 'Day').primaryKey(), visitors: smallint(one, 'V') })),
    ).toEqual(['visits.visitors: recorded values are no smallint'])
    expect(
      await refusal((_, { day }) => ({
        day: date(day, 'Day').primaryKey(),
        visitors: integer(one, 'V'),
        note: varchar(3, sql<string>`''`, 'N').nullable(),
      })),
    ).toEqual(['visits.note: recorded values are no character varying(3)'])
    expect(await fileOf(target, publication, 'visits')).toContain('2026-01-01,700000,,kept\n')
  })

  test('a long history is read page by page', async () => {
    const publication = await installed(visits)
    await target.session.execute(
      `insert into vitrine.ledger select '${publication.schema}', 'visits', date '2020-01-01' + n, jsonb_build_object('visitors', n), 'run', now() from generate_series(0, 1999) n`,
    )
    const lines = (await fileOf(target, publication, 'visits')).trim().split('\n')
    expect([lines.length, lines[1], lines.at(-1)]).toEqual([2001, '2020-01-01,0,,', '2025-06-22,1999,,'])
  })
})
