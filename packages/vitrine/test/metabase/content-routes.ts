/** The collections, questions and dashboards of the stand-in, with what Metabase makes of them. Questions run as the reader. */
import { randomUUID } from 'node:crypto'
import { answerLike, type Entity } from './answers.ts'
import { type Column, mbqlToSql } from './mbql.ts'
import { type Asked, one, Refusal, type Work } from './routes.ts'
import { connected, type Details } from './synced.ts'

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

const list = (value: unknown): Entity[] => (value ?? []) as Entity[] // sound because only lists of objects are kept there.
const object = (value: unknown): Entity => (value ?? {}) as Entity // sound because only objects are kept there.

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
    ...card,
    query_type: 'stages' in query ? 'query' : 'native',
    database_id: query['database'],
    dataset_query: Number(/\d+(?=\.\d+\.)/.exec(tag)?.[0] ?? 65) < 57 ? query : now,
    legacy_query: JSON.stringify(query),
    visualization_settings: { ...added, ...object(card['visualization_settings']) },
  })
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

/** Arrays replace what was there; a negative number asks for a new one; with several tabs every tile needs one. */
function laid(dashboard: Entity, body: Entity, number: () => number): void {
  const made = new Map<unknown, number>()
  const idOf = (given: unknown, before: readonly Entity[]): number => {
    if (Number(given) >= 0) {
      if (!before.some(({ id }) => id === given)) throw new Refusal(400, { errors: { dashcards: 'unknown id' } })
      return Number(given)
    }
    if (made.has(given)) throw new Refusal(400, { errors: { dashcards: 'id twice' } })
    made.set(given, number())
    return made.get(given) ?? 0
  }
  if ('tabs' in body) {
    dashboard['tabs'] = list(body['tabs']).map((tab) => ({ ...tab, id: idOf(tab['id'], list(dashboard['tabs'])) }))
  }
  const tabs = list(dashboard['tabs'])
  if (!('dashcards' in body)) return
  const tabOf = new Map(made)
  made.clear()
  const cards = list(body['dashcards']).map((card) => {
    const tab = tabOf.get(card['dashboard_tab_id']) ?? card['dashboard_tab_id'] ?? null
    if (tabs.length >= 2 && tab === null)
      throw new Refusal(400, 'This dashboard has tabs, every card must have a tab id')
    if (Number(card['col']) + Number(card['size_x']) > 24) throw new Refusal(400, { errors: { col: 'grid' } })
    return { ...card, id: idOf(card['id'], list(dashboard['dashcards'])), dashboard_tab_id: tab }
  })
  // Their order is not kept.
  dashboard['dashcards'] = cards.toReversed()
}

const shownDashboard = (dashboard: Entity): Entity =>
  answerLike('dashboard', {
    width: 'fixed',
    ...dashboard,
    tabs: list(dashboard['tabs']).map((tab) => ({ ...tab, dashboard_id: dashboard['id'] })),
    dashcards: list(dashboard['dashcards']).map((card) =>
      answerLike('dashcard', { ...card, dashboard_id: dashboard['id'], entity_id: null }),
    ),
  })

const quoted = (name: string, sign: string) => `${sign}${name.replaceAll(sign, sign + sign)}${sign}`

function columnsOf(work: Work): ReadonlyMap<unknown, Column & { readonly target: unknown }> {
  const tables = [...work.standIn.tables.values()].flat()
  const columns = tables.flatMap((table) =>
    list(table['fields']).map((field) => {
      const [schema, name, column, type] = [table['schema'], table['name'], field['name'], field['database_type']]
      const facts = { schema: String(schema), table: String(name), column: String(column), type: String(type) }
      return [field['id'], { ...facts, target: field['fk_target_field_id'] }] as const
    }),
  )
  return new Map(columns)
}

const rangeOf = (value: unknown) => String(value).split('~')

/** What Metabase sends to the database: a field filter becomes a condition on the column, by its table's own name. */
function filled(work: Work, native: Entity, parameters: readonly Entity[]): string {
  const columns = columnsOf(work)
  const conditions = new Map<string, string>()
  for (const [name, tag] of Object.entries(object(native['template-tags']))) {
    const given = parameters.find((parameter) => JSON.stringify(parameter['target']).includes(`"${name}"`))
    const [, id] = list(object(tag)['dimension']) as unknown as [string, number]
    const found = columns.get(id)
    if (found === undefined) throw new Refusal(400, 'Could not find the column of a filter')
    if (given === undefined) continue
    const column = [found.schema, found.table, found.column].map((part) => quoted(part, '"')).join('.')
    const values = [given['value']].flat().map((value) => quoted(String(value), "'"))
    const [from, to] = rangeOf(given['value'])
    const isRange = object(tag)['widget-type'] === 'date/range'
    const range = `cast(${column} as date) between date '${from}' and date '${to}'`
    conditions.set(name, isRange ? range : `${column} in (${values.join(', ')})`)
  }
  return String(native['query'])
    .replaceAll(/\[\[(.*?)\]\]/gs, (_, part: string) =>
      /\{\{(\w[\w-]*)\}\}/.test(part) && [...conditions.keys()].some((name) => part.includes(`{{${name}}}`))
        ? part
        : '',
    )
    .replaceAll(/\{\{([\w-]+)\}\}/g, (_, name: string) => conditions.get(name) ?? '1 = 1')
}

