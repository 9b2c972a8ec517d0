/** One dashboard in a browser: its tab, its filters, and each of its questions as a card, a table, a file or rows. */
import { createHash, randomBytes } from 'node:crypto'
import type { Problem } from '../base/errors.ts'
import type { TileState } from '../drawing/answer.ts'
import type { TileSize } from '../drawing/chart.ts'
import { boardParts } from '../drawing/drawn-board.ts'
import { html, NOTHING, typeset } from '../drawing/html.ts'
import { writtenIn } from '../drawing/reading.ts'
import { drawSkeleton, drawTile, type TileLinks } from '../drawing/tile.ts'
import type { Dashboard, Filter, Question } from '../publication/dashboard.ts'
import { type Answers, type Ask, Switched, type TableAge, type VersionFacts } from './answers.ts'
import { type AskedQuestion, type Asking, asked, askedOptions, hasRows, tilesOf } from './asking.ts'
import type { Freshness, Html, PageCall, PageContext } from './context.ts'
import { filterForm } from './filter-form.ts'
import { type Chosen, readFilters } from './filters.ts'
import { type Found, find, LOOKS, type Looked, look, type Sees, see } from './found-answers.ts'
import { type KeptBoards, type KeptPart, Later, sent } from './kept-boards.ts'
import { explained } from './missing-figure.ts'
import { say } from './texts.ts'
import { flawedBoard, flawedCard, flawsOf } from './watch.ts'

/** How long a page waits for its cards; later ones are fetched by the script. */
const DEADLINE_MS = 700

/** Part of each etag: pages of another process may differ. */
const PROCESS = randomBytes(8).toString('hex')
const generations = new WeakMap<object, number>()
let generation = 0
function generationOf(publication: object): number {
  if (!generations.has(publication)) generations.set(publication, ++generation)
  return generations.get(publication) ?? 0
}

export interface BoardPorts {
  readonly answers: Answers
  readonly context: PageContext
  readonly kept: KeptBoards
  /** `/dashboards` or `/public`. */
  readonly base: string
  readonly metabase: (question: Question) => string | null
}

interface Plan {
  readonly tiles: readonly AskedQuestion[]
  readonly lists: readonly { readonly filter: Filter; readonly ask: Ask }[]
  /** What `check` says of the dashboard, and of a question of it, while files are watched. */
  readonly flaws: readonly Problem[]
  readonly flawsIn: (question: Question) => readonly Problem[]
}

