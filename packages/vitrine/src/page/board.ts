/** One dashboard in a browser: its tab, its filters, and each of its questions as a card, a table, a file or rows. */
import { createHash, randomBytes } from 'node:crypto'
import type { Problem } from '../base/errors.ts'
import type { TileState } from '../drawing/answer.ts'
import { drawBoard } from '../drawing/board.ts'
import type { TileSize } from '../drawing/chart.ts'
import { html, NOTHING } from '../drawing/html.ts'
import { drawTile, type TileLinks } from '../drawing/tile.ts'
import type { Dashboard, Filter, Question } from '../publication/dashboard.ts'
import type { Answers, Ask, Facts } from './answers.ts'
import { type Asked, type Asking, asked, askedOptions, hasRows, tilesOf } from './asking.ts'
import type { Freshness, Html, PageCall, PageContext } from './context.ts'
import { filterForm } from './filter-form.ts'
import { type Chosen, readFilters } from './filters.ts'
import { type Found, find } from './finding.ts'
import { say } from './texts.ts'
import { flawedBoard, flawedCard, flawsOf } from './watch.ts'

/** How long a page waits for its questions; later answers come by themselves. */
const DEADLINE_MS = 400

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

interface Plan {
  readonly tiles: readonly (Asked & { readonly key: string })[]
  readonly lists: readonly { readonly filter: Filter; readonly ask: Ask }[]
  /** What `check` says of the dashboard, and of a question of it, while files are watched. */
  readonly flaws: readonly Problem[]
  readonly flawsIn: (question: Question) => readonly Problem[]
}

/** A browser without script looks again for what was still to come. */
const AGAIN_S = 2

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

  /** What a tab asks: its questions that are sound, then the options of its filters. */
  #plan(tab: number | null): Plan {
    const { asking, reading, dashboard } = this
    const { watch } = this.ports.context
    const flaws = flawsOf(watch, 'dashboard', dashboard.key)
    const flawsIn = (question: Question) => flawsOf(watch, 'question', question.key)
    const questions = [...new Set(tilesOf(dashboard, tab).map(({ question }) => question))]
    const sound = flaws.length > 0 ? [] : questions.filter((each) => flawsIn(each).length === 0)
    const filters = flaws.length > 0 || tab === null ? [] : dashboard.filters
    return {
      flaws,
      flawsIn,
      tiles: sound.map((each) => ({ key: each.key, ...asked(asking, each, reading) })),
      lists: filters.flatMap((filter) => {
        const ask = askedOptions(asking, filter)
        return ask === null ? [] : [{ filter, ask }]
      }),
    }
  }

  /** The page of a tab, or null when the browser has it. */
  async page(tab: number): Promise<{ content: Html; etag?: string; again?: number; found: Found } | null> {
    const isPublic = this.ports.base === '/public'
    const plan = this.#plan(isPublic ? null : tab)
    const asks = [...plan.tiles, ...plan.lists].map(({ ask }) => ask)
    let etag = ''
    let isSame = false
    const asking = (facts: Facts, freshness: Freshness) => {
      etag = this.etag(facts, freshness)
      isSame = this.call.req.header('if-none-match') === etag
      return isSame ? [] : asks
    }
    const found = await find(this.ports, this.call, asking, isPublic ? null : DEADLINE_MS)
    if (isSame && found.facts !== null) return null
    const content = await this.#content(tab, plan, found)
    const isWhole = found.states.every((state) => state !== undefined && state.kind !== 'failed')
    const isPending = found.states.includes(undefined)
    return {
      content,
      found,
      ...(isWhole && found.facts !== null ? { etag } : {}),
      ...(isPending ? { again: AGAIN_S } : {}),
    }
  }

  async #content(tab: number, { tiles, lists, flaws, flawsIn }: Plan, found: Found): Promise<Html> {
    const { dashboard, reading, chosen } = this
    const isPublic = this.ports.base === '/public'
    const title = html`<div class="v-title"><h1>${dashboard.title}</h1><p>${dashboard.description}</p></div>`
    if (flaws.length > 0) return html`${title}${flawedBoard(flaws)}`
    const tile = (question: Question, size: TileSize) => {
      const at = tiles.findIndex(({ key }) => key === question.key)
      const [known, state] = [tiles[at], found.states[at]]
      if (known === undefined) return flawedCard(question, flawsIn(question))
      return state === undefined ? null : this.draw(known.question, state, size)
    }
    const parts = { tile, dataOf: found.freshness.at, tab: isPublic ? null : tab, tabHref: this.tabPath }
    const board = await drawBoard(dashboard, parts, reading)
    // Cards have headings of the third level.
    const heading = html`<h2 class="v-hidden">${say(reading.language, 'cards')}</h2>`
    if (isPublic) return html`${title}${heading}${board}`
    const states = new Map(lists.map(({ filter }, at) => [filter, found.states[tiles.length + at]]))
    const form = filterForm({
      action: `${this.path}${tab === 0 ? '' : `/tabs/${tab + 1}`}`,
      filters: dashboard.filters,
      choices: chosen.choices,
      options: (filter) => optionsOf(filter.options, states.get(filter)),
      ignored: chosen.ignored,
      isChanged: chosen.query !== '',
      reading,
    })
    return html`${title}${form}${heading}${board}`
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
