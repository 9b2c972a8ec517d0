/** The collections, questions and dashboards of the stand-in, with what Metabase makes of them. */
import { randomUUID } from 'node:crypto'
import { answerLike, type Entity } from './answers.ts'
import { list, object, run } from './asking.ts'
import { type Asked, one, Refusal, type Work } from './routes.ts'
import type { StandIn } from './stand-in.ts'

const CARD = `name description display dataset_query visualization_settings collection_id parameters`
const DASHBOARD = 'description collection_id'
export const CONTENT_BODIES: Readonly<Record<string, string>> = {
  'POST /collection': 'name! description parent_id',
  'PUT /collection/:id': 'name description parent_id archived',
  'PUT /collection/graph': 'revision! groups!',
  'POST /card': `name! dataset_query! display! visualization_settings! type entity_id ${CARD.replace('name', '')}`,
  'PUT /card/:id': `${CARD} archived`,
  'POST /card/:id/query': 'parameters',
  'POST /dashboard': `name! ${DASHBOARD} parameters`,
  'PUT /dashboard/:id': `name ${DASHBOARD} caveats parameters dashcards tabs archived`,
}

/** Since 0.57 a query comes back in another form than it was sent in. */
function echoed(card: Entity, tag: string): Entity {
  const query = object(card['dataset_query'])
  const native = object(query['native'])
  const stage = {
    'lib/type': 'mbql.stage/native',
    native: native['query'],
    'template-tags': Object.fromEntries(
      Object.entries(object(native['template-tags'])).map(([name, sent]) => {
        const [, id] = list(object(sent)['dimension']) as unknown as [string, number]
        return [name, { ...object(sent), dimension: ['field', { 'lib/uuid': randomUUID() }, id] }]
      }),
    ),
  }
  const stages = 'stages' in query ? identified(query['stages']) : [stage]
  const now = { 'lib/type': 'mbql/query', 'lib/uuid': randomUUID(), database: query['database'], stages }
  const added = card['display'] === 'table' ? { 'table.pivot_column': 'x', 'table.cell_column': 'y' } : {}
  return answerLike('card', {
    description: null,
    ...inTrash(card),
    query_type: 'stages' in query ? 'query' : 'native',
    database_id: query['database'],
    dataset_query: Number(/\d+(?=\.\d+\.)/.exec(tag)?.[0] ?? 65) < 57 ? query : now,
    legacy_query: JSON.stringify(query),
    visualization_settings: { ...added, ...object(card['visualization_settings']) },
  })
}

const TRASH = 1
/** What was archived by itself says that it stands in the trash, and knows where it stood. */
const inTrash = (item: Entity): Entity => ({
  ...item,
  archived_directly: item['archived_directly'] === true,
  ...(item['archived_directly'] === true ? { collection_id: TRASH } : {}),
})

/** Where to it was moved while it was archived is forgotten. */
function changed(item: Entity, { archived, collection_id, ...given }: Entity): Entity {
  const isArchived = archived === true && item['archived'] !== true
  if (collection_id !== undefined && !isArchived) item['collection_id'] = collection_id
  if (archived !== undefined) Object.assign(item, { archived, archived_directly: archived })
  return Object.assign(item, given)
}

/** What stands in a collection is archived with it, and comes back with it. */
function archiveCollection({ standIn }: Work, collection: Entity, archived: boolean): void {
  const within = `${collection['location']}${collection['id']}/`
  const inside = standIn.collections.filter(({ location }) => String(location).startsWith(within))
  const ids = [collection, ...inside].map(({ id }) => id)
  for (const each of [collection, ...inside]) each['archived'] = archived
  for (const item of [...standIn.cards, ...standIn.dashboards])
    if (ids.includes(item['collection_id']) && item['archived_directly'] !== true) item['archived'] = archived
}

/** Every clause gets an identity, and a column its type, unless they were sent. */
function identified(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [operator, options, ...rest] = value
    if (typeof operator !== 'string' || typeof options !== 'object' || Array.isArray(options))
      return value.map(identified)
    const type = operator === 'field' ? { 'base-type': 'type/Text', 'effective-type': 'type/Text' } : {}
    return [operator, { ...type, 'lib/uuid': randomUUID(), ...options }, ...rest.map(identified)]
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, identified(each)]))
}

function requireCard(card: Entity): void {
  const id = card['entity_id']
  if (id !== undefined && !/^[\w-]{21}$/.test(String(id))) throw new Refusal(400, { errors: { entity_id: 'NanoID' } })
  if (card['description'] === '') throw new Refusal(400, { errors: { description: 'blank' } })
}

