/** The people around: readers of the published schema in a loop, each answer judged, and users who change the source. */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { CHANGE, CUSTOMERS } from './publication.ts'

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
    (select count(*)::integer from (select version from soak.customer union select version from soak.purchase) v) as versions,
    (select count(*)::integer from soak.customer c
     left join (select customer_id, count(*) as n from soak.purchase group by 1) p on p.customer_id = c.id
     where c.purchases <> coalesce(p.n, 0)) as mixed`

const LOOK_UP = 'select name, purchases from soak.customer where id = $1'
const CHANGE_EVERY_MS = 200

export interface Seen {
  readonly looks: number
  readonly errors: readonly string[]
  readonly empty: number
  readonly mixed: number
  /** Milliseconds of each look-up of one row by its key. */
  readonly lookUps: readonly number[]
  readonly changes: number
}

export class Crowd {
  readonly #clients: pg.Client[] = []
  readonly #lookUps: number[] = []
  readonly #errors: string[] = []
  #looks = 0
  #empty = 0
  #mixed = 0
  #changes = 0
  #going = true
  #loops: Promise<unknown> = Promise.resolve()

  /** `readers` who count, as many who look up single rows, and one user of the source. */
  static async gather(urls: { readonly source: string; readonly reader: string }, readers: number): Promise<Crowd> {
    const crowd = new Crowd()
    const loops: Promise<void>[] = []
    for (let n = 0; n < readers; n++) {
      loops.push(crowd.#count(await crowd.#open(urls.reader)), crowd.#lookUp(await crowd.#open(urls.reader)))
    }
    loops.push(crowd.#change(await crowd.#open(urls.source)))
    crowd.#loops = Promise.all(loops)
    return crowd
  }

  get seen(): Seen {
    const { looks, errors, empty, mixed, lookUps, changes } = {
      looks: this.#looks,
      errors: this.#errors,
      empty: this.#empty,
      mixed: this.#mixed,
      lookUps: this.#lookUps,
      changes: this.#changes,
    }
    return { looks, errors, empty, mixed, lookUps, changes }
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
      await this.#attempt(async () => {
        const { rows } = await client.query<Totals>(TOTALS)
        this.#looks += 1
        const [seen] = rows
        if (seen?.customers !== CUSTOMERS || seen.purchases === 0 || seen.days === 0) this.#empty += 1
        else if (seen.versions !== 1 || seen.mixed > 0) this.#mixed += 1
      })
      await pause(5)
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

  async #change(client: pg.Client): Promise<void> {
    for (; this.#going; await pause(CHANGE_EVERY_MS)) {
      await this.#attempt(async () => {
        await client.query(CHANGE, [1 + (this.#changes % CUSTOMERS)])
        this.#changes += 1
      })
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
