/** Reads our collections, questions and dashboards from Metabase: by the record, or by the mark that says that they are ours. */
import { VitrineError } from '../base/errors.ts'
import { collectionsOf } from '../dashboards/card.ts'
import { type Metabase, unlessGone } from './client.ts'
import {
  accessIn,
  canonical,
  contentMarker,
  entityId,
  liveBoard,
  liveCard,
  type NumberedNames,
} from './content-items.ts'
import { type Attributes, CONTENT, type Item, type Kind, nameOf } from './item.ts'
import type { Applied } from './metabase-plan.ts'
import type { Names } from './query.ts'
import { type Entity, entitiesIn, idOf, isEntity, scalarOf, textOf, type Value } from './read-answer.ts'
import type { Wanted } from './wanted.ts'

export interface Places {
  readonly metabase: Metabase
  readonly wanted: Wanted
  readonly applied: readonly Applied[]
  readonly names: Names
  readonly sourceId: number | null
  readonly groups: ReadonlyMap<string, number>
  readonly put: (item: Pick<Item, 'kind' | 'key'>, id: number | string, attributes: Attributes) => void
}

/** What Metabase answered about each of ours, by `nameOf`: what people added to it is kept. */
export type Raw = ReadonlyMap<string, Entity>

/** Throws METABASE_TAKEN, and what a request throws. */
export async function readContent(places: Places): Promise<Raw> {
  const { wanted, applied } = places
  if (wanted.boards.length === 0 && !applied.some(({ kind }) => CONTENT.includes(kind))) return new Map()
  return new Reader(places).all()
}

type Model = 'card' | 'dashboard'

/** The items of a collection: all, or those of some models. */
export async function itemsIn(metabase: Metabase, collection: number, ...models: Model[]): Promise<readonly Entity[]> {
  const found: Entity[] = []
  const chosen = models.map((model) => `models=${model}&`).join('')
  for (;;) {
    const page = await metabase.all(`/collection/${collection}/items?${chosen}limit=${PAGE}&offset=${found.length}`)
    found.push(...page)
    if (page.length < PAGE) return found
  }
}
const PAGE = 200

const numbered = (list: readonly Entity[], id: string | undefined): Entity | undefined =>
  id === undefined ? undefined : list.find((each) => String(each['id']) === id)

class Reader {
  readonly #places: Places
  readonly #raw = new Map<string, Entity>()
  /** Keys of our collections by number, including those that are no longer wanted. */
  readonly #collections = new Map<unknown, string>()
  readonly #items: ReadonlyMap<string, Item>
  #shelved: readonly Entity[] | null = null

  constructor(places: Places) {
    this.#places = places
    this.#items = new Map(places.wanted.items.map((item) => [nameOf(item), item]))
  }

  async all(): Promise<Raw> {
    await this.#readCollections()
    await this.#readAccess()
    const known = { ...this.#places.names, collections: this.#collections, questions: new Map<unknown, string>() }
    await this.#readQuestions(known)
    await this.#readDashboards(known)
    return this.#raw
  }

  #isWanted = (kind: Kind, key: string): boolean => this.#items.has(nameOf({ kind, key }))

  /** The recorded number; undefined also when an interrupted application may have made it. */
  #recorded = (kind: Kind, key: string): string | undefined => this.#row(kind, key)?.id || undefined

  #row = (kind: Kind, key: string): Applied | undefined =>
    this.#places.applied.find((row) => row.kind === kind && row.key === key)

  /** Finds what an interrupted application may have made and is no longer wanted. */
  async #readLeft(kind: Kind, find: (row: Applied) => Entity | undefined | Promise<Entity | undefined>): Promise<void> {
    for (const row of this.#places.applied) {
      if (row.kind !== kind || row.id !== '' || this.#isWanted(kind, row.key)) continue
      const live = await find(row)
      if (live !== undefined) this.#put(kind, row.key, live)
    }
  }

  #put(kind: Kind, key: string, live: Entity, attributes: Attributes = {}): void {
    this.#raw.set(nameOf({ kind, key }), live)
    this.#places.put({ kind, key }, idOf(live, kind), attributes)
  }