/** A tile of a question that is archived is kept, and not shown. */
const isHidden = ({ cards }: StandIn, tile: Entity): boolean =>
  cards.some(({ id, archived }) => id === tile['card_id'] && archived === true)

/**
 * Arrays replace what was there; what has a number that is not there is made, as what has a negative one. A tile goes with its
 * tab; with a tab every tile needs one. Tabs alone change nothing.
 */
function laid(dashboard: Entity, body: Entity, { standIn, number }: Work): void {
  if (!('dashcards' in body)) return
  if (dashboard['archived'] === true) throw new Refusal(404, 'The object has been archived.')
  const before = list(dashboard['tabs'])
  const made = new Map<unknown, unknown>()
  const tabs = list(body['tabs']).map((tab) => {
    const id = before.some((each) => each['id'] === tab['id']) ? tab['id'] : number()
    made.set(tab['id'], id)
    return { ...tab, id }
  })
  const stays = (tile: Entity) =>
    tile['dashboard_tab_id'] == null || tabs.some(({ id }) => id === tile['dashboard_tab_id'])
  const left = list(dashboard['dashcards']).filter(stays)
  const hidden = left.filter((tile) => isHidden(standIn, tile))
  const tiles = list(body['dashcards']).map((tile) => {
    const only = tabs.length === 1 ? tabs[0]?.id : null
    const tab = made.get(tile['dashboard_tab_id']) ?? tile['dashboard_tab_id'] ?? only ?? null
    if (tabs.length > 0 && tab === null)
      throw new Refusal(400, 'This dashboard has tab, makes sure every card has a tab')
    if (Number(tile['col']) + Number(tile['size_x']) > 24) throw new Refusal(400, { errors: { col: 'grid' } })
    if (list(tile['series']).some((each) => Object.keys(each).some((key) => key !== 'id')))
      throw new Refusal(400, { errors: { series: 'wrong' } })
    const isThere = left.some(({ id }) => id === tile['id']) && !hidden.some(({ id }) => id === tile['id'])
    if (!isThere && isHidden(standIn, tile)) throw new Refusal(404, 'The object has been archived.')
    return { ...tile, id: isThere ? tile['id'] : number(), dashboard_tab_id: tab }
  })
  dashboard['tabs'] = tabs
  // Their order is not kept.
  dashboard['dashcards'] = [...tiles.toReversed(), ...hidden]
}

/** What has a list of its own is linked to no other filter. */
const kept = ({ filteringParameters, ...parameter }: Entity): Entity =>
  filteringParameters === undefined || parameter['values_source_type'] != null
    ? parameter
    : { ...parameter, filteringParameters }

const shownDashboard = (dashboard: Entity, standIn: StandIn): Entity =>
  answerLike('dashboard', {
    width: 'fixed',
    ...inTrash(dashboard),
    parameters: list(dashboard['parameters']).map(kept),
    tabs: list(dashboard['tabs']).map((tab) => ({ ...tab, dashboard_id: dashboard['id'] })),
    dashcards: list(dashboard['dashcards'])
      .filter((card) => !isHidden(standIn, card))
      .map((card) => answerLike('dashcard', { ...card, dashboard_id: dashboard['id'], entity_id: null })),
  })

const inCollection = (work: Work, { id, query }: Asked): Entity => {
  const { cards, dashboards, collections } = work.standIn
  const models = query.getAll('models')
  const of = (items: readonly Entity[], model: string) =>
    items
      .filter((item) => item['archived'] !== true && (models.length === 0 || models.includes(model)))
      .map((item) => answerLike(`collection item, ${model}`, { ...onlyItem(item), model }))
  const here = (items: readonly Entity[]) => items.filter((item) => item['collection_id'] === id)
  const all = [
    ...of(here(cards), 'card'),
    ...of(here(dashboards), 'dashboard'),
    ...of(
      collections.filter(({ location }) => String(location).endsWith(`/${id}/`)),
      'collection',
    ),
  ]
  const [limit, offset] = [Number(query.get('limit')), Number(query.get('offset'))]
  return { data: all.slice(offset, offset + limit), total: all.length, limit, offset, models }
}
const onlyItem = ({ id, name, description, entity_id, collection_id, archived, display }: Entity): Entity => ({
  id,
  name,
  description: description ?? null,
  entity_id,
  collection_id,
  archived,
  ...(display === undefined ? {} : { display }),
})

