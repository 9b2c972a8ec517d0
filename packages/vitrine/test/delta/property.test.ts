/**
 * Random tables, random happenings, random runs: after each run the published rows are those of a full night, to the byte.
 * A case is one table in one night that took it as a delta; `DELTA_CASES` asks for more of them, `DELTA_SEED` for others.
 */

import fc from 'fast-check'
import type pg from 'pg'
import { expect, test } from 'vitest'
import type { Version } from '../../../../test/database.ts'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import * as vitrine from '../../src/index.ts'
import { PHASES } from '../../src/record/runs.ts'
import { Installation } from '../run/installation.ts'
import { type Digests, Nights, waysOf } from './nights.ts'
import { type Drawn, drawnTable, HAPPENINGS, RandomTable, UNANSWERED } from './random-world.ts'

/** `npm run test:all` tries 2 000; a case costs a tenth of a second of both servers and Node. */
const CASES = Number(process.env['DELTA_CASES'] ?? (EVERYTHING ? 2_000 : 300))
const SEED = Number(process.env['DELTA_SEED'] ?? 1)
const TABLES = 24
/** Of the tables that were read, at least so many must have been deltas, or the property says nothing about them. */
const SHARE = 0.5
/** Of one pair of databases: most are nights. */
const TURNS = 45

const WORLDS: readonly (readonly [source: Version, target: Version])[] = [
  [18, 18],
  [15, 15],
  [15, 18],
  [18, 15],
]

interface Turn {
  readonly happenings: readonly (readonly [kind: number, seed: number])[]
  /** What is run: mostly a night. */
  readonly run: number
  /** Something is in flight while the snapshot is taken, and ends later, one way or the other. */
  readonly flight: number
}

const turn: fc.Arbitrary<Turn> = fc.record({
  happenings: fc.array(fc.tuple(fc.nat(HAPPENINGS - 1), fc.nat(100_000)), { minLength: TABLES, maxLength: TABLES }),
  run: fc.nat(19),
  flight: fc.nat(9),
})

class World {
  readonly #nights: Nights
  readonly #tables: readonly RandomTable[]
  readonly #structure: readonly unknown[]
  /** What a rollback must bring back; null where it may refuse. */
  #kept: Digests | null
  #now: Digests
  #flight: { readonly client: pg.Client; readonly table: number; turns: number } | null = null
  delta = 0
  read = 0

  private constructor(
    nights: Nights,
    tables: readonly RandomTable[],
    structure: readonly unknown[],
    kept: Digests,
    now: Digests,
  ) {
    this.#nights = nights
    this.#tables = tables
    this.#structure = structure
    this.#kept = kept
    this.#now = now
  }

  static async create(drawn: readonly Drawn[], [source, target]: (typeof WORLDS)[number]): Promise<World> {
    const tables: RandomTable[] = []
    for (const [index, table] of drawn.entries()) tables.push(new RandomTable(index, table, tables.at(-1)))
    const register = vitrine.register(
      'public',
      Object.fromEntries(tables.map((table) => [table.name, table.registered()])),
    )
    const made = new Map<string, vitrine.PublishedTable>()
    for (const table of tables) made.set(table.name, table.published(register, made))
    const first = [...made.values()][0]
    const days = vitrine.history('days', 'A day.', ({ selectFrom }, { day }) => ({
      day: vitrine.date(day, 'Day').primaryKey(),
      n: vitrine.integer(
        selectFrom(first?.name ?? '')
          .select(vitrine.count().as('n'))
          .$asScalar()
          .$notNull(),
        'Rows',
      ),
    }))
    const nights = await Nights.create(
      source,
      { source: register, tables: [...made.values()], histories: [days], pureRules: true },
      tables.flatMap((table, index) => [table.createSql(), table.insertSql(20 + (index % 5) * 10, index)]),
      { target },
    )
    await nights.night()
    const kept = await nights.published()
    await nights.night()
    return new World(nights, tables, await nights.structure(), kept, await nights.published())
  }

  async turn({ happenings, run, flight }: Turn): Promise<void> {
    await this.#land(flight)
    for (const [index, [kind, seed]] of happenings.entries()) {
      if (this.#flight !== null) continue
      const statements = this.#tables[index]?.happening(kind, seed) ?? []
      await this.#nights.change(
        ...statements.map((sql) => sql.replaceAll('$reading', `"${this.#nights.shop.reading.user}"`)),
      )
    }
    await this.#depart(flight, happenings[0]?.[1] ?? 0)
    if (run === 0) await this.#rollBack()
    else if (run === 1) await this.#part(happenings[0]?.[1] ?? 0)
    else if (run === 2) await this.#abort(happenings[0]?.[1] ?? 0)
    else await this.#night(run)
  }

  /** A transaction that has changed rows, and is open when the next snapshot is taken. */
  async #depart(flight: number, seed: number): Promise<void> {
    if (this.#flight !== null || flight > 1) return
    const table = seed % TABLES
    const client = await this.#nights.shop.source.connect({ role: this.#nights.shop.app })
    this.#flight = { client, table, turns: 0 }
    const { name = '' } = this.#tables[table] ?? {}
    await client.query(
      `begin; update ${name} set label = 'flying' where n % 3 = 0; savepoint a; delete from ${name} where n % 7 = 0`,
    )
  }