  /** A collection is ours by its recorded number, or by its name in the right place. */
  async #readCollections(): Promise<void> {
    const { metabase, wanted, applied } = this.#places
    const all = await metabase.all('/collection')
    for (const { kind, key, id } of applied)
      if (kind === 'collection' && id !== '' && !this.#isWanted(kind, key)) this.#collections.set(Number(id), key)
    const named = (row: Applied | undefined, names: readonly unknown[], parent: string | null) => {
      const begun = row?.id === '' ? [row.attributes['name']].flat() : []
      const [above] = [...this.#collections].find(([, key]) => key === parent) ?? []
      const home = parent === null ? undefined : numbered(all, String(above ?? this.#recorded('collection', parent)))
      const at = parent === null ? '/' : home && `${textOf(home, 'location')}${home['id']}/`
      return all.find((each) => [...names, ...begun].includes(each['name']) && each['location'] === at)
    }
    for (const { key, name, parent } of collectionsOf(wanted.publication.dashboards)) {
      const id = this.#recorded('collection', key)
      const recorded = numbered(all, id) ?? (id === undefined ? null : await metabase.find(`/collection/${id}`))
      const live = recorded ?? named(this.#row('collection', key), [name], parent?.key ?? null)
      if (live === undefined) continue
      if (recorded === null) await this.#requireOurs(name, idOf(live, 'collection'))
      const above = /\/(\d+)\/$/.exec(textOf(live, 'location'))?.[1]
      const place = above === undefined ? null : (this.#collections.get(Number(above)) ?? 'elsewhere')
      const isArchived = live['archived'] === true
      this.#collections.set(live['id'], key)
      this.#put('collection', key, live, {
        name: scalarOf(live, 'name'),
        description: scalarOf(live, 'description'),
        // What is archived stands in the trash until it comes back.
        parent: isArchived ? (parent?.key ?? null) : place,
        archived: isArchived,
      })
    }
    await this.#readLeft('collection', (row) => {
      const parent = [row.attributes['parent'] ?? null].flat().at(-1)
      return named(row, [], parent == null ? null : String(parent))
    })
  }

  async #requireOurs(name: string, id: number): Promise<void> {
    const { metabase, wanted } = this.#places
    const items = await itemsIn(metabase, id, 'card', 'dashboard')
    const ours = new Set<unknown>(
      wanted.cards.flatMap(({ key, adopted }) => [adopted, entityId(wanted.publication, key)]),
    )
    if (items.length === 0 || items.some((item) => ours.has(item['entity_id'] ?? 'none'))) return
    const detail = 'It holds questions or dashboards, and none of ours.'
    throw new VitrineError('METABASE_TAKEN', { place: `collection ${name}`, detail })
  }

