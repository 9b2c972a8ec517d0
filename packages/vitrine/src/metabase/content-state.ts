/** Reads the collections, questions and dashboards of ours off Metabase: by what was recorded, else by what marks them as ours. */
import { VitrineError } from '../base/errors.ts'
import { collectionsOf } from '../dashboards/card.ts'
import { type Entity, entities, entity, idOf, isEntity, scalarOf, textOf } from './answer.ts'
import { isMissing, type Metabase } from './client.ts'
import { accessKey, entityId, type Known, liveBoard, liveCard, markerOf } from './content.ts'
import { type Attributes, type Item, type Kind, nameOf } from './item.ts'
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
  const kinds: readonly Kind[] = ['collection', 'question', 'dashboard']
  if (wanted.boards.length === 0 && !applied.some(({ kind }) => kinds.includes(kind))) return new Map()
  return new Reader(places).all()
}

/** Everything in a collection: questions and dashboards. */
export async function itemsIn(metabase: Metabase, collection: number): Promise<readonly Entity[]> {
  const found: Entity[] = []
  for (;;) {
    const path = `/collection/${collection}/items?models=card&models=dashboard&limit=${PAGE}&offset=${found.length}`
    const page = entities(await metabase.get(path), 'items of a collection')
    found.push(...page)
    if (page.length < PAGE) return found
  }
}
const PAGE = 200

class Reader {
  readonly #places: Places
  readonly #raw = new Map<string, Entity>()
  readonly #items = new Map<number, readonly Entity[]>()

  constructor(places: Places) {
    this.#places = places
  }