  async #land(flight: number): Promise<void> {
    const open = this.#flight
    if (open === null || open.turns++ < 1) return
    await open.client.query(flight % 3 === 0 ? 'rollback' : flight % 3 === 1 ? 'rollback to a; commit' : 'commit')
    await this.#nights.shop.source.close(open.client)
    this.#flight = null
  }

  async #night(run: number): Promise<void> {
    const report = await this.#nights.night(run === 3 ? { full: true } : {})
    const ways = Object.entries(waysOf(report)).filter(([name]) => name !== 'days')
    if (run !== 3) {
      this.read += ways.length
      this.delta += ways.filter(([, way]) => way === 'delta').length
    }
    await this.#judge(await this.#nights.expected())
    await this.#nights.judgeRecord(report)
    await this.#nights.judgeCounts(report)
    await this.#judgeUnknown(report)
  }

  /** In how many rows something is unknown is told of all rows, however few were read. */
  async #judgeUnknown({ tables }: Awaited<ReturnType<Nights['night']>>): Promise<void> {
    const ruled = this.#tables.filter(({ isRuled }) => isRuled).map(({ name }) => `p_${name}`)
    if (ruled.length === 0) return
    const counts = ruled.map(
      (name) => `select '${name}' as name, count(*)::integer as rows from shop.${name} where said ~ '^null'`,
    )
    const found = await this.#nights.shop.look<{ name: string; rows: number }>(counts.join(' union all '))
    const told = new Map(tables.map(({ table, unknown }) => [table, unknown[UNANSWERED] ?? 0]))
    expect(found.filter(({ name, rows }) => told.get(name) !== rows)).toEqual([])
  }

  async #judge(expected: Digests): Promise<void> {
    const published = await this.#nights.published()
    expect(published).toEqual(expected)
    expect(await this.#nights.structure()).toEqual(this.#structure)
    this.#kept = this.#now
    this.#now = published
  }

  async #part(seed: number): Promise<void> {
    const only = this.#tables.filter((_, index) => (seed + index) % 3 === 0).map(({ name }) => `p_${name}`)
    const outcome = await this.#nights.night({ only }).catch((thrown: unknown) => asVitrineError(thrown).code)
    if (typeof outcome === 'string') {
      // A reference to what is not read again may be broken by it: then nothing is published.
      expect([outcome, await this.#nights.published()]).toEqual(['REFERENCE_BROKEN', this.#now])
      return
    }
    // Tables are read again whose references would not hold.
    const read = outcome.tables.filter(({ way }) => way !== 'carried').map(({ table }) => table)
    expect(only.filter((name) => !read.includes(name))).toEqual([])
    const expected = Object.entries(await this.#nights.expected()).filter(([name]) => read.includes(name))
    await this.#judge({ ...this.#now, ...Object.fromEntries(expected) })
  }

  /** A version that was prepared when the run ended cannot come back. */
  async #abort(seed: number): Promise<void> {
    const stop = new AbortController()
    const phase = PHASES[seed % PHASES.length] ?? 'stage'
    const observer = Installation.onPhase(phase, () => stop.abort())
    const published = await this.#nights.night({ signal: stop.signal, observer }).then(
      () => true,
      () => false,
    )
    if (published) await this.#judge(await this.#nights.expected())
    else {
      expect(await this.#nights.published()).toEqual(this.#now)
      this.#kept = null
    }
  }

  async #rollBack(): Promise<void> {
    const error = await this.#nights.rollBack().then(
      () => null,
      (thrown: unknown) => asVitrineError(thrown).code,
    )
    if (error !== null) {
      expect([error, this.#kept]).toEqual(['VERSION_NOT_KEPT', null])
      expect(await this.#nights.published()).toEqual(this.#now)
      return
    }
    const published = await this.#nights.published()
    expect(await this.#nights.structure()).toEqual(this.#structure)
    if (this.#kept !== null) expect(published).toEqual(this.#kept)
    this.#kept = this.#now
    this.#now = published
  }

  async drop(): Promise<void> {
    if (this.#flight !== null) await this.#nights.shop.source.close(this.#flight.client)
    await this.#nights.drop()
  }
}

test(`a delta night is a full night, in ${CASES} cases`, { timeout: 300_000 + 1_000 * CASES }, async () => {
  const counted = { delta: 0, read: 0, worlds: SEED - 1 }
  const drawnTables = fc.array(drawnTable, { minLength: TABLES, maxLength: TABLES })
  // A seed is a history: it says in a line what failed, and in which turn.
  const history = async (seed: number) => {
    if (counted.delta >= CASES) return
    const [tables = []] = fc.sample(drawnTables, { seed, numRuns: 1 })
    const world = await World.create(tables, WORLDS[counted.worlds++ % WORLDS.length] ?? [18, 18])
    try {
      for (const [index, next] of fc.sample(turn, { seed, numRuns: TURNS }).entries()) {
        if (counted.delta + world.delta >= CASES) break
        await world.turn(next).catch((error: unknown) => {
          throw new Error(`turn ${index}, run ${next.run}`, { cause: error })
        })
      }
    } finally {
      counted.delta += world.delta
      counted.read += world.read
      await world.drop()
    }
  }
  const numRuns = Math.ceil(CASES / (TURNS * TABLES * SHARE)) + 1
  await fc.assert(fc.asyncProperty(fc.nat(), history), { numRuns, seed: SEED, endOnFailure: true })
  if (process.env['DELTA_CASES'] !== undefined)
    process.stderr.write(`${counted.delta} deltas of ${counted.read} tables\n`)
  expect(counted.delta).toBeGreaterThanOrEqual(CASES)
  expect(counted.delta / counted.read).toBeGreaterThan(SHARE)
})
