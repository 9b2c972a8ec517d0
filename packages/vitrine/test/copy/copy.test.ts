/** COPY under faults: whatever is lost and whenever, the copy ends with an error and leaves no backend behind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { copyRows, type Help } from '../../src/copy/copy.ts'
import { connect, type Session, type Side } from '../../src/postgres/connect.ts'

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'copy')
    await database.ask('create table into_here (n bigint, t text)')
  })
  afterAll(() => database.drop())

  const open = (side: Side): Promise<Session> =>
    connect(database.address(), {
      side,
      name: `test ${side}`,
      limits: DEFAULT_LIMITS,
      readOnly: false,
      searchPath: ['public'],
    })

  async function kill(side: Side): Promise<void> {
    const admin = await database.connect()
    await admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = $1',
      [`test ${side}`],
    )
    await database.close(admin)
  }

  const copy = (source: Session, target: Session, select: string, extra = {}) =>
    copyRows({
      source: source.client,
      target: target.client,
      select,
      into: 'public.into_here (n, t)',
      freeze: false,
      rows: null,
      ...extra,
    }).then(
      ({ written }) => String(written),
      (error) => `${asVitrineError(error).code} ${asVitrineError(error).place}`,
    )

  test('rows of any size arrive, also larger than every buffer', async () => {
    const [source, target] = [await open('source'), await open('target')]
    expect(
      await copy(source, target, "select n, repeat('x', (n * 400000)::integer) from generate_series(0::bigint, 20) n"),
    ).toBe('21')
    expect(await source.query('select count(*)::integer as n, sum(length(t))::integer as s from into_here')).toEqual([
      { n: 21, s: 84_000_000 },
    ])
    expect(await copy(source, target, 'select 1::bigint, null::text where false')).toBe('0')
    await Promise.all([source.end(), target.end()])
  })

  test('ranges, read by several sessions, arrive as one table, and a session that helped is free again', async () => {
    const [source, helper, target] = [await open('source'), await open('source'), await open('target')]
    await target.execute('truncate into_here')
    const ranges = [0, 1, 2, 3, 4, 5].map((part) => {
      const to = part === 3 ? part * 10_000 : (part + 1) * 10_000
      return `select n, repeat('x', (n % 50)::integer) || '\\x640000000006ffff' from generate_series(${part * 10_000 + 1}::bigint, ${to}) n`
    })
    let helped = Promise.resolve()
    const reads = (help: Help) => {
      helped = help(helper.client)
    }
    expect(await copy(source, target, '', { select: ranges, reads })).toBe('50000')
    await helped
    expect(await helper.query('select 1 as n')).toEqual([{ n: 1 }])
    expect(
      await target.query('select count(distinct n)::integer as n, sum(length(t))::integer as s from into_here'),
    ).toEqual([{ n: 50_000, s: 50_000 * 18 + 1_225_000 }])
    await Promise.all([source.end(), helper.end(), target.end()])
  })

  test.each<[string]>([['helper'], ['target']])(
    'of several sessions, a %s that is lost ends the copy',
    async (lost) => {
      const sessions = { source: await open('source'), helper: await open('source'), target: await open('target') }
      const { source, helper, target } = sessions
      const ranges = [1, 2, 3].map(() => "select n, repeat('x', 1000) from generate_series(1::bigint, 3000000) n")
      let helped = Promise.resolve('')
      const reads = (help: Help) => {
        helped = help(helper.client).then(
          () => 'helped',
          (error) => asVitrineError(error).code,
        )
      }
      // sound because the names are those of the sessions.
      const progress = () => sessions[lost as keyof typeof sessions].destroy()
      const side = lost === 'target' ? 'target' : 'source'
      expect(await copy(source, target, '', { select: ranges, reads, progress })).toBe(`CONNECTION_LOST ${side}`)
      expect(await helped).toBe('CONNECTION_LOST')
      expect(
        await Promise.all([source, helper, target].map((session) => session.execute('select').catch(() => 'gone'))),
      ).toEqual(['gone', 'gone', 'gone'])
    },
  )

  test.each<[Side]>([['source'], ['target']])('a %s that was lost before the copy', async (side) => {
    const [source, target] = [await open('source'), await open('target')]
    await kill(side)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await copy(source, target, "select 1::bigint, 'x'::text")).toBe(`CONNECTION_LOST ${side}`)
    await Promise.all([source.end(), target.end()])
  })

  test.each<[Side]>([['source'], ['target']])('a %s that is lost in the middle', async (side) => {
    const [source, target] = [await open('source'), await open('target')]
    let killed: Promise<void> | undefined
    const progress = () => {
      killed ??= kill(side)
    }
    const said = await copy(source, target, "select n, repeat('x', 1000) from generate_series(1::bigint, 3000000) n", {
      progress,
    })
    await killed
    expect(said).toBe(`CONNECTION_LOST ${side}`)
    await Promise.all([source.end(), target.end()])
  })

  test('an error of either server in the middle of the rows', async () => {
    const [source, target] = [await open('source'), await open('target')]
    expect(
      await copy(source, target, "select 1000 / (5000 - n), 'x'::text from generate_series(1::bigint, 9000) n"),
    ).toBe('EXPRESSION_FAILED source')
    const [again, into] = [await open('source'), await open('target')]
    await into.execute('alter table into_here add constraint small check (n < 5000) not valid')
    expect(await copy(again, into, "select n, 'x'::text from generate_series(1::bigint, 9000) n")).toMatch(
      /^VALUE_OUT_OF_RANGE target/,
    )
    await Promise.all([source, target, again, into].map((session) => session.end()))
  })

  test('an interruption ends both backends', async () => {
    const [source, target] = [await open('source'), await open('target')]
    const stop = new AbortController()
    const said = await copy(source, target, "select n, repeat('x', 1000) from generate_series(1::bigint, 3000000) n", {
      progress: () => stop.abort(),
      signal: stop.signal,
    })
    expect(said).toBe('INTERRUPTED undefined')
    const left =
      "select application_name from pg_stat_activity where application_name like 'test %' and datname = current_database()"
    await expect.poll(() => database.ask(left)).toEqual([])
  })
})