/** A structured query, with the filters of its dashboard as conditions of its first stage. */
function structured(work: Work, stages: readonly Entity[], parameters: readonly Entity[]): string {
  const columns = columnsOf(work)
  const column = (id: unknown) => {
    const found = columns.get(id)
    if (found === undefined) throw new Refusal(400, `Could not find the column ${String(id)}`)
    return found
  }
  const tables = [...work.standIn.tables.values()].flat()
  const conditions = parameters.map(({ target, value }) => {
    const [, [, id, options], at] = target as [string, [string, unknown, Entity], Entity] // sound because targets are sent so.
    if (at['stage-number'] !== 0) throw new Refusal(400, 'A filter acts on the first stage')
    const field = ['field', options ?? {}, id]
    const isTime = /date|time/.test(column(id).type)
    return isTime ? ['between', {}, field, ...rangeOf(value)] : ['=', {}, field, ...[value].flat()]
  })
  return mbqlToSql(
    stages,
    {
      column,
      weekBegins: String(work.standIn.settings.get('start-of-week')),
      table: (id) => {
        const found = tables.find((table) => table['id'] === id)
        if (found === undefined) throw new Refusal(400, `Could not find the table ${String(id)}`)
        return { schema: String(found['schema']), table: String(found['name']) }
      },
      target: (key) => column(columns.get([...columns].find(([, each]) => each === key)?.[0])?.target),
    },
    conditions as never, // sound because they are clauses.
  )
}

async function run(work: Work, asked: Asked): Promise<Entity> {
  const card = one(work.standIn.cards, asked)
  const query = object(card['dataset_query'])
  const database = one(work.standIn.databases, { ...asked, id: Number(query['database']) })
  const parameters = list(asked.body['parameters'])
  const sql =
    'stages' in query
      ? structured(work, list(query['stages']), parameters)
      : filled(work, object(query['native']), parameters)
  try {
    const { rows, fields } = await connected(database['details'] as Details, async (client) => {
      await client.query(`set timezone = ${quoted(String(work.standIn.settings.get('report-timezone')), "'")}`)
      return client.query<unknown[]>({ text: sql, rowMode: 'array' })
    })
    const cols = fields.map(({ name }) => ({ name }))
    return { status: 'completed', row_count: rows.length, data: { rows, cols, native_form: { query: sql } } }
  } catch (error) {
    return { status: 'failed', row_count: 0, data: { rows: [], cols: [] }, error: `${error}` }
  }
}

const inCollection = (work: Work, { id, query }: Asked): Entity => {
  const of = (items: Entity[], model: string) =>
    items
      .filter((item) => item['collection_id'] === id && item['archived'] !== true)
      .map((item) => answerLike(`collection item, ${model}`, { ...onlyItem(item), model }))
  const all = [...of(work.standIn.cards, 'card'), ...of(work.standIn.dashboards, 'dashboard')]
  const [limit, offset] = [Number(query.get('limit')), Number(query.get('offset'))]
  return { data: all.slice(offset, offset + limit), total: all.length, limit, offset, models: query.getAll('models') }
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
  'PUT /collection/:id': ({ standIn }, asked) => Object.assign(one(standIn.collections, asked), asked.body),
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
    const cards = there(standIn.cards).filter((card) => id === null || object(card['dataset_query'])['database'] === id)
    return cards.map((card) => echoed(card, standIn.tag))
  },
  'GET /dashboard': ({ standIn }) => there(standIn.dashboards).map(shownDashboard),
  'GET /card/:id': ({ standIn }, asked) => echoed(one(standIn.cards, asked), standIn.tag),
  'POST /card': ({ standIn, number }, { body }) => {
    requireCard(body)
    const isTaken = standIn.cards.some((card) => card['entity_id'] === body['entity_id'])
    if (isTaken) throw new Refusal(400, { errors: { entity_id: 'taken' } })
    const card = { id: number(), archived: false, ...body }
    standIn.cards.push(card)
    return echoed(card, standIn.tag)
  },
  'PUT /card/:id': ({ standIn }, asked) => {
    requireCard(asked.body)
    return echoed(Object.assign(one(standIn.cards, asked), asked.body), standIn.tag)
  },
  'POST /card/:id/query': run,
  'GET /dashboard/:id': ({ standIn }, asked) => shownDashboard(one(standIn.dashboards, asked)),
  'POST /dashboard': ({ standIn, number }, { body }) => {
    const made = {
      id: number(),
      caveats: null,
      archived: false,
      parameters: [],
      ...body,
      dashcards: [],
      tabs: [],
      entity_id: 'x',
    }
    standIn.dashboards.push(made)
    return shownDashboard(made)
  },
  'PUT /dashboard/:id': ({ standIn, number }, asked) => {
    const dashboard = one(standIn.dashboards, asked)
    const { dashcards, tabs, ...given } = asked.body
    laid(dashboard, asked.body, number)
    return shownDashboard(Object.assign(dashboard, given))
  },
}
