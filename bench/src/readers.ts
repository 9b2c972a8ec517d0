/**
 * Readers of the published schema during runs: one looks up a row every few milliseconds, one runs long aggregations without
 * pause, one stays idle in a transaction. Every answer must show a whole version: all rows, all of one generation.
 */
import pg from 'pg'
import { PUBLISHED } from './publication.ts'
import type { RowCounts } from './tables.ts'

const LOOK_UP_EVERY_MS = 4

export interface LookUp {
  /** Milliseconds since 1970, with fractions. */
  readonly start: number
  readonly milliseconds: number
}

interface Pair {
  readonly company: number
  readonly membership: number
}

interface Totals {
  readonly companies: number
  readonly memberships: number
  readonly lowest: number
  readonly highest: number
}

const LOOK_UP = `
  select c.generation as company, m.generation as membership
  from ${PUBLISHED}.company c join ${PUBLISHED}.membership m on m.company_id = c.id where c.id = $1 limit 1`

const TOTALS = `
  select (select count(*)::integer from ${PUBLISHED}.company) as companies, count(*)::integer as memberships,
         least(min(m.generation), min(c.generation)) as lowest, greatest(max(m.generation), max(c.generation)) as highest
  from ${PUBLISHED}.membership m left join ${PUBLISHED}.company c on c.id = m.company_id`

const now = (): number => performance.timeOrigin + performance.now()
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

export class Readers {
  readonly lookUps: LookUp[] = []
  readonly errors: string[] = []
  aggregations = 0
  /** Answers without rows, with too few of them, or with rows of two generations. */
  wrong = 0
  readonly #clients: readonly [pg.Client, pg.Client, pg.Client]
  readonly #counts: RowCounts
  #reading = true
  #loops: Promise<unknown> = Promise.resolve()

  private constructor(clients: readonly [pg.Client, pg.Client, pg.Client], counts: RowCounts) {
    this.#clients = clients
    this.#counts = counts
  }

  static async start(url: string, counts: RowCounts): Promise<Readers> {
    const open = async (name: string) => {
      const client = new pg.Client({ connectionString: url, application_name: `bench ${name}` })
      client.on('error', () => undefined)
      await client.connect()
      // No parallel queries, so that look-ups wait for the switch and not for a processor.
      await client.query('set max_parallel_workers_per_gather = 0')
      return client
    }
    const readers = new Readers([await open('look-ups'), await open('aggregations'), await open('idle')], counts)
    readers.#loops = Promise.all([readers.#lookUp(), readers.#aggregate()])
    return readers
  }

  /** Ends the idle transaction and begins the next one, which reads one row and so holds the current tables. */
  async renewIdle(): Promise<void> {
    const [, , idle] = this.#clients
    await this.#attempt(async () => {
      await idle.query('commit')
      await idle.query('begin isolation level repeatable read')
      this.#judgePair(await idle.query<Pair>(LOOK_UP, [1]))
    })
  }

  /** Checks what a transaction from before the switch sees after it. */
  async lookIdle(): Promise<void> {
    const [, , idle] = this.#clients
    await this.#attempt(async () => this.#judgePair(await idle.query<Pair>(LOOK_UP, [1])))
  }

  async stop(): Promise<void> {
    this.#reading = false
    await this.#loops
    await Promise.all(this.#clients.map((client) => client.end()))
  }

  async #lookUp(): Promise<void> {
    const [client] = this.#clients
    for (let turn = 0; this.#reading; turn++) {
      const key = 1 + ((turn * 7919) % this.#counts.company)
      const start = now()
      await this.#attempt(async () => {
        const found = await client.query<Pair>({ name: 'look-up', text: LOOK_UP, values: [key] })
        this.lookUps.push({ start, milliseconds: now() - start })
        this.#judgePair(found)
      })
      await pause(Math.max(0, LOOK_UP_EVERY_MS - (now() - start)))
    }
  }

  async #aggregate(): Promise<void> {
    const [, client] = this.#clients
    while (this.#reading) {
      await this.#attempt(async () => this.#judge(await client.query<Totals>(TOTALS)))
      this.aggregations += 1
    }
  }

  #judgePair({ rows: [row] }: pg.QueryResult<Pair>): void {
    if (row === undefined || row.company !== row.membership) this.wrong += 1
  }

  #judge({ rows }: pg.QueryResult<Totals>): void {
    const [row] = rows
    const { company, membership } = this.#counts
    const whole = row?.companies === company && row.memberships === membership && row.lowest === row.highest
    if (!whole) this.wrong += 1
  }

  async #attempt(look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      this.errors.push(error instanceof Error ? error.message : 'unknown')
      await pause(LOOK_UP_EVERY_MS)
    }
  }
}
