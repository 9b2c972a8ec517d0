/** Writes collections, questions and dashboards. What people added to a question stays; of a dashboard, the numbers of its tiles. */
import { VitrineError } from '../base/errors.ts'
import type { BoardFilter, BoardTile } from '../dashboards/board.ts'
import { type Card, collectionsOf } from '../dashboards/card.ts'
import { type Entity, entities, entitiesIn, entity, idOf, partOf, textOf } from './answer.ts'
import { isMissing, type Metabase, retried } from './client.ts'
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

export async function archive(metabase: Metabase, kind: keyof typeof PATHS, id: string): Promise<void> {
  try {
    // What people keep in a collection would go with it.
    if (kind === 'collection' && (await itemsIn(metabase, Number(id))).length > 0) return
    await metabase.put(`${PATHS[kind]}/${id}`, { archived: true })
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

export async function applyCollection(content: Content, { key, action, attributes }: Change): Promise<void> {
  const { metabase, wanted, made, numberOf } = content
  const collection = collectionsOf(wanted.publication.dashboards).find((each) => each.key === key)
  if (collection === undefined) return
  const { name, description = null, parent } = collection
  const body = { name, description, parent_id: parent === undefined ? null : numberOf('collection', parent.key) }
  if (action === 'change') {
    const chosen = Object.entries(body).filter(([part]) => attributes.includes(part.replace('_id', '')))
    const back = attributes.includes('archived') ? { archived: false } : {}
    return void (await metabase.put(`/collection/${numberOf('collection', key)}`, {
      ...Object.fromEntries(chosen),
      ...back,
    }))
  }
  const place = body.parent_id === null ? /^\/$/ : new RegExp(`/${body.parent_id}/$`)
  const find = async () => {
    const all = entities(await metabase.get('/collection'), 'collections')
    return all.find((each) => each['name'] === name && place.test(textOf(each, 'location'))) ?? null
  }
  await made(
    'collection',
    key,
    idOf(entity(await metabase.create('/collection', body, find), 'collection'), 'collection'),
  )
}

export async function applyAccess(
  { metabase }: Content,
  group: number,
  collection: number,
  level: unknown,
): Promise<void> {
  await retried(metabase, async () => {
    const { revision } = entity(await metabase.get('/collection/graph'), 'access')
    await metabase.put('/collection/graph', { revision, groups: { [group]: { [collection]: level } } })
  })
}

export async function applyQuestion(content: Content, change: Change): Promise<void> {
  const { metabase, wanted, raw, numberOf, made } = content
  const { key, action, attributes } = change
  const card = wanted.cards.find((each) => each.key === key)
  const collection = wanted.items.find((item) => nameOf(item) === nameOf(change))?.attributes['collection']
  if (card === undefined) return
  const live = raw.get(nameOf(change))
  const kept = partOf(live, 'visualization_settings')
  const parts: Readonly<Record<string, object>> = {
    name: { name: card.name },
    description: { description: card.description },
    display: { display: card.display },
    query: queryOf(content, card),
    tags: queryOf(content, card),
    settings: { visualization_settings: { ...kept, ...card.settings } },
    collection: { collection_id: numberOf('collection', String(collection)) },
    archived: { archived: false },
  }
  const body = Object.assign({}, ...attributes.map((part) => parts[part]))
  if (action === 'change') return void (await metabase.put(`/card/${numberOf('question', key)}`, body))
  const { archived: _, ...given } = body
  const identity = entityId(wanted.publication, card)
  const find = async () => {
    const items = await itemsIn(metabase, numberOf('collection', String(collection)))
    return items.find((item) => item['entity_id'] === identity) ?? null
  }
  const question = { ...given, type: 'question' }
  const answer = await metabase.create('/card', { ...question, entity_id: identity }, find).catch((error: unknown) => {
    // A question of ours that somebody archived has it, where the record of that is lost.
    if (error instanceof VitrineError && error.detail?.includes('entity_id'))
      return metabase.create('/card', question, find)
    throw error
  })
  await made('question', key, idOf(entity(answer, 'question'), 'question'))
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

export async function applyDashboard(content: Content, change: Change): Promise<void> {
  const { metabase, wanted, raw, numberOf, made } = content
  const { key, action, attributes } = change
  const board = wanted.boards.find((each) => each.key === key)
  if (board === undefined) return
  const { name, description, tabs, tiles, filters } = board
  const own = { name, description, collection_id: numberOf('collection', board.collection) }
  let live = raw.get(nameOf(change))
  if (action === 'make') {
    const find = async () => {
      const items = await itemsIn(metabase, own.collection_id)
      return items.find((item) => item['model'] === 'dashboard' && item['name'] === name) ?? null
    }
    live = entity(await metabase.create('/dashboard', own, find), 'dashboard')
    await made('dashboard', key, idOf(live, 'dashboard'))
  }
  const isDrawn = ['tabs', 'layout', 'filters'].some((part) => attributes.includes(part))
  const chosen = Object.entries(own).filter(([part]) => attributes.includes(part.replace('_id', '')))
  const tabList = tabsOf(tabs, live)
  const drawn = {
    parameters: filters.map((filter) => parameterOf(content, filter, filters)),
    dashcards: dashcardsOf(content, tiles, tabList, live),
    tabs: tabList,
    caveats: markerOf(wanted.publication, key),
  }
  const body = {
    ...Object.fromEntries(chosen),
    ...(attributes.includes('archived') && action === 'change' ? { archived: false } : {}),
    ...(isDrawn ? drawn : {}),
  }
  await metabase.put(`/dashboard/${numberOf('dashboard', key)}`, body)
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
