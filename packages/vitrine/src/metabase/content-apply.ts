/** Writes collections, questions and dashboards. What people added to a question stays; of a dashboard, the numbers of its tiles. */
import { VitrineError } from '../base/errors.ts'
import type { BoardFilter, BoardTile } from '../dashboards/board.ts'
import { type Card, collectionsOf } from '../dashboards/card.ts'
import { type Entity, entitiesIn, idOf, partOf, textOf } from './answer.ts'
import { type Metabase, unlessGone } from './client.ts'
import { entityId, identityOf, markerOf, parameterId } from './content.ts'
import { itemsIn, type Raw } from './content-state.ts'
import { type Kind, nameOf } from './item.ts'
import type { Change } from './plan.ts'
import { type Numbers, stagesSent, targetSent } from './query.ts'
import type { Wanted } from './wanted.ts'

/** What is known while a plan is applied; numbers by `nameOf`. */
export interface Content {
  readonly metabase: Metabase
  readonly wanted: Wanted
  readonly sourceId: number | null
  readonly raw: Raw
  readonly numberOf: (kind: Kind, key: string) => number
  readonly made: (kind: Kind, key: string, id: number) => Promise<void>
}

const PATHS = { collection: '/collection', question: '/card', dashboard: '/dashboard' } as const
type ContentKind = keyof typeof PATHS

export const isContent = (kind: Kind): kind is ContentKind => kind in PATHS

export async function archive(metabase: Metabase, kind: ContentKind, id: string): Promise<void> {
  // What people keep in a collection would go with it.
  const kept = kind === 'collection' ? await unlessGone(itemsIn(metabase, Number(id))) : []
  if (kept?.length === 0) await unlessGone(metabase.put(`${PATHS[kind]}/${id}`, { archived: true }))
}

/** What is sent for each attribute, and how something new is made: with some of it, and found when the answer got lost. */
interface Sent {
  readonly parts: Readonly<Record<string, object>>
  readonly make: (body: object) => Promise<Entity>
}

export async function applyContent(content: Content, kind: ContentKind, change: Change): Promise<void> {
  const { metabase, numberOf, made } = content
  const { key, action, attributes } = change
  const { parts, make } = { collection, question, dashboard }[kind](content, key)
  const chosen = attributes.filter((part) => action === 'change' || part !== 'archived')
  const body = Object.assign({}, ...chosen.map((part) => parts[part]))
  if (action === 'make') await made(kind, key, idOf(await make(body), kind))
  // A dashboard is made empty.
  if (action === 'change' || kind === 'dashboard') await metabase.put(`${PATHS[kind]}/${numberOf(kind, key)}`, body)
}

const wantedAs = <T extends { readonly key: string }>(all: readonly T[], key: string): T => {
  const found = all.find((each) => each.key === key)
  if (found === undefined) throw new VitrineError('INTERNAL', { place: key })
  return found
}

function collection({ metabase, wanted, numberOf }: Content, key: string): Sent {
  const { name, description = null, parent } = wantedAs(collectionsOf(wanted.publication.dashboards), key)
  const above = parent === undefined ? null : numberOf('collection', parent.key)
  const place = above === null ? /^\/$/ : new RegExp(`/${above}/$`)
  const home = { parent_id: above }
  return {
    parts: { name: { name }, description: { description }, parent: home, archived: { archived: false, ...home } },
    make: (body) =>
      metabase.make('/collection', body, async () =>
        (await metabase.all('/collection')).find(
          (each) => each['name'] === name && place.test(textOf(each, 'location')),
        ),
      ),
  }
}

/** The number of the collection that a question or a dashboard stands in. */
function homeOf({ wanted, numberOf }: Content, kind: Kind, key: string): { readonly collection_id: number } {
  const item = wanted.items.find((each) => each.kind === kind && each.key === key)
  return { collection_id: numberOf('collection', String(item?.attributes['collection'])) }
}

function question(content: Content, key: string): Sent {
  const { metabase, wanted, raw, sourceId } = content
  const card = wantedAs(wanted.cards, key)
  const { name, description, display, settings } = card
  const kept = partOf(raw.get(nameOf({ kind: 'question', key })), 'visualization_settings')
  const [asked, home] = [queryOf(content, card), homeOf(content, 'question', key)]
  const identity = entityId(wanted.publication, key)
  return {
    parts: {
      name: { name },
      description: { description },
      display: { display },
      query: asked,
      tags: asked,
      settings: { visualization_settings: { ...kept, ...settings } },
      collection: home,
      archived: { archived: false, ...home },
    },
    make: (body) => {
      const list = async () => metabase.all(`/card?f=database&model_id=${sourceId}`)
      const find = async () => (await list()).find((each) => each['entity_id'] === identity)
      const given = { ...body, type: 'question' }
      return metabase.make('/card', { ...given, entity_id: identity }, find).catch((error: unknown) => {
        // A question of ours that somebody archived has it, where the record of that is lost.
        if (error instanceof VitrineError && error.detail?.includes('entity_id'))
          return metabase.make('/card', given, find)
        throw error
      })
    },
  }
}