/** One tab as it was asked for. */
interface BoardPage extends Sees {
  readonly parts: readonly KeptPart[]
  /** Null for an incomplete page, which browsers must not cache. */
  readonly etag: string | null
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
    this.chosen = readFilters(
      dashboard,
      ports.base === '/public' ? new URLSearchParams() : new URL(call.req.url).searchParams,
    )
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
    const { context, metabase } = this.ports
    const meaning = this.#isPublic ? null : `${context.prefix}/meaning/${encodeURIComponent(question.key)}`
    const [table, csv] = [this.questionPath(question), this.questionPath(question, '/csv')]
    return { table, csv, metabase: metabase(question), rows, meaning }
  }

  question(key: string): AskedQuestion | null {
    const tile = tilesOf(this.dashboard).find(({ question }) => question.key === key)
    return tile === undefined ? null : asked(this.asking, tile.question, this.reading)
  }

  find = (asks: readonly Ask[]): Promise<Found> => find(this.ports, this.reading, asks)

  get #isPublic(): boolean {
    return this.ports.base === '/public'
  }

  /** What the parts of a tab are made of, but the visitor; a figure that ages is of its minute. */
  #key(tab: number | null, { version, now }: VersionFacts, { text, tone }: Freshness): string {
    const { context, metabase } = this.ports
    const questions = tilesOf(this.dashboard, tab).map(({ question }) => question)
    const ages = questions.some(({ query }) => query.kind === 'freshness' && query.show === 'hours')
    return JSON.stringify([
      generationOf(this.asking.publication),
      context.watch?.edition,
      version,
      ages ? Math.floor(now.getTime() / 60_000) : 0,
      [text, tone],
      [tab, this.path, this.chosen.query, this.chosen.ignored],
      this.reading.language,
      questions.map(metabase),
    ])
  }

  /** What a tab asks: the options of its filters, then its questions that are sound. */
  #plan(tab: number | null): Plan {
    const { asking, reading, dashboard } = this
    const { watch } = this.ports.context
    const flaws = flawsOf(watch, 'dashboard', dashboard.key)
    const flawsIn = (question: Question) => flawsOf(watch, 'question', question.key)
    const questions = [...new Set(tilesOf(dashboard, tab).map(({ question }) => question))]
    const sound = flaws.length > 0 ? [] : questions.filter((each) => flawsIn(each).length === 0)
    const filters = flaws.length > 0 || this.#isPublic ? [] : dashboard.filters
    return {
      flaws,
      flawsIn,
      tiles: sound.map((each) => asked(asking, each, reading)),
      lists: filters.flatMap((filter) => {
        const ask = askedOptions(asking, filter)
        return ask === null ? [] : [{ filter, ask }]
      }),
    }
  }

  /** A public dashboard is all of its tabs. */
  async page(given: number): Promise<BoardPage> {
    const { kept } = this.ports
    const tab = this.#isPublic ? null : given
    const seen = await see(this.ports, this.reading)
    const key = seen.facts === null ? null : this.#key(tab, seen.facts, seen.freshness)
    const known = key === null ? undefined : kept.get(key)
    if (key !== null && known !== undefined)
      return { ...seen, parts: known.parts, etag: known.isWhole ? this.#etag(key) : null }
    return key === null ? this.#made(tab) : kept.once(key, () => this.#made(tab))
  }

  async #made(tab: number | null): Promise<BoardPage> {
    const plan = this.#plan(tab)
    const asks = [...plan.lists, ...plan.tiles].map(({ ask }) => ask)
    const looked = await look(this.ports, this.reading, asks)
    const parts = this.#parts(tab, plan, looked)
    const { facts, freshness, states } = looked
    if (facts !== null) this.ports.kept.keep(this.#key(tab, facts, freshness), parts, states)
    return { facts, freshness, parts, etag: null }
  }

  #etag(key: string): string {
    const { role, token } = this.call.var.visitor
    return `W/"${createHash('sha256')
      .update(JSON.stringify([PROCESS, key, role, token]))
      .digest('base64url')
      .slice(0, 27)}"`
  }

  sent = ({ parts }: Pick<BoardPage, 'parts'>): AsyncIterable<Html> => sent(parts, this.#isPublic ? null : DEADLINE_MS)

  #parts(tab: number | null, plan: Plan, looked: Looked): readonly KeptPart[] {
    const { dashboard } = this
    const title = html`<div class="v-title"${writtenIn(this.reading)}><h1>${typeset(dashboard.title)}</h1><p>${typeset(dashboard.description)}</p></div>`
    if (plan.flaws.length > 0) return [title, flawedBoard(plan.flaws)]
    const tile = (question: Question, size: TileSize) => {
      const at = plan.tiles.findIndex(({ question: { key } }) => key === question.key)
      const [known, state] = [plan.tiles[at], looked.states[plan.lists.length + at]]
      if (known === undefined || state === undefined)
        return new Later(Promise.resolve(flawedCard(question, plan.flawsIn(question))), NOTHING, question.key)
      return this.#card(known, state, size, looked.facts?.ages ?? [])
    }
    const facts = { tile, dataOf: looked.freshness.at, tab, tabHref: this.tabPath }
    // Cards have headings of the third level.
    const heading = html`<h2 class="v-hidden">${say(this.reading.language, 'cards')}</h2>`
    const form = tab === null ? [] : [{ card: this.#form(tab, plan, looked) }]
    return [title, ...form, heading, ...boardParts(dashboard, facts, this.reading)]
  }

  #card(asked: AskedQuestion, state: Promise<TileState>, size: TileSize, ages: readonly TableAge[]): Later {
    const { reading } = this
    const { question } = asked
    const links = this.links(question)
    const drawn = state.then((found) =>
      this.ports.kept.card(found, [question, reading, links, size], () =>
        drawTile(question, explained(found, asked, ages, this.asking.publication), reading, links, size),
      ),
    )
    return new Later(drawn, drawSkeleton(question, reading, links), question.key)
  }

  #form(tab: number, { lists }: Plan, { states }: Looked): Later {
    const { dashboard, reading, chosen } = this
    const form = (told: readonly TileState[]) =>
      filterForm({
        action: `${this.path}${tab === 0 ? '' : `/tabs/${tab + 1}`}`,
        filters: dashboard.filters,
        choices: chosen.choices,
        options: (filter) => optionsOf(filter.options, told[lists.findIndex((list) => list.filter === filter)]),
        ignored: chosen.ignored,
        isChanged: chosen.query !== '',
        reading,
      })
    return new Later(Promise.all(states.slice(0, lists.length)).then(form), form([]), null)
  }

  /** One card of the board. */
  async card(key: string): Promise<Html> {
    const tab = this.dashboard.tabs.findIndex((_, at) =>
      tilesOf(this.dashboard, at).some((each) => each.question.key === key),
    )
    for (let times = 1; ; times++) {
      const { parts } = await this.page(tab)
      const found = parts.find((part) => 'card' in part && part.card.key === key)
      try {
        return found !== undefined && 'card' in found ? await found.card.html : NOTHING
      } catch (thrown) {
        if (!(thrown instanceof Switched) || times >= LOOKS) throw thrown
      }
    }
  }
}

/** In the order of the filter's own, where it has some. */
function optionsOf(own: readonly string[] | undefined, state: TileState | undefined): readonly string[] {
  if (state?.kind !== 'answer') return own ?? []
  const found = state.answer.rows.flatMap(([cell]) => (cell === null || cell === undefined ? [] : [String(cell)]))
  return own === undefined ? found : own.filter((option) => found.includes(option))
}