  async all(): Promise<Raw> {
    const { wanted, names, put } = this.#places
    const { publication } = wanted
    const collections = await this.#collections()
    const questions = new Map<unknown, string>()
    const listed = await this.#listed()
    const known: Known = { ...names, collections, questions }
    for (const card of wanted.cards) {
      const id = entityId(publication, card)
      const mine = (item: Entity) => item['model'] === 'card' && item['entity_id'] === id
      const live =
        listed.get(this.#idOf('question', card.key)) ??
        (await this.#recorded('question', card.key, '/card')) ??
        (await this.#among(mine, '/card'))
      if (live === null) continue
      questions.set(live['id'], card.key)
      this.#keep('question', card.key, live)
      put({ kind: 'question', key: card.key }, idOf(live, 'question'), liveCard(live, card, known))
    }
    for (const { key, name, adopted } of wanted.boards) {
      const isAdopted = (item: Entity) => adopted !== null && item['entity_id'] === adopted
      const isNamed = this.#isNamed('dashboard', key, name)
      const mine = (item: Entity) => item['model'] === 'dashboard' && (isAdopted(item) || isNamed(item))
      const live =
        (await this.#recorded('dashboard', key, '/dashboard')) ??
        (await this.#among(mine, '/dashboard', (found) => isAdopted(found) || this.#isOurs(found, key)))
      if (live === null) continue
      this.#keep('dashboard', key, live)
      put({ kind: 'dashboard', key }, idOf(live, 'dashboard'), liveBoard(live, known))
    }
    return this.#raw
  }

  #keep = (kind: Kind, key: string, live: Entity) => this.#raw.set(nameOf({ kind, key }), live)

  /** Marked, or made by us a moment before something broke off. */
  #isOurs(found: Entity, key: string): boolean {
    const caveats = textOf(found, 'caveats')
    const cards = found['dashcards']
    const isEmpty = caveats === '' && Array.isArray(cards) && cards.length === 0
    return isEmpty || caveats === markerOf(this.#places.wanted.publication, key)
  }

  /** The questions of our data source in one request; one that was archived is not among them. */
  async #listed(): Promise<ReadonlyMap<string | undefined, Entity>> {
    const { metabase, sourceId, applied } = this.#places
    if (sourceId === null || !applied.some(({ kind }) => kind === 'question')) return new Map()
    const cards = entities(await metabase.get(`/card?f=database&model_id=${sourceId}`), 'questions')
    return new Map(cards.map((card) => [String(card['id']), card]))
  }

  /** Undefined, too, for what an application that broke off may have made. */
  #idOf = (kind: Kind, key: string): string | undefined =>
    this.#places.applied.find((item) => item.kind === kind && item.key === key && item.id !== '')?.id

  /** By its name, or by the one that it was given by an application that broke off. */
  #isNamed(kind: Kind, key: string, name: string): (found: Entity) => boolean {
    const begun = this.#places.applied.find((item) => item.kind === kind && item.key === key && item.id === '')
    const known = [name, ...[begun?.attributes['name'] ?? name].flat()]
    return (found) => known.includes(textOf(found, 'name'))
  }

  async #recorded(kind: Kind, key: string, path: string): Promise<Entity | null> {
    const id = this.#idOf(kind, key)
    return id === undefined ? null : this.#one(`${path}/${id}`)
  }

  async #one(path: string): Promise<Entity | null> {
    try {
      return entity(await this.#places.metabase.get(path), path)
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async #among(mine: (item: Entity) => boolean, path: string, isOurs = (_: Entity) => true): Promise<Entity | null> {
    for (const items of this.#items.values()) {
      for (const item of items.filter(mine)) {
        const found = await this.#one(`${path}/${idOf(item, 'item')}`)
        if (found !== null && isOurs(found)) return found
      }
    }
    return null
  }

  /** Their keys by number. */
  async #collections(): Promise<ReadonlyMap<unknown, string>> {
    const { metabase, wanted, put } = this.#places
    const all = entities(await metabase.get('/collection'), 'collections')
    const keys = new Map<unknown, string>()
    const places = new Map<string, string>()
    for (const { key, name, parent } of collectionsOf(wanted.publication.dashboards)) {
      const recorded = await this.#recorded('collection', key, '/collection')
      const at = parent === undefined ? '/' : places.get(parent.key)
      const isNamed = this.#isNamed('collection', key, name)
      const same = all.find((each) => isNamed(each) && each['location'] === at)
      const live = recorded ?? same ?? null
      if (live === null) continue
      const id = idOf(live, 'collection')
      if (recorded === null || !this.#isAllRecorded()) this.#items.set(id, await itemsIn(metabase, id))
      if (recorded === null) this.#requireOurs(name, this.#items.get(id) ?? [])
      keys.set(id, key)
      places.set(key, `${textOf(live, 'location')}${id}/`)
      const above = /\/(\d+)\/$/.exec(textOf(live, 'location'))?.[1]
      put({ kind: 'collection', key }, id, {
        name: scalarOf(live, 'name'),
        description: scalarOf(live, 'description'),
        parent: above === undefined ? null : (keys.get(Number(above)) ?? 'elsewhere'),
        archived: live['archived'] === true,
      })
    }
    await this.#access(keys)
    return keys
  }

  /** Nothing has to be looked for. */
  #isAllRecorded(): boolean {
    const { cards, boards } = this.#places.wanted
    const has = (kind: Kind, { key }: { readonly key: string }) => this.#idOf(kind, key) !== undefined
    return cards.every((card) => has('question', card)) && boards.every((board) => has('dashboard', board))
  }

  #requireOurs(name: string, items: readonly Entity[]): void {
    const { cards, publication } = this.#places.wanted
    const ours = new Set<unknown>(cards.map((card) => entityId(publication, card)))
    if (items.length === 0 || items.some((item) => ours.has(item['entity_id']))) return
    const detail = 'It holds questions or dashboards, and none of ours.'
    throw new VitrineError('METABASE_TAKEN', { place: `collection ${name}`, detail })
  }

  async #access(keys: ReadonlyMap<unknown, string>): Promise<void> {
    const { metabase, groups, wanted, put } = this.#places
    const graph = entity(entity(await metabase.get('/collection/graph'), 'access')['groups'], 'access of groups')
    for (const [id, key] of keys) {
      for (const [group, number] of groups) {
        const item = { kind: 'access', key: accessKey(group, key) } as const
        if (!wanted.items.some((each) => nameOf(each) === nameOf(item))) continue
        const levels = graph[String(number)]
        const level = isEntity(levels) ? scalarOf(levels, String(id)) : null
        put(item, `${number}/${id}`, { level: level ?? 'none' })
      }
    }
  }
}
