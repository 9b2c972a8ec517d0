/** Reads the collections, questions and dashboards of ours off Metabase: by what was recorded, else by what marks them as ours. */
import { VitrineError } from '../base/errors.ts'
import { collectionsOf } from '../dashboards/card.ts'
import { type Entity, idOf, isEntity, scalarOf, textOf } from './answer.ts'
import { type Metabase, unlessGone } from './client.ts'
import { accessIn, entityId, type Known, liveBoard, liveCard, markerOf } from './content.ts'
import { type Attributes, CONTENT, type Item, type Kind, nameOf } from './item.ts'
import type { Applied } from './plan.ts'
import type { Names } from './query.ts'
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

/** What stands in a collection: all of it, or some models. */
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
  /** Keys of our collections, by number; those that are wanted no longer included. */
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

  /** Undefined, too, for what an application that broke off may have made. */
  #recorded = (kind: Kind, key: string): string | undefined => this.#row(kind, key)?.id || undefined

  #row = (kind: Kind, key: string): Applied | undefined =>
    this.#places.applied.find((row) => row.kind === kind && row.key === key)

  /** What an application that broke off may have made, and nobody wants any more. */
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

  /** A collection is ours by its number, or by its name at its place. */
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
      this.#collections.set(live['id'], key)
      this.#put('collection', key, live, {
        name: scalarOf(live, 'name'),
        description: scalarOf(live, 'description'),
        parent: above === undefined ? null : (this.#collections.get(Number(above)) ?? 'elsewhere'),
        archived: live['archived'] === true,
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

  /** The questions of our data source in one request; one that was archived is not among them. */
  async #readQuestions(known: Known & { readonly questions: Map<unknown, string> }): Promise<void> {
    const { metabase, wanted, sourceId } = this.#places
    const listed = sourceId === null ? [] : await metabase.all(`/card?f=database&model_id=${sourceId}`)
    const marked = (key: string, adopted: string | null = null) => {
      const ours: readonly unknown[] = [adopted ?? '', entityId(wanted.publication, key)]
      return listed.find((each) => ours.includes(each['entity_id']))
    }
    for (const card of wanted.cards) {
      const id = this.#recorded('question', card.key)
      const recorded = numbered(listed, id) ?? (id === undefined ? null : await metabase.find(`/card/${id}`))
      const live = recorded ?? marked(card.key, card.adopted)
      if (live === undefined) continue
      known.questions.set(live['id'], card.key)
      this.#put('question', card.key, live, liveCard(live, card, known, this.#home('question', card.key)))
    }
    await this.#readLeft('question', ({ key }) => marked(key))
  }

  async #readDashboards(known: Known): Promise<void> {
    const { metabase, wanted } = this.#places
    for (const { key, adopted } of wanted.boards) {
      const id = this.#recorded('dashboard', key)
      const live =
        (id === undefined ? null : await metabase.find(`/dashboard/${id}`)) ?? (await this.#marked(key, adopted))
      if (live === undefined) continue
      const seen = liveBoard(live, known, this.#home('dashboard', key))
      const isBegun = seen['description'] === markerOf(wanted.publication, key)
      this.#put('dashboard', key, live, isBegun ? { ...seen, description: null } : seen)
    }
    await this.#readLeft('dashboard', ({ key }) => this.#marked(key))
  }

  #home = (kind: Kind, key: string) => this.#items.get(nameOf({ kind, key }))?.attributes['collection'] ?? null

  /** A dashboard in one of our collections that says whose it is. */
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
    const mark = markerOf(wanted.publication, key)
    return this.#shelved.find(
      (found) => [found['caveats'], found['description']].includes(mark) || found['entity_id'] === (adopted ?? mark),
    )
  }
}