  async #readAccess(): Promise<void> {
    const { metabase, groups, wanted, applied, put } = this.#places
    const graph = await metabase.graph('/collection/graph')
    const read = (key: string, group: unknown, collection: unknown) => {
      const levels = graph[String(group)]
      const level = isEntity(levels) ? scalarOf(levels, String(collection)) : null
      put({ kind: 'access', key }, `${group}/${collection}`, { level: level ?? 'none' })
    }
    for (const { key, id } of applied.filter(({ kind }) => kind === 'access')) {
      const [group, collection] = id.split('/')
      const home = this.#collections.get(Number(collection))
      if (home !== undefined && this.#isWanted('collection', home)) read(key, group, collection)
    }
    const numbers = new Map([...this.#collections].map(([id, key]) => [key, id]))
    for (const { key } of wanted.items.filter(({ kind }) => kind === 'access')) {
      const { group, collection } = accessIn(key)
      const [to, at] = [groups.get(group), numbers.get(collection)]
      if (to !== undefined && at !== undefined) read(key, to, at)
    }
  }

  /** The questions of our data source in one request; those that were archived in another, where one of ours is missing. */
  async #readQuestions(known: NumberedNames & { readonly questions: Map<unknown, string> }): Promise<void> {
    const { metabase, wanted, applied, sourceId } = this.#places
    const listed = sourceId === null ? [] : await metabase.all(`/card?f=database&model_id=${sourceId}`)
    let archived: readonly Entity[] | null = null
    const marked = async (key: string, adopted: string | null = null) => {
      const ours: readonly unknown[] = [adopted ?? '', entityId(wanted.publication, key)]
      const isOurs = (each: Entity) => ours.includes(each['entity_id'])
      const found = listed.find(isOurs)
      if (found !== undefined || sourceId === null) return found
      archived ??= await metabase.all('/card?f=archived')
      return archived.find(isOurs)
    }
    // A tile of one that is wanted no longer is no work of people.
    for (const { kind, key, id } of applied)
      if (kind === 'question' && id !== '' && !this.#isWanted(kind, key)) known.questions.set(Number(id), key)
    for (const card of wanted.cards) {
      const id = this.#recorded('question', card.key)
      const recorded = numbered(listed, id) ?? (id === undefined ? null : await metabase.find(`/card/${id}`))
      const live = recorded ?? (await marked(card.key, card.adopted))
      if (live === undefined) continue
      known.questions.set(live['id'], card.key)
      this.#put('question', card.key, live, liveCard(live, card, known, this.#home('question', card.key)))
    }
    await this.#readLeft('question', ({ key }) => marked(key))
  }

  async #readDashboards(known: NumberedNames): Promise<void> {
    const { metabase, wanted } = this.#places
    for (const { key, adopted } of wanted.boards) {
      const id = this.#recorded('dashboard', key)
      const live =
        (id === undefined ? null : await metabase.find(`/dashboard/${id}`)) ?? (await this.#marked(key, adopted))
      if (live === undefined) continue
      const shown = liveBoard(live, known, this.#home('dashboard', key))
      const seen = { ...shown, layout: this.#layout(key, shown['layout'] ?? null) }
      const isBegun = shown['description'] === contentMarker(wanted.publication, key)
      this.#put('dashboard', key, live, isBegun ? { ...seen, description: null } : seen)
    }
    await this.#readLeft('dashboard', ({ key }) => this.#marked(key))
  }

  /** Metabase shows no tile of a question that is archived, and keeps it: what stands there without those stands there. */
  #layout(key: string, seen: Value): Value {
    const archived = [...this.#raw].filter(([name, live]) => name.startsWith('question ') && live['archived'] === true)
    const withdrawn = this.#places.applied.filter(
      ({ kind, attributes }) => kind === 'question' && attributes['archived'] === true,
    )
    const hidden = new Set<unknown>([
      ...archived.map(([name]) => name.slice('question '.length)),
      ...withdrawn.map((row) => row.key),
    ])
    const wanted = this.#items.get(nameOf({ kind: 'dashboard', key }))?.attributes['layout'] ?? null
    const known = [this.#row('dashboard', key)?.attributes['layout'] ?? null, wanted].flat()
    const isSeen = (layout: Value) =>
      canonical(entitiesIn(JSON.parse(String(layout))).filter(({ question }) => !hidden.has(question))) === seen
    return hidden.size === 0 ? seen : (known.find(isSeen) ?? seen)
  }

  #home = (kind: Kind, key: string) => this.#items.get(nameOf({ kind, key }))?.attributes['collection'] ?? null

  /** A dashboard in one of our collections with our mark. */
  async #marked(key: string, adopted: string | null = null): Promise<Entity | undefined> {
    const { metabase, wanted } = this.#places
    if (this.#shelved === null) {
      const shelved: Entity[] = []
      for (const collection of this.#collections.keys())
        for (const item of (await unlessGone(itemsIn(metabase, Number(collection), 'dashboard'))) ?? []) {
          const found = await metabase.find(`/dashboard/${idOf(item, 'dashboard')}`)
          if (found !== null) shelved.push(found)
        }
      this.#shelved = shelved
    }
    const mark = contentMarker(wanted.publication, key)
    return this.#shelved.find(
      (found) => [found['caveats'], found['description']].includes(mark) || found['entity_id'] === (adopted ?? mark),
    )
  }
}