const there = (list: readonly Entity[]) => list.filter(({ archived }) => archived !== true)

export const CONTENT_ROUTES: Readonly<Record<string, (work: Work, asked: Asked) => unknown>> = {
  'GET /collection': ({ standIn }) => [
    { id: 'root', name: 'Our analytics' },
    ...standIn.collections.filter(({ archived }) => archived !== true).map((each) => answerLike('collection', each)),
  ],
  'GET /collection/:id': ({ standIn }, asked) => answerLike('collection', one(standIn.collections, asked)),
  'POST /collection': ({ standIn, number }, { body }) => {
    const { parent_id: parent, ...given } = body
    const above = standIn.collections.find(({ id }) => id === parent)
    const location = above === undefined ? '/' : `${above['location']}${above['id']}/`
    const made = { id: number(), ...given, location, archived: false }
    standIn.collections.push(made)
    // As those of the root.
    standIn.access.set(`1/${made.id}`, 'write')
    return answerLike('collection', made)
  },
  'PUT /collection/:id': (work, asked) => {
    // Of which nothing is said comes back from the trash.
    const { archived = false, parent_id: parent, ...given } = asked.body
    const collection = Object.assign(one(work.standIn.collections, asked), given)
    const above = work.standIn.collections.find(({ id }) => id === parent)
    if (parent !== undefined) collection['location'] = above === undefined ? '/' : `${above['location']}${above['id']}/`
    if (archived !== collection['archived']) archiveCollection(work, collection, archived === true)
    return answerLike('collection', collection)
  },
  'GET /collection/:id/items': inCollection,
  'GET /collection/graph': ({ standIn, revision }) => {
    const groups: Record<string, Entity> = {}
    for (const [place, level] of standIn.access) {
      const [group = '', collection = ''] = place.split('/')
      if (level !== 'none') groups[group] = { ...groups[group], [collection]: level }
    }
    return { revision: revision(), groups }
  },
  'PUT /collection/graph': ({ standIn, revision }, { body }) => {
    if (body['revision'] !== revision()) throw new Refusal(409, 'Looks like someone else edited the permissions.')
    for (const [group, levels] of Object.entries(object(body['groups'])))
      for (const [collection, level] of Object.entries(object(levels)))
        standIn.access.set(`${group}/${collection}`, level)
    return { revision: revision(true), groups: body['groups'] }
  },
  'GET /card': ({ standIn }, { query }) => {
    const id = query.get('f') === 'database' ? Number(query.get('model_id')) : null
    const isArchived = query.get('f') === 'archived'
    const cards = standIn.cards.filter(
      (card) =>
        (card['archived'] === true) === isArchived && (id === null || object(card['dataset_query'])['database'] === id),
    )
    return cards.map((card) => echoed(card, standIn.tag))
  },
  'GET /dashboard': ({ standIn }) => there(standIn.dashboards).map((each) => shownDashboard(each, standIn)),
  'GET /card/:id': ({ standIn }, asked) => echoed(one(standIn.cards, asked), standIn.tag),
  'POST /card': ({ standIn, number }, { body }) => {
    requireCard(body)
    const isTaken = standIn.cards.some((card) => card['entity_id'] === body['entity_id'])
    if (isTaken) throw new Refusal(500, 'duplicate key value violates unique constraint')
    const card = { id: number(), archived: false, archived_directly: false, ...body }
    standIn.cards.push(card)
    return echoed(card, standIn.tag)
  },
  'PUT /card/:id': ({ standIn }, asked) => {
    requireCard(asked.body)
    return echoed(changed(one(standIn.cards, asked), asked.body), standIn.tag)
  },
  'POST /card/:id/query': run,
  'GET /dashboard/:id': ({ standIn }, asked) => shownDashboard(one(standIn.dashboards, asked), standIn),
  'POST /dashboard': ({ standIn, number }, { body }) => {
    const made = {
      id: number(),
      caveats: null,
      archived: false,
      archived_directly: false,
      parameters: [],
      ...body,
      dashcards: [],
      tabs: [],
      entity_id: 'x',
    }
    standIn.dashboards.push(made)
    return shownDashboard(made, standIn)
  },
  'PUT /dashboard/:id': (work, asked) => {
    const dashboard = one(work.standIn.dashboards, asked)
    const { dashcards, tabs, ...given } = asked.body
    laid(dashboard, asked.body, work)
    return shownDashboard(changed(dashboard, given), work.standIn)
  },
}
