/**
 * A Metabase for tests: a real HTTP server that answers as Metabase does, oddities included, and refuses every request with a
 * key that it does not know or without one that it needs. Faults are put in by the test, by request and not by time.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Entity } from './answers.ts'
import { requireRight } from './members.ts'
import { type Asked, BODIES, NEW_DATABASE, Refusal, ROUTES, refuseKeys, type Work } from './routes.ts'
import type { Details } from './synced.ts'

/** What happens instead of an answer, or to it. */
export type Fault = 'drop' | 'drop afterwards' | 'cut' | 'busy' | 'page' | 'maintenance' | 'hang'

export interface Request {
  readonly method: string
  readonly path: string
  readonly body: Entity
}

const OPEN = ['GET /health', 'GET /session/properties', 'POST /setup', 'POST /session']

export class StandIn {
  tag = 'v0.65.4'
  /** How often it is asked for its tables before a sync that was asked for is done. */
  syncLag = 2
  /** The database server does, as Metabase sees it. */
  speaksTls = false
  /** Rights come as a map by schema. */
  mapped = false
  readonly requests: Request[] = []
  readonly databases: Entity[] = []
  readonly groups: Entity[] = [
    { id: 1, name: 'All Users' },
    { id: 2, name: 'Administrators' },
  ]
  readonly keys: Entity[] = []
  readonly users: Entity[] = []
  readonly settings = new Map<string, unknown>([
    ['report-timezone', null],
    ['site-locale', 'en'],
    ['start-of-week', 'sunday'],
    ['enable-public-sharing', true],
    ['enable-embedding-static', false],
  ])
  /** Tables by data source, with their columns. */
  readonly tables = new Map<number, Entity[]>()
  /** Columns whose values are cached. */
  readonly cached = new Set<number>()
  readonly shown: Record<string, Entity[]> = {}
  readonly collections: Entity[] = []
  readonly cards: Entity[] = []
  readonly dashboards: Entity[] = []
  /** Who may see a collection: `group/collection`. */
  readonly access = new Map<string, unknown>()
  readonly #rights = new Map<string, unknown>()
  readonly #sessions = new Map<string, Entity>()
  readonly #pending = new Map<number, number>()
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #setupToken: string | null = randomBytes(8).toString('hex')
  #revision = 1
  #numbers = 2
  #fault: (request: Request) => Fault | null = () => null

