/**
 * Translates people's changes of our questions and dashboards, and their own content to be adopted, into the
 * language. What the language cannot express becomes a note, and so does each remaining difference. Only reads.
 */
import { VitrineError } from '../base/errors.ts'
import { boardTabs } from '../dashboards/from-board.ts'
import { adoptedQuestion, changedQuestion, freshKey, type LiveCard, MOVED } from '../dashboards/from-card.ts'
import { type Collection, type Dashboard, type Question, questionsOf } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { type PulledPart, withReplaced } from '../publication/replaced.ts'
import type { Metabase } from './client.ts'
import { boardIn, type NumberedNames } from './content-items.ts'
import { itemsIn } from './content-state.ts'
import { nameOf } from './item.ts'
import { type Plan, planMetabase } from './metabase-apply.ts'
import type { Applied, Change } from './metabase-plan.ts'
import { liveQuery } from './query.ts'
import { type Entity, entityPart, idOf, isEntity, textOf } from './read-answer.ts'
import { keysByNumber } from './state.ts'
import { type Wanted, wantedFrom } from './wanted.ts'

export interface Pulled {
  readonly questions: readonly PulledPart<Question>[]
  readonly dashboards: readonly PulledPart<Dashboard>[]
  /** By what they are about, a text without a value of a row. */
  readonly notes: readonly string[]
}

/** `adopt`: numbers of questions, names of collections. Throws USAGE for what is not there, and what a request throws. */
export async function pulledFrom(
  metabase: Metabase,
  wanted: Wanted,
  recorded: readonly Applied[],
  adopt: readonly string[],
): Promise<Pulled> {
  const plan = await planMetabase(metabase, wanted, recorded)
  const puller = new Puller(metabase, wanted, plan)
  for (const what of adopt) await puller.adopt(what)
  const { questions, dashboards, notes } = puller.pulled()
  const publication = withReplaced(wanted.publication, {
    questions: questions.map(({ whole }) => whole),
    dashboards: dashboards.map(({ whole }) => whole),
  })
  const after = await planMetabase(metabase, wantedFrom(publication, wanted.source), recorded)
  const said = (change: Change) => {
    const parts = [...change.attributes, ...change.byHand]
    return `${nameOf(change)}: after it is taken over, plan still says ${change.action}${parts.length === 0 ? '' : ` ${parts.join(', ')}`}`
  }
  const left = after.changes.filter(({ kind }) => ['question', 'dashboard', 'collection', 'access'].includes(kind))
  return { questions, dashboards, notes: [...notes, ...left.map(said)] }
}

class Puller {
  readonly #metabase: Metabase
  readonly #publication: Publication
  readonly #plan: Plan
  readonly #known: NumberedNames
  readonly #keys: Set<string>
  readonly #questions = new Map<string, PulledPart<Question>>()
  readonly #dashboards: PulledPart<Dashboard>[] = []
  readonly #notes: string[] = []
  /** Those of the publication and those that are taken over, by the number of the question. */
  readonly #byNumber = new Map<unknown, string>()

