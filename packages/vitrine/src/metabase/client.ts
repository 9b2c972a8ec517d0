/**
 * Requests to one Metabase, each with a time limit and a bounded number of tries. Only the status and the names of refused
 * fields get into errors: an answer may quote a key, a password or a row.
 */
import { type ErrorCode, type ErrorFacts, interruptOf, VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { pause } from '../base/pause.ts'
import type { Secret } from '../base/secret.ts'
import { type Entity, entities, entity, isEntity } from './read-answer.ts'

export type MetabaseLimits = Pick<
  Limits,
  'metabaseTimeoutMs' | 'metabaseTries' | 'metabasePauseMs' | 'metabaseSyncMs' | 'metabaseAskMs' | 'metabaseAnswerBytes'
>

/** The caller's login: `X-API-KEY` with a key, `X-Metabase-Session` after a login; null for public requests. */
export type Login = { readonly header: 'X-API-KEY' | 'X-Metabase-Session'; readonly value: Secret } | null

interface Way {
  readonly url: string
  readonly login: Login
  readonly limits: MetabaseLimits
  readonly signal: AbortSignal
}

type Graph = '/permissions/graph' | '/collection/graph'
type Method = 'GET' | 'POST' | 'PUT'

/** The longest pause that we grant when Metabase asks for one. */
const LONGEST_PAUSE_MS = 30_000
/** Statuses that mean that the server, or a proxy, did not execute the request. */
const UNDONE = [429, 502, 503, 504]

/** Why a try failed, and whether another may help. */
class Failed extends Error {
  readonly error: VitrineError
  readonly again: boolean
  readonly pauseMs: number

  constructor(error: VitrineError, again: boolean, pauseMs = 0) {
    super(error.message)
    this.error = error
    this.again = again
    this.pauseMs = pauseMs
  }
}

export class Metabase {
  readonly #way: Way

  constructor(way: Way) {
    this.#way = way
  }

  get limits(): MetabaseLimits {
    return this.#way.limits
  }

  get signal(): AbortSignal {
    return this.#way.signal
  }

  /** The same server with another login. */
  as(login: Login): Metabase {
    return new Metabase({ ...this.#way, login })
  }

  get = (path: string): Promise<unknown> => this.#tries('GET', path)
  put = (path: string, body: object): Promise<unknown> => this.#tries('PUT', path, body)
  /** For requests that may be repeated without harm. */
  post = (path: string, body: object = {}): Promise<unknown> => this.#tries('POST', path, body)

  /** A list, or one thing. */
  all = async (path: string): Promise<readonly Entity[]> => entities(await this.get(path), path)
  one = async (path: string): Promise<Entity> => entity(await this.get(path), path)

  /** Null where it is not there. */
  find = (path: string): Promise<Entity | null> => unlessGone(this.one(path))

  /** For requests that must not be repeated: when the answer was lost, `find` checks whether it was done. */
  async make(path: string, body: object, find: () => Promise<Entity | undefined | null>): Promise<Entity> {
    let found: Entity | undefined | null = null
    const answer = await this.#tries('POST', path, body, async () => {
      found = await find()
      return found != null
    })
    return found ?? entity(answer, path)
  }

  /** Rights on data sources or collections, by the number of a group. */
  graph = async (path: Graph): Promise<Entity> => entity((await this.one(path))['groups'], path)

  /** Changes a part of the rights; repeats when somebody else changed them in between. */
  async setGraph(path: Graph, groups: object): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        const { revision } = await this.one(path)
        return void (await this.put(path, { revision, groups }))
      } catch (error) {
        if (!answered(error, 409) || tries >= this.limits.metabaseTries) throw error
      }
    }
  }

  async #tries(method: Method, path: string, body?: object, isDone?: () => Promise<boolean>): Promise<unknown> {
    const { limits, signal } = this.#way
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(method, path, body)
      } catch (thrown) {
        if (signal.aborted) throw interruptOf(signal, thrown)
        if (!(thrown instanceof Failed)) throw thrown
        if (!thrown.again || tries >= limits.metabaseTries) throw thrown.error
        await pause(Math.max(limits.metabasePauseMs * 2 ** (tries - 1), thrown.pauseMs), signal)
        if ((await isDone?.()) === true) return null
      }
    }
  }

  async #once(method: Method, path: string, body?: object): Promise<unknown> {
    const { url, login, limits, signal } = this.#way
    const place = `${method} /api${path.replace(/\?.*/, '')}`
    const fail = (code: ErrorCode, detail: string, again: boolean, more: ErrorFacts & { pauseMs?: number } = {}) =>
      new Failed(new VitrineError(code, { place, detail, ...more }), again, more.pauseMs)
    const late = AbortSignal.timeout(limits.metabaseTimeoutMs)
    try {
      const response = await fetch(`${url}/api${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(login === null ? {} : { [login.header]: login.value.reveal() }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // Following a redirection would send the key to an address that nobody configured.
        redirect: 'manual',
        signal: AbortSignal.any([signal, late]),
      })
      const text = await wholeText(response, limits.metabaseAnswerBytes)
      if (text !== null) return readAnswer(response, text, fail)
      throw fail('METABASE_STRANGE', `It answered more than ${limits.metabaseAnswerBytes} bytes.`, false)
    } catch (thrown) {
      if (thrown instanceof Failed) throw thrown
      const why = late.aborted
        ? `No answer within ${limits.metabaseTimeoutMs} ms.`
        : `It broke off${systemCode(thrown)}.`
      throw fail('METABASE_UNREACHABLE', why, true, { cause: thrown })
    }
  }
}

/** Null where it is longer than `most`; the rest is not read. */
async function wholeText({ body }: Response, most: number): Promise<string | null> {
  const decoder = new TextDecoder()
  const chunks: string[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > most) return null
    chunks.push(decoder.decode(chunk, { stream: true }))
  }
  return chunks.join('') + decoder.decode()
}

type Fail = (code: ErrorCode, detail: string, again: boolean, more?: ErrorFacts & { pauseMs?: number }) => Failed

function readAnswer({ status, ok, headers }: Response, text: string, fail: Fail): unknown {
  const type = headers.get('content-type') ?? ''
  const isPage = type.includes('html') || /^\s*<(?:!doctype|html)/i.test(text)
  if (UNDONE.includes(status) || status >= 500) {
    const seconds = Number(headers.get('retry-after'))
    const pauseMs = seconds > 0 ? Math.min(seconds * 1_000, LONGEST_PAUSE_MS) : 0
    throw fail('METABASE_BUSY', `It answered ${status}${isPage ? ', a web page' : ''}.`, true, { pauseMs })
  }
  if (status >= 300 && status < 400) {
    throw fail('METABASE_ELSEWHERE', `It answered ${status}, a redirection: write the address that it leads to.`, false)
  }
  if (isPage) {
    const detail = 'It answered a web page where data are expected, such as that of a proxy or of a maintenance.'
    throw fail('METABASE_ELSEWHERE', detail, ok)
  }
  if (!ok) throw refusal(status, text, fail)
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    if (type !== '' && !type.includes('json')) return null
    throw fail('METABASE_UNREACHABLE', 'Its answer is not whole.', true)
  }
}

function refusal(status: number, text: string, fail: Fail): Failed {
  if (status === 401) return fail('METABASE_KEY_REFUSED', 'It answered 401.', false)
  if (status === 403) return fail('METABASE_FORBIDDEN', 'It answered 403.', false)
  const why = status === 402 ? ' It is a function of a paid plan.' : ''
  return fail('METABASE_REFUSED', `It answered ${status}${refusedFields(text)}.${why}`, false, { httpStatus: status })
}

/** The names of the refused fields, without the messages, which may quote what was sent. */
function refusedFields(text: string): string {
  let answer: unknown = null
  try {
    answer = JSON.parse(text)
  } catch {
    return ''
  }
  const errors = isEntity(answer) ? answer['errors'] : null
  const names = isEntity(errors) ? Object.keys(errors).filter((name) => /^[\w.-]{1,40}$/.test(name)) : []
  return names.length === 0 ? '' : ` about ${names.join(', ')}`
}

/** The system's code of a failed connection. The message is left out: it may quote the address. */
function systemCode(thrown: unknown): string {
  const failed = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  const code = failed instanceof Error && 'code' in failed ? String(failed.code) : ''
  return /^[A-Z_0-9]{3,40}$/.test(code) ? ` (${code})` : ''
}

const answered = (error: unknown, status: number): boolean =>
  error instanceof VitrineError && error.code === 'METABASE_REFUSED' && error.httpStatus === status

/** Null where Metabase refuses it with this status. */
const unless = <T>(status: number, work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (answered(error, status)) return null
    throw error
  })

/** Null where what it is about is not there. */
export const unlessGone = <T>(work: Promise<T>): Promise<T | null> => unless(404, work)

/** Null for what belongs to a function that is switched off. */
export const unlessOff = <T>(work: Promise<T>): Promise<T | null> => unless(400, work)
