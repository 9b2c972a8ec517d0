/**
 * A Metabase that is known by its address alone, as people and the tool see it: the one that METABASE_TEST_URL names, or the
 * stand-in. `scripts/try-metabase.mjs` says how to try a real one.
 */
import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { Entity } from './answers.ts'
import { ADMIN } from './metabase-shop.ts'
import { StandIn } from './stand-in.ts'

const given = process.env['METABASE_TEST_URL'] ?? null
/** A real one takes its time; the stand-in counts requests. */
export const PATIENT = { metabasePauseMs: 200, metabaseAskMs: 250, metabaseSyncMs: 300_000, metabaseTimeoutMs: 60_000 }

export class LiveMetabase {
  readonly url: string
  readonly admin: { readonly email: string; readonly password: string }
  /** Of this trial: what it makes there has a name of its own. */
  readonly suffix = randomBytes(4).toString('hex')
  readonly #standIn: StandIn | null
  #session = ''

  private constructor(url: string, standIn: StandIn | null) {
    this.url = url.replace(/\/+$/, '')
    this.#standIn = standIn
    const { METABASE_ADMIN_EMAIL: email = ADMIN.email, METABASE_ADMIN_PASSWORD: password = ADMIN.password } =
      process.env
    this.admin = given === null ? ADMIN : { email, password }
  }

  static async reach(): Promise<LiveMetabase> {
    if (given !== null) return new LiveMetabase(given, null)
    const standIn = await StandIn.start()
    return new LiveMetabase(standIn.url, standIn)
  }

  async login(
    { email, password }: { readonly email: string; readonly password: string } = this.admin,
  ): Promise<string> {
    const { id } = await this.ask('POST', '/session', { username: email, password }, '')
    return String(id)
  }

  /** As the administrator, or in another session. A status of 400 or more fails the test. */
  async ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object, session?: string): Promise<Entity> {
    const { status, answer } = await this.answer(method, path, body, session ?? (await this.#administrator()))
    expect([method, path, status < 400, status < 400 ? '' : answer]).toEqual([method, path, true, ''])
    return answer as Entity // sound because what is asked for here answers with an object or a list.
  }

  async answer(method: string, path: string, body: object | undefined, session: string) {
    const headers = {
      'content-type': 'application/json',
      ...(session === '' ? {} : { 'x-metabase-session': session }),
    }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(`${this.url}/api${path}`, { method, headers, ...sent })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, answer: isJson ? (JSON.parse(text) as unknown) : text }
  }

  async #administrator(): Promise<string> {
    if (this.#session === '') this.#session = await this.login()
    return this.#session
  }

  /** What stands in a list, or in the `data` of one, under this name. */
  async named(path: string, name: string): Promise<Entity & { readonly id: number }> {
    const answer: unknown = await this.ask('GET', path)
    const list = (Array.isArray(answer) ? answer : (answer as Entity)['data']) as (Entity & { id: number })[] // sound because lists are answered so.
    const found = list.find((each) => each['name'] === name)
    if (found === undefined) throw new Error(`no ${name} at ${path}`)
    return found
  }

  /** Everything of a model in a collection. */
  async items(collection: number, model: 'card' | 'dashboard'): Promise<readonly (Entity & { readonly id: number })[]> {
    const path = `/collection/${collection}/items?models=${model}&limit=1000&offset=0`
    const { data } = (await this.ask('GET', path)) as { data: (Entity & { id: number })[] } // sound because items are answered so.
    return data.filter((item) => item['model'] === model)
  }

  /** Runs a question, and gives its rows. */
  async rows(card: number, session?: string): Promise<readonly unknown[]> {
    const answer = await this.ask('POST', `/card/${card}/query`, {}, session)
    expect([card, answer['status'], answer['error'] ?? null]).toEqual([card, 'completed', null])
    return (answer['data'] as { rows: unknown[] }).rows // sound because it is completed.
  }

  async end(): Promise<void> {
    await this.#standIn?.stop()
  }
}