const numbersOf = ({ numberOf, wanted }: Content, key = ''): Numbers => ({
  column: (name) => numberOf('column', name),
  table: (name) => numberOf('table', name),
  identity: (name) => identityOf(wanted.publication, `${key}/${name}`),
})

/** SQL in the form before 0.57, which every version takes. */
function queryOf(content: Content, { key, query }: Card): object {
  const { sourceId, numberOf, wanted } = content
  if (query.kind === 'mbql') {
    const stages = stagesSent(query, numbersOf(content, key))
    return { dataset_query: { 'lib/type': 'mbql/query', database: sourceId, stages }, parameters: [] }
  }
  const tags = query.tags.map(({ name, label, column, widget }) => {
    const id = parameterId(wanted.publication, `${key}/${name}`)
    const dimension = ['field', numberOf('column', column), null]
    return { id, name, 'display-name': label, type: 'dimension', dimension, 'widget-type': widget }
  })
  const native = { query: query.sql, 'template-tags': Object.fromEntries(tags.map((tag) => [tag.name, tag])) }
  const parameters = tags.map((tag) => ({
    id: tag.id,
    name: tag['display-name'],
    slug: tag.name,
    type: tag['widget-type'],
    target: ['dimension', ['template-tag', tag.name]],
  }))
  return { dataset_query: { type: 'native', database: sourceId, native }, parameters }
}

function dashboard(content: Content, key: string): Sent {
  const { metabase, wanted, raw } = content
  const { name, description, tabs, tiles, filters } = wantedAs(wanted.boards, key)
  const live = raw.get(nameOf({ kind: 'dashboard', key }))
  const [home, mark, tabList] = [
    homeOf(content, 'dashboard', key),
    markerOf(wanted.publication, key),
    tabsOf(tabs, live),
  ]
  const drawn = {
    parameters: filters.map((filter) => parameterOf(content, filter, filters)),
    dashcards: dashcardsOf(content, tiles, tabList, live),
    tabs: tabList,
    caveats: mark,
  }
  return {
    parts: {
      name: { name },
      description: { description },
      collection: home,
      archived: { archived: false, ...home },
      tabs: drawn,
      layout: drawn,
      filters: drawn,
    },
    // Its first description says whose it is: no other key that Metabase takes then can.
    make: () =>
      metabase.make('/dashboard', { name, description: mark, ...home }, async () =>
        (await itemsIn(metabase, home.collection_id, 'dashboard')).find((item) => item['description'] === mark),
      ),
  }
}
/** A negative number asks for a new one. */
const tabsOf = (names: readonly string[], live: Entity | undefined) =>
  names.map((name, position) => {
    const id = entitiesIn(live?.['tabs']).find((tab) => tab['name'] === name)?.['id'] ?? -1 - position
    return { id, name, position }
  })

/** Subscriptions and links hang on the numbers of tiles: those that show the same keep them. */
function dashcardsOf(
  content: Content,
  tiles: readonly BoardTile[],
  tabs: ReturnType<typeof tabsOf>,
  live: Entity | undefined,
): readonly object[] {
  const { numberOf } = content
  const { publication } = content.wanted
  const numbers = numbersOf(content)
  const free = [...entitiesIn(live?.['dashcards'])]
  return tiles.map(({ tab, question, text, filters, ...place }, index) => {
    const card = question === null ? null : numberOf('question', question)
    const settingsOf = (each: Entity) => partOf(each, 'visualization_settings')
    const isSame = (each: Entity) =>
      card === null ? settingsOf(each)['text'] === text?.text && each['card_id'] == null : each['card_id'] === card
    const at = free.findIndex(isSame)
    const [kept] = at < 0 ? [] : free.splice(at, 1)
    const virtual = {
      name: null,
      display: text?.display,
      visualization_settings: {},
      dataset_query: {},
      archived: false,
    }
    return {
      id: kept?.['id'] ?? -1 - index,
      card_id: card,
      dashboard_tab_id: tabs.find(({ name }) => name === tab)?.id ?? null,
      ...place,
      series: kept?.['series'] ?? [],
      visualization_settings: {
        ...(kept === undefined ? {} : settingsOf(kept)),
        ...(text === null ? {} : { virtual_card: virtual, text: text.text }),
      },
      parameter_mappings: filters.map(({ filter, target }) => ({
        parameter_id: parameterId(publication, filter),
        card_id: card,
        target: targetSent(target, numbers),
      })),
    }
  })
}

function parameterOf({ wanted: { publication } }: Content, filter: BoardFilter, all: readonly BoardFilter[]): object {
  const { key, label, type, required, options, linkedTo } = filter
  const linked = linkedTo.filter((other) => all.some((each) => each.key === other))
  return {
    id: parameterId(publication, key),
    name: label,
    slug: key,
    type,
    sectionId: type.split('/')[0],
    required,
    ...(filter.default === null ? {} : { default: filter.default }),
    ...(linked.length === 0 ? {} : { filteringParameters: linked.map((other) => parameterId(publication, other)) }),
    ...(options === null ? {} : { values_source_type: 'static-list', values_source_config: { values: options } }),
  }
}
