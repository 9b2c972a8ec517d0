/** One dashboard in a browser: its tab, its filters, and each of its questions as a card, a table, a file or rows. */
import { createHash, randomBytes } from 'node:crypto'
import { asVitrineError, VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import type { TileState } from '../drawing/answer.ts'
import { drawBoard } from '../drawing/board.ts'
import { html, NOTHING } from '../drawing/html.ts'
import { drawTile, type TileLinks, type TileSize } from '../drawing/tile.ts'
import type { Dashboard, Question } from '../publication/dashboard.ts'
import { type Answers, type Ask, type Facts, type Look, Switched } from './answers.ts'
import { type Asked, type Asking, asked, askedOptions, hasRows, tilesOf } from './asking.ts'
import type { Freshness, Html, PageCall, PageContext } from './context.ts'
import { filterForm } from './filter-form.ts'
import { type Chosen, readFilters } from './filters.ts'
import { freshnessOf, unreachable } from './freshness.ts'

/** How long a page waits for its questions; later answers come by themselves. */
const DEADLINE_MS = 250
const LOOKS = 3

/** What was found of some questions until a page had to be sent. */
export interface Found {
  readonly facts: Facts | null
  readonly freshness: Freshness
  /** Undefined where the answer is still to come. */
  readonly states: readonly (TileState | undefined)[]
}

/** Looks again when the version was switched meanwhile. Never throws but what is no error of the target. */
export async function find(
  { answers, context }: { readonly answers: Answers; readonly context: PageContext },
  call: PageCall,
  asking: (facts: Facts, freshness: Freshness) => readonly Ask[],
  deadlineMs: number | null,
): Promise<Found> {
  const publication = context.publication()
  const { reading } = call.var.visitor
  let count = 0
  for (let look = 1; ; look++) {
    try {
      let freshness = unreachable(reading)
      const found = await answers.look(publication, (facts) => {
        freshness = freshnessOf(publication, facts, reading)
        const asks = asking(facts, freshness)
        count = asks.length
        return asks
      })
      return { facts: found, freshness, states: await settled(found, deadlineMs) }
    } catch (thrown) {
      if (thrown instanceof Switched && look < LOOKS) continue
      const code = thrown instanceof Switched ? 'SERIALIZATION' : asVitrineError(thrown).code
      const state = { kind: 'failed', code } as const
      if (count === 0)
        count = asking({ version: null, ages: [], now: context.clock.now() }, unreachable(reading)).length
      return { facts: null, freshness: unreachable(reading), states: Array.from({ length: count }, () => state) }
    }
  }
}

async function settled({ states }: Look, deadlineMs: number | null): Promise<readonly (TileState | undefined)[]> {
  const told: (TileState | undefined)[] = states.map(() => undefined)
  const tell = async (state: Promise<TileState>, at: number): Promise<void> => {
    told[at] = await state
  }
  const all = Promise.all(states.map(tell))
  if (deadlineMs === null) await all
  else {
    const over = new AbortController()
    await Promise.race([all, pause(deadlineMs, over.signal)]).finally(() => over.abort())
    all.catch(() => undefined)
  }
  return told
}

/** Pages of an earlier process, or of an earlier definition, are others. */
const PROCESS = randomBytes(8).toString('hex')
const generations = new WeakMap<object, number>()
let generation = 0
function generationOf(publication: object): string {
  if (!generations.has(publication)) generations.set(publication, ++generation)
  return `${PROCESS}${generations.get(publication)}`
}

const drawn = new WeakMap<TileState, Map<string, Promise<Html>>>()

export interface BoardPorts {
  readonly answers: Answers
  readonly context: PageContext
  /** `/dashboards` or `/public`. */
  readonly base: string
  readonly metabase: (question: Question) => string | null
}

/** One dashboard as it was asked for. */
export class Board {
  readonly ports: BoardPorts
  readonly call: PageCall
  readonly dashboard: Dashboard
  readonly chosen: Chosen
  readonly asking: Asking

  constructor(ports: BoardPorts, call: PageCall, dashboard: Dashboard) {
    this.ports = ports
    this.call = call
    this.dashboard = dashboard
    const isPublic = ports.base === '/public'
    this.chosen = readFilters(dashboard, isPublic ? new URLSearchParams() : new URL(call.req.url).searchParams)
    this.asking = { publication: ports.context.publication(), dashboard, choices: this.chosen.choices }
  }

  get reading() {
    return this.call.var.visitor.reading
  }

  get path(): string {
    return `${this.ports.context.prefix}${this.ports.base}/${encodeURIComponent(this.dashboard.key)}`
  }

  /** The shorter address, where the one asked for says more than it needs; what is left out is told first. */
  get canonical(): string | null {
    const url = new URL(this.call.req.url)
    const isShort = new URLSearchParams(url.search).toString() === new URLSearchParams(this.chosen.query).toString()
    return isShort || this.chosen.ignored.length > 0 ? null : url.pathname + this.chosen.query
  }

  tabPath = (tab: number): string => `${this.path}${tab === 0 ? '' : `/tabs/${tab + 1}`}${this.chosen.query}`

  questionPath = (question: Question, part = ''): string =>
    `${this.path}/questions/${encodeURIComponent(question.key)}${part}${this.chosen.query}`

  links(question: Question): TileLinks {
    const rows = hasRows(this.asking, question) ? this.questionPath(question, '/rows') : null
    const metabase = this.ports.base === '/public' ? null : this.ports.metabase(question)
    return { table: this.questionPath(question), csv: this.questionPath(question, '/csv'), metabase, rows }
  }

  question(key: string): Asked | null {
    const tile = tilesOf(this.dashboard).find(({ question }) => question.key === key)
    return tile === undefined ? null : asked(this.asking, tile.question, this.reading)
  }

  find = (asks: readonly Ask[], deadlineMs: number | null = null): Promise<Found> =>
    find(this.ports, this.call, () => asks, deadlineMs)

  etag({ version }: Facts, { text, tone }: Freshness): string {
    const { role, token, reading } = this.call.var.visitor
    const { url } = this.call.req
    const parts = [generationOf(this.asking.publication), version, text, tone, url, role, token, reading.language]
    return `W/"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 27)}"`
  }

  /** An answer that is kept is drawn once for each way to look at it. */
  draw(question: Question, state: TileState, size: TileSize): Promise<Html> {
    const links = this.links(question)
    const key = JSON.stringify([this.reading, question.key, links, size, generationOf(this.asking.publication)])
    const known = drawn.get(state) ?? new Map<string, Promise<Html>>()
    const card = known.get(key) ?? drawTile(question, state, this.reading, links, size)
    drawn.set(state, known.set(key, card))
    return card
  }

  /** The page of a tab, or null when the browser has it. */
  async page(tab: number): Promise<{ content: Html; etag?: string; again?: number; found: Found } | null> {
    const { dashboard, asking, reading, chosen } = this
    const isPublic = this.ports.base === '/public'
    const questions = [...new Set(tilesOf(dashboard, isPublic ? null : tab).map(({ question }) => question))]
    const tiles = questions.map((question) => asked(asking, question, reading))
    const lists = isPublic ? [] : dashboard.filters.map((filter) => ({ filter, ask: askedOptions(asking, filter) }))
    const asks = [...tiles.map(({ ask }) => ask), ...lists.flatMap(({ ask }) => ask ?? [])]
    let etag = ''
    const isSame = (facts: Facts, freshness: Freshness) => {
      etag = this.etag(facts, freshness)
      return this.call.req.header('if-none-match') === etag
    }
    const found = await find(
      this.ports,
      this.call,
      (facts, freshness) => (isSame(facts, freshness) ? [] : asks),
      isPublic ? null : DEADLINE_MS,
    )
    if (found.facts !== null && found.states.length === 0 && asks.length > 0) return null
    const board = await drawBoard(
      dashboard,
      {
        tile: (question, size) => {
          const at = questions.indexOf(question)
          const [tile, state] = [tiles[at], found.states[at]]
          if (tile === undefined || state === undefined) return null
          return this.draw(tile.question, state, size)
        },
        dataOf: found.freshness.at,
        tab: isPublic ? null : tab,
        tabHref: this.tabPath,
      },
      reading,
    )
    const optionStates = new Map(
      lists.filter(({ ask }) => ask !== null).map(({ filter }, at) => [filter, found.states[tiles.length + at]]),
    )
    const form = isPublic
      ? NOTHING
      : filterForm({
          action: tab === 0 ? this.path : `${this.path}/tabs/${tab + 1}`,
          filters: dashboard.filters,
          choices: chosen.choices,
          options: (filter) => optionsOf(filter.options, optionStates.get(filter)),
          ignored: chosen.ignored,
          isChanged: chosen.query !== '',
          reading,
        })
    const isWhole =
      found.facts !== null && found.states.every((state) => state !== undefined && state.kind !== 'failed')
    const content = html`<div class="v-title"><h1>${dashboard.title}</h1><p>${dashboard.description}</p></div>${form}${board}`
    const isPending = found.states.includes(undefined)
    return { content, found, ...(isWhole ? { etag } : {}), ...(isPending ? { again: 2 } : {}) }
  }

  /** One card, drawn for its place on the board. */
  async tile({ question, ask }: Asked): Promise<Html> {
    const { states } = await this.find([ask])
    const state = states[0] ?? { kind: 'failed', code: 'INTERNAL' }
    let card: Promise<Html> | null = null
    const given = this.dashboard
    const draw = (asked: Question, size: TileSize) => {
      if (asked.key !== question.key) return null
      card ??= this.draw(question, state, size)
      return card
    }
    await drawBoard(given, { tile: draw, dataOf: '', tab: null, tabHref: this.tabPath }, this.reading)
    return card ?? NOTHING
  }
}

/** In the order of the filter's own, where it has some. */
function optionsOf(own: readonly string[] | undefined, state: TileState | undefined): readonly string[] {
  if (state?.kind !== 'answer') return own ?? []
  const found = state.answer.rows.flatMap(([cell]) => (cell === null || cell === undefined ? [] : [String(cell)]))
  return own === undefined ? found : own.filter((option) => found.includes(option))
}

/** The state of a question that was waited for. Throws VitrineError for one that failed. */
export function answered(state: TileState | undefined): TileState {
  if (state === undefined || state.kind === 'failed') throw new VitrineError(state?.code ?? 'INTERNAL')
  return state
}