  constructor(metabase: Metabase, { publication }: Wanted, plan: Plan) {
    this.#metabase = metabase
    this.#publication = publication
    this.#plan = plan
    const { there } = plan.state
    const names = (kind: string) => keysByNumber(there, kind)
    for (const [id, key] of names('question ')) this.#byNumber.set(id, key)
    this.#known = {
      columns: names('column '),
      tables: names('table '),
      collections: names('collection '),
      questions: this.#byNumber,
    }
    this.#keys = new Set([...questionsOf(publication.dashboards), ...publication.dashboards].map(({ key }) => key))
  }

  pulled(): Pulled {
    for (const change of this.#plan.changes.filter(({ byHand }) => byHand.length > 0)) {
      if (change.kind === 'question') this.#question(change)
      else if (change.kind === 'dashboard') this.#dashboard(change)
      else if (change.kind === 'collection')
        this.#note(nameOf(change), `${change.byHand.join(', ')} changed: write it where it is defined`)
    }
    return { questions: [...this.#questions.values()], dashboards: this.#dashboards, notes: this.#notes }
  }

  async adopt(what: string): Promise<void> {
    if (/^\d+$/.test(what)) {
      const card = await this.#metabase.one(`/card/${what}`)
      const key = this.#adopted(card)
      if (key === null) return
      const collection = await this.#collection(Number(card['collection_id']))
      this.#loose(collection, [key])
      return
    }
    const all = await this.#metabase.all('/collection')
    const found = all.filter(({ name }) => name === what)
    const [one, more] = found
    if (one === undefined || more !== undefined) {
      const detail = `${found.length === 0 ? 'No collection' : 'More than one collection'} is called «${what}».`
      throw new VitrineError('USAGE', { place: '--adopt', detail })
    }
    const id = idOf(one, 'collection')
    const items = (await itemsIn(this.#metabase, id, 'card', 'dashboard')).filter(
      (item) => item['model'] !== 'card' || !this.#byNumber.has(item['id']),
    )
    const ours = new Set(keysByNumber(this.#plan.state.there, 'dashboard ').keys())
    const collection = await this.#collection(id)
    const keys: string[] = []
    for (const item of items.filter(({ model }) => model === 'card')) {
      const key = this.#adopted(await this.#metabase.one(`/card/${idOf(item, 'question')}`))
      if (key !== null) keys.push(key)
    }
    for (const item of items.filter(({ model, id: number }) => model === 'dashboard' && !ours.has(number))) {
      const live = await this.#metabase.one(`/dashboard/${idOf(item, 'dashboard')}`)
      const whole = this.#adoptedDashboard(live, collection)
      this.#dashboards.push({ isNew: true, whole, parts: whole })
    }
    const shown = new Set(questionsOf(this.#dashboards.map(({ whole }) => whole)).map(({ key }) => key))
    this.#loose(
      collection,
      keys.filter((key) => !shown.has(key)),
    )
  }

  #note = (about: string, text: string) => void this.#notes.push(`${about}: ${text}`)

  /** The key of an adopted question; null, with a note, when it cannot be adopted. */
  #adopted(live: Entity): string | null {
    const known = this.#byNumber.get(live['id'])
    if (known !== undefined) return known
    const card = this.#card(live)
    const about = `question «${card.title}» (number ${idOf(live, 'question')})`
    const query = entityPart(live, 'dataset_query')
    if (query['database'] !== this.#plan.state.sourceId || textOf(live, 'type') === 'model') {
      this.#note(about, 'it is no question of this data source')
      return null
    }
    const identity = { key: this.#keyFor(card.title), adopted: textOf(live, 'entity_id') }
    const note = (text: string) => this.#note(about, text)
    const whole = adoptedQuestion(card, identity, { publication: this.#publication, note })
    if (whole === null) return null
    this.#questions.set(whole.key, { isNew: true, whole, parts: whole })
    this.#byNumber.set(live['id'], whole.key)
    return whole.key
  }

  #adoptedDashboard(live: Entity, collection: Collection): Dashboard {
    const title = textOf(live, 'name')
    const key = this.#keyFor(title)
    const about = {
      key,
      title,
      description: textOf(live, 'description') || title,
      collection,
      audience: 'team' as const,
    }
    const { tabs, filters } = this.#shown(live, [], `dashboard ${key}`, title)
    return { ...about, tabs, filters, previousKeys: [], adopted: textOf(live, 'entity_id') }
  }

  /** A new dashboard for questions that are on none: the language has no questions outside dashboards. */
  #loose(collection: Collection, keys: readonly string[]): void {
    if (keys.length === 0) return
    const title = collection.name
    const rows = keys.flatMap((key) => {
      const question = this.#find(key)
      return question === undefined ? [] : [[{ question }]]
    })
    const whole: Dashboard = {
      key: this.#keyFor(title),
      title,
      description: title,
      collection,
      audience: 'team',
      filters: [],
      tabs: [{ name: title, rows }],
      previousKeys: [],
    }
    this.#dashboards.push({ isNew: true, whole, parts: whole })
  }

  async #collection(id: number): Promise<Collection> {
    const key = this.#known.collections.get(id)
    const ours = this.#publication.dashboards.find(({ collection }) => collection.key === key)?.collection
    if (ours !== undefined) return ours
    const live = await this.#metabase.one(`/collection/${id}`)
    const graph = await this.#metabase.graph('/collection/graph')
    const access = [...this.#plan.state.groups].flatMap(([group, number]) => {
      const levels = graph[String(number)]
      const level = isEntity(levels) ? levels[String(id)] : null
      return group !== 'everyone' && (level === 'read' || level === 'write') ? [[group, level] as const] : []
    })
    const description = textOf(live, 'description')
    const name = textOf(live, 'name')
    return {
      key: this.#keyFor(name),
      name,
      ...(description === '' ? {} : { description }),
      access: Object.fromEntries(access),
    }
  }

  #find = (key: string): Question | undefined =>
    this.#questions.get(key)?.whole ?? questionsOf(this.#publication.dashboards).find((each) => each.key === key)

  #question(change: Change): void {
    const about = nameOf(change)
    const question = this.#find(change.key)
    const live = this.#plan.state.raw.get(about)
    const note = (text: string) => this.#note(about, text)
    if (question === undefined || live === undefined)
      note(`${change.byHand.join(', ')} changed: its tile says its title`)
    else {
      const pulled = changedQuestion(question, this.#card(live), {
        byHand: change.byHand,
        publication: this.#publication,
        note,
      })
      if (pulled !== null) this.#questions.set(change.key, pulled)
    }
  }

  /** What the language needs of a live question. */
  #card = (live: Entity): LiveCard => ({
    title: textOf(live, 'name'),
    description: textOf(live, 'description'),
    display: textOf(live, 'display'),
    settings: entityPart(live, 'visualization_settings'),
    asked: liveQuery(entityPart(live, 'dataset_query'), this.#known),
  })

  #dashboard(change: Change): void {
    const { key, byHand } = change
    const about = nameOf(change)
    const before = this.#publication.dashboards.find((each) => each.key === key)
    const live = this.#plan.state.raw.get(about)
    if (before === undefined || live === undefined) return
    const parts: { -readonly [K in keyof Dashboard]?: Dashboard[K] } = {}
    if (byHand.includes('name')) parts.title = textOf(live, 'name')
    if (byHand.includes('description') && textOf(live, 'description') !== '')
      parts.description = textOf(live, 'description')
    if (['tabs', 'layout', 'filters'].some((part) => byHand.includes(part))) {
      const shown = this.#shown(live, before.filters, about, parts.title ?? before.title)
      parts.tabs = shown.tabs
      if (byHand.includes('filters')) parts.filters = shown.filters
    }
    for (const part of ['collection', 'archived']) if (byHand.includes(part)) this.#note(about, MOVED[part] ?? part)
    if (Object.keys(parts).length > 0) this.#dashboards.push({ isNew: false, whole: { ...before, ...parts }, parts })
  }

  #shown(live: Entity, filters: Dashboard['filters'], about: string, title: string) {
    const board = boardIn(live, this.#known)
    const note = (text: string) => this.#note(about, text)
    return boardTabs(board, { filters, title, find: this.#find, note })
  }

  #keyFor(name: string): string {
    const key = freshKey(name, this.#keys)
    this.#keys.add(key)
    return key
  }
}
