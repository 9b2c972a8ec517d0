/**
 * Cached dashboards: each is drawn once per version, address and language, for all who ask at the same time
 * or later. A dashboard is sent as it becomes ready, and cards are drawn one after the other, so that other pages need not wait.
 */
import { pause } from '../base/pause.ts'
import type { TileState } from '../drawing/answer.ts'
import type { BoardPart } from '../drawing/drawn-board.ts'
import { html, raw } from '../drawing/html.ts'
import { Switched } from './answers.ts'
import type { Html } from './context.ts'

/** A card that is still being made, with its placeholder. */
export class Later {
  readonly html: Promise<Html>
  readonly meanwhile: Html
  /** Of the question; null for what is no card. */
  readonly key: string | null
  /** Null while it is still to come. */
  ready: Html | null = null

  constructor(drawn: Promise<Html>, meanwhile: Html, key: string | null) {
    this.meanwhile = meanwhile
    this.key = key
    this.html = drawn.then((drawing) => {
      this.ready = drawing
      return drawing
    })
    // Handled later by the sender, or never.
    this.html.catch(() => undefined)
  }
}

export type KeptPart = BoardPart<Later>

interface KeptBoard {
  readonly parts: readonly KeptPart[]
  /** All is answered, and nothing has failed. */
  isWhole: boolean
}

const KEPT = 100

export class KeptBoards {
  readonly #kept = new Map<string, KeptBoard>()
  readonly #making = new Map<string, Promise<unknown>>()
  readonly #drawn = new WeakMap<TileState, Map<string, Promise<Html>>>()
  #turn: Promise<unknown> = Promise.resolve()

  get = (key: string): KeptBoard | undefined => this.#kept.get(key)

  /** Kept until it fails, or is the oldest of too many. */
  keep(key: string, parts: readonly KeptPart[], states: readonly Promise<TileState>[]): void {
    const board = { parts, isWhole: false }
    this.#kept.set(key, board)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest)
    const forget = () => this.#kept.get(key) === board && this.#kept.delete(key)
    Promise.all(states).then((told) => {
      board.isWhole = !told.some(({ kind }) => kind === 'failed')
      if (!board.isWhole) forget()
    }, forget)
  }

  /** Simultaneous requests for the same key share one result. */
  once<T>(key: string, make: () => Promise<T>): Promise<T> {
    // sound because a key has one kind of board.
    const going = this.#making.get(key) as Promise<T> | undefined
    if (going !== undefined) return going
    const made = make().finally(() => this.#making.delete(key))
    this.#making.set(key, made)
    return made
  }

  /** A card of an answer, once for all that it is drawn of: another edition of a dashboard changes few of its cards. */
  card(state: TileState, of: unknown, draw: () => Promise<Html>): Promise<Html> {
    const cards = this.#drawn.get(state) ?? new Map<string, Promise<Html>>()
    this.#drawn.set(state, cards)
    const key = JSON.stringify(of, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    const known = cards.get(key)
    if (known !== undefined) return known
    const mine = this.#turn.then(() => pause(0)).then(draw)
    this.#turn = mine.catch(() => cards.delete(key))
    cards.set(key, mine)
    return mine
  }
}

/** Reloads the page: the version changed while it was being sent. */
const AGAIN = html`<meta http-equiv="refresh" content="0">`

/** As it becomes ready; after `deadlineMs` nothing more is waited for. */
export async function* sent(parts: readonly KeptPart[], deadlineMs: number | null): AsyncGenerator<Html> {
  const over = new AbortController()
  const late = deadlineMs === null ? [] : [pause(deadlineMs, over.signal)]
  let text = ''
  try {
    for (const part of parts) {
      if ('card' in part) {
        const { card } = part
        if (card.ready === null && text !== '') {
          yield raw(text)
          text = ''
        }
        text += (await Promise.race([card.html, ...late])) ?? card.meanwhile
      } else text += part
    }
    yield raw(text)
  } catch (thrown) {
    if (!(thrown instanceof Switched)) throw thrown
    yield AGAIN
  } finally {
    over.abort()
  }
}