  static async start(): Promise<StandIn> {
    const standIn = new StandIn()
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve))
    return standIn
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('it does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** The first `times` requests of this method and path have this fault. */
  fail(fault: Fault, where: RegExp, times = 1): void {
    let left = times
    this.#fault = ({ method, path }) => (where.test(`${method} ${path}`) && left-- > 0 ? fault : null)
  }

  /** What was asked for with the `count`th request that changes something is done; nothing is answered from then on. */
  dieAfter(count: number): void {
    let left = count
    this.#fault = ({ method }) => {
      if (left <= 0) return 'drop'
      if (method !== 'GET') left--
      return left === 0 ? 'drop afterwards' : null
    }
  }

  /** A key that may do less than an administrator's. */
  weakKey(): string {
    const key = `mb_${randomBytes(12).toString('base64')}`
    this.keys.push({ id: ++this.#numbers, name: 'weak', group: { id: 1 }, unmasked_key: key })
    return key
  }

  /** What people do in their browser. */
  field(name: string): Entity {
    const found = [...this.tables.values()].flat().flatMap((table) => {
      const fields = table['fields'] as Entity[] // sound because every table has them.
      return fields.filter((field) => `${table['name']}.${field['name']}` === name)
    })
    if (found[0] === undefined) throw new Error(`no column ${name}`)
    return found[0]
  }

  right(group: string, database: string, level?: string): unknown {
    const idIn = (list: Entity[], name: string) => list.find((each) => each['name'] === name)?.['id']
    const place = `${idIn(this.groups, group)}/${idIn(this.databases, database)}`
    if (level !== undefined) this.#rights.set(place, level)
    return this.#rights.get(place) ?? 'no'
  }

  /** A data source that somebody else has. */
  async addDatabase(name: string, details: Details): Promise<number> {
    const id = ++this.#numbers
    this.databases.push({ id, name, engine: 'postgres', details, ...NEW_DATABASE })
    this.#rights.set(`1/${id}`, 'query-builder-and-native')
    this.tables.set(id, [])
    return id
  }

  /** Runs every question, without a filter and with each of the filters of its tiles set; gives those that fail. */
  async failingQuestions(): Promise<readonly string[]> {
    const failing: string[] = []
    const kinds = new Map(
      this.dashboards
        .flatMap((dashboard) => dashboard['parameters'] as Entity[])
        .map((parameter) => [parameter['id'], String(parameter['type'])]),
    )
    const tiles = this.dashboards.flatMap((dashboard) => dashboard['dashcards'] as Entity[])
    for (const { id, name } of this.cards) {
      const mappings = tiles
        .filter((tile) => tile['card_id'] === id)
        .flatMap((tile) => tile['parameter_mappings'] as Entity[])
      const set = mappings.map(({ target, parameter_id }) => {
        return { target, value: VALUES[kinds.get(parameter_id) ?? ''] ?? 'none of them' }
      })
      for (const parameters of set.length === 0 ? [[]] : [[], set]) {
        const asked = { id: Number(id), body: { parameters }, query: new URLSearchParams() }
        const answer = (await ROUTES['POST /card/:id/query']?.(this.#work, asked)) as Entity // sound because it gives one.
        if (answer['status'] !== 'completed') failing.push(`${name} (${parameters.length} filters): ${answer['error']}`)
      }
    }
    return failing
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '', 'http://stand-in')
    const body = text === '' ? {} : (JSON.parse(text) as Entity) // sound because the tool sends objects.
    const made: Request = { method: request.method ?? '', path: url.pathname.replace('/api', ''), body }
    this.requests.push(made)
    const fault = this.#fault(made)
    if (fault === 'hang') return
    if (fault === 'drop') return void request.socket.destroy()
    if (fault === 'busy') return void response.writeHead(429, { 'retry-after': '0' }).end('Too many requests')
    if (fault === 'page')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>')
    if (fault === 'maintenance') return void response.writeHead(503, { 'content-type': 'text/html' }).end('<html>')
    let [status, answer]: [number, unknown] = [200, null]
    try {
      answer = await this.#answer(made, request, url)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      ;[status, answer] = [error.status, error.body]
    }
    if (fault === 'drop afterwards') return void request.socket.destroy()
    const isText = typeof answer === 'string'
    const sent = Buffer.from(isText ? (answer as string) : JSON.stringify(answer))
    response.writeHead(answer === null ? 204 : status, {
      'content-type': isText ? 'text/plain' : 'application/json',
      ...(answer === null ? {} : { 'content-length': sent.length }),
    })
    if (fault === 'cut') {
      response.write(sent.subarray(0, sent.length / 2), () => request.socket.destroy())
      return
    }
    response.end(answer === null ? '' : sent)
  }

  async #answer({ method, path, body }: Request, request: IncomingMessage, url: URL): Promise<unknown> {
    const parts = path.split('/').slice(1)
    const isSetting = parts[0] === 'setting'
    const at = isSetting ? 1 : parts.findIndex((part) => /^\d+$/.test(part))
    const route = `${method} /${parts.map((part, index) => (index === at ? ':id' : part)).join('/')}`
    const asked = { id: isSetting ? (parts[1] ?? '') : Number(parts[at]), body, query: url.searchParams }
    if (!OPEN.includes(route)) this.#authorize(request, route, asked)
    if (method !== 'GET') refuseKeys(BODIES[route], body, route)
    const found = ROUTES[route]
    if (found === undefined) throw new Refusal(404, 'API endpoint does not exist.')
    return found(this.#work, asked)
  }

  #authorize(request: IncomingMessage, route: string, { id, body }: Asked): void {
    const { 'x-api-key': key, 'x-metabase-session': session } = request.headers
    const known = this.keys.find(({ unmasked_key }) => unmasked_key === key)
    const user = this.#sessions.get(String(session))
    if (known === undefined && user === undefined) throw new Refusal(401, 'Unauthenticated')
    if (known === undefined && user !== undefined && user['is_superuser'] !== true)
      requireRight(this, user, { route, id, body }, (group, database) => this.#rights.get(`${group}/${database}`))
    const group = known?.['group'] as Entity | undefined // sound because keys are made here.
    if (group !== undefined && group['id'] !== 2) throw new Refusal(403, "You don't have permissions to do that.")
  }

  /** What the routes may touch besides the lists above. */
  readonly #work: Work = {
    standIn: this,
    number: () => ++this.#numbers,
    rights: this.#rights,
    session: (user) => {
      const id = randomBytes(8).toString('hex')
      this.#sessions.set(id, user)
      return { id }
    },
    setupToken: (used = false) => {
      const token = this.#setupToken
      if (used) this.#setupToken = null
      return token
    },
    revision: (next = false) => (next ? ++this.#revision : this.#revision),
    pending: this.#pending,
  }
}

/** A value for each kind of filter that is not a text. */
const VALUES: Readonly<Record<string, string>> = {
  'date/range': '2020-01-01~2030-12-31',
  'number/=': '1',
  'boolean/=': 'true',
}
