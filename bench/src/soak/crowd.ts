/**
 * The people around: readers of the published schema in a loop, each answer judged, users who change the source, and a team
 * that makes and drops things of its own in the published schema.
 */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Urls } from './installation.ts'
import { CHANGE, CHANGE_FEW, CUSTOMERS } from './publication.ts'

interface Totals {
  readonly customers: number
  readonly purchases: number
  readonly days: number
  readonly versions: number
  readonly mixed: number
}

const TOTALS = `
  select (select count(*)::integer from soak.customer) as customers, (select count(*)::integer from soak.purchase) as purchases,
    (select count(*)::integer from soak.day) as days,
    (select count(*)::integer from (select version from soak.customer union select version from soak.purchase where version > 0) v) as versions,
    (select count(*)::integer from soak.customer c
     left join (select customer_id, count(*) as n, sum(amount) as spent from soak.purchase group by 1) p on p.customer_id = c.id
     where c.purchases <> coalesce(p.n, 0) or c.spent <> coalesce(p.spent, 0)) as mixed`

const LOOK_UP = 'select name, purchases from soak.customer where id = $1'
const CHANGE_EVERY_MS = 200
const TEAM_WORKS_EVERY_MS = 30
/** Things of the team that stand there at most. */
const MOST_THINGS = 20
const ROWS_OF_A_THING = 10

export interface Seen {
  readonly looks: number
  readonly errors: readonly string[]
  readonly empty: number
  readonly mixed: number
  /** Milliseconds of each look-up of one row by its key. */
  readonly lookUps: readonly number[]
  readonly changes: number
  /** Tables that the team made, and rows of those that it did not drop and cannot find any more. */
  readonly made: number
  readonly lost: number
}

export class Crowd {
  readonly #clients: pg.Client[] = []
  readonly #lookUps: number[] = []
  readonly #errors: string[] = []
  #looks = 0
  #empty = 0
  #mixed = 0
  #changes = 0
  #made = 0
  #lost = 0
  readonly #things = new Set<string>()
  #going = true
  #loops: Promise<unknown> = Promise.resolve()

  /** `readers` who count, as many who look up single rows, one user of the source and one member of the team. */
  static async gather(urls: Urls, readers: number, delta: boolean): Promise<Crowd> {
    const crowd = new Crowd()
    const loops: Promise<void>[] = []
    for (let n = 0; n < readers; n++) {
      loops.push(crowd.#count(await crowd.#open(urls.reader)), crowd.#lookUp(await crowd.#open(urls.reader)))
    }
    if (delta) loops.push(crowd.#lookTwice(await crowd.#open(urls.reader)))
    const change = delta ? CHANGE_FEW : CHANGE
    loops.push(crowd.#change(await crowd.#open(urls.source), change), crowd.#work(await crowd.#open(urls.target)))
    crowd.#loops = Promise.all(loops)
    return crowd
  }

  get seen(): Seen {
    return {
      looks: this.#looks,
      errors: this.#errors,
      empty: this.#empty,
      mixed: this.#mixed,
      lookUps: this.#lookUps,
      changes: this.#changes,
      made: this.#made,
      lost: this.#lost,
    }
  }

  async leave(): Promise<void> {
    this.#going = false
    await this.#loops
    await Promise.all(this.#clients.map((client) => client.end().catch(() => undefined)))
  }

  async #open(url: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url, application_name: 'crowd' })
    client.on('error', () => undefined)
    await client.connect()
    this.#clients.push(client)
    return client
  }

  async #count(client: pg.Client): Promise<void> {
    while (this.#going) {
      await this.#attempt(() => this.#look(client))
      await pause(5)
    }
  }

  async #look(client: pg.Client): Promise<void> {
    const { rows } = await client.query<Totals>(TOTALS)
    this.#looks += 1
    const [seen] = rows
    if (seen?.customers !== CUSTOMERS || seen.purchases === 0 || seen.days === 0) this.#empty += 1
    else if (seen.versions !== 1 || seen.mixed > 0) this.#mixed += 1
  }

  /** A snapshot that is older than what may be switched in meanwhile: it would see another version as it was long before. */
  async #lookTwice(client: pg.Client): Promise<void> {
    for (; this.#going; await pause(5)) {
      await this.#attempt(async () => {
        await client.query('begin isolation level repeatable read')
        try {
          await this.#look(client)
          await pause(100)
          await this.#look(client)
        } finally {
          await client.query('rollback')
        }
      })
    }
  }

  async #lookUp(client: pg.Client): Promise<void> {
    for (let turn = 0; this.#going; turn++) {
      await this.#attempt(async () => {
        const started = performance.now()
        const { rowCount } = await client.query({ name: 'look up', text: LOOK_UP, values: [1 + (turn % CUSTOMERS)] })
        this.#lookUps.push(performance.now() - started)
        if (rowCount !== 1) this.#empty += 1
      })
      await pause(5)
    }
  }

  async #change(client: pg.Client, change: string): Promise<void> {
    for (; this.#going; await pause(CHANGE_EVERY_MS)) {
      await this.#attempt(async () => {
        await client.query(change, [1 + (this.#changes % CUSTOMERS)])
        this.#changes += 1
      })
    }
  }

  /** What a killed run has taken along comes back with the next one: until then it can be neither found nor dropped. */
  async #work(client: pg.Client): Promise<void> {
    for (; this.#going; await pause(TEAM_WORKS_EVERY_MS)) {
      const [oldest] = this.#things
      const name = `soak.team_${this.#made}`
      if (oldest !== undefined && this.#things.size >= MOST_THINGS) {
        const dropped = await client.query(`drop table ${oldest}`).catch(() => null)
        this.#things.delete(oldest)
        if (dropped === null) this.#things.add(oldest)
      } else {
        const rows = `select generate_series(1, ${ROWS_OF_A_THING}) as n`
        const made = await client.query(`create table ${name} as ${rows}`).catch(() => null)
        this.#made += 1
        if (made !== null) this.#things.add(name)
      }
    }
    for (const name of this.#things) {
      const found = await client.query<{ n: number }>(`select count(*)::integer as n from ${name}`).catch(() => null)
      this.#lost += ROWS_OF_A_THING - (found?.rows[0]?.n ?? 0)
    }
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#errors.push(error instanceof Error ? error.message : 'unknown')
    }
  }
}
