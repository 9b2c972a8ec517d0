/** Reads the present state of all wanted items. Refuses an item that has our name but is not ours, before any change. */
import { VitrineError } from '../base/errors.ts'
import { questionsOf } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import type { Metabase } from './client.ts'
import { type Raw, readContent } from './content-state.ts'
import { type Attributes, type Item, nameOf } from './item.ts'
import { type Applied, isKnown, type Live, type There } from './metabase-plan.ts'
import { type Entity, entities, entityPart, idOf, isEntity, scalarOf, textOf, type Value } from './read-answer.ts'
import { groupsOf, OUTSIDE_DETAILS, RIGHTS, type Wanted } from './wanted.ts'

/** Metabase's own groups. */
export const EVERYONE = 1
export const ADMINISTRATORS = 2

export interface State {
  readonly there: There
  readonly sourceId: number | null
  /** Number of the team's group. */
  readonly groupId: number | null
  /** Numbers of the team's group and of others that may see a collection. */
  readonly groups: ReadonlyMap<string, number>
  readonly raw: Raw
  /** Data sources that are not ours: their numbers and names. */
  readonly others: readonly Entity[]
  /** The present formats of columns: ours are merged with those that people chose. */
  readonly formats: ReadonlyMap<string, Entity>
  /** What was last applied to this Metabase; empty when the record is of another one. */
  readonly applied: readonly Applied[]
}

/** The record with renamed questions and dashboards under their new keys. */
function renamed(recorded: readonly Applied[], { dashboards }: Publication): readonly Applied[] {
  const keys = (kind: string, all: readonly { key: string; previousKeys: readonly string[] }[]) =>
    all.flatMap(({ key, previousKeys }) => previousKeys.map((before) => [`${kind} ${before}`, key] as const))
  const moved = new Map<string, string>([
    ...keys('question', questionsOf(dashboards)),
    ...keys('dashboard', dashboards),
  ])
  return recorded.map((item) => ({ ...item, key: moved.get(nameOf(item)) ?? item.key }))
}

type Put = (item: Pick<Item, 'kind' | 'key'>, id: number | string, attributes: Attributes) => void

/** Throws METABASE_TAKEN, and what a request throws. */
export async function readState(metabase: Metabase, wanted: Wanted, recorded: readonly Applied[]): Promise<State> {
  const { metabase: names, schema } = wanted.publication
  const there = new Map<string, Live>()
  const formats = new Map<string, Entity>()
  const put: Put = (item, id, attributes) => there.set(nameOf(item), { id: String(id), attributes })
  const settings = await metabase.all('/setting')
  for (const item of wanted.items.filter(({ kind }) => kind === 'setting')) {
    const found = settings.find((setting) => setting['key'] === item.key) ?? {}
    const value = scalarOf(found, 'value') ?? scalarOf(found, 'default')
    // A setting from Metabase's environment variables cannot be changed.
    put(item, item.key, found['is_env_setting'] === true ? item.attributes : { value })
  }
  const databases = await metabase.all('/database')
  const found = sourceAmong(databases, wanted, recorded)
  // A record of another Metabase, or of a data source that no longer exists, does not apply. A begun one may.
  const isBegun = recorded.some(({ kind, id }) => kind === 'source' && id === '')
  const applied = found?.isRecorded === true || isBegun ? renamed(recorded, wanted.publication) : []
  const sourceId = found === null ? null : idOf(found.database, 'data source')
  const others = databases.filter((database) => database['id'] !== sourceId)
  if (sourceId !== null) {
    put({ kind: 'source', key: names.source }, sourceId, await sourceFacts(metabase, sourceId))
    const { tables } = await metabase.one(`/database/${sourceId}/metadata?include_hidden=true`)
    readTables(entities(tables, 'tables'), schema, put, formats)
  }
  const graph = await metabase.graph('/permissions/graph')
  const list = await metabase.all('/permissions/group')
  const groupNamed = (name: string): Entity | undefined => {
    const last = applied.find(({ kind, key }) => kind === 'group' && key === name)
    // Known by its number, so that people may rename it.
    return list.find(({ id }) => String(id) === last?.id) ?? list.find((group) => group['name'] === name)
  }
  const groupId = teamAmong(groupNamed(names.team), wanted, recorded, (id) => reachable(graph, id, others))
  const groups = new Map<string, number>([['everyone', EVERYONE]])
  for (const name of groupsOf(wanted.publication)) {
    const live = groupNamed(name)
    const id = name === names.team ? groupId : live === undefined ? null : idOf(live, 'group')
    if (id === null) continue
    groups.set(name, id)
    put({ kind: 'group', key: name }, id, { name: textOf(live ?? {}, 'name') })
  }
  readRights({ graph, sourceId, groupId, others }, put)
  const known = { columns: keysByNumber(there, 'column '), tables: keysByNumber(there, 'table ') }
  const raw = await readContent({ metabase, wanted, applied, names: known, sourceId, groups, put })
  return { there, sourceId, groupId, groups, raw, others, formats, applied: withNumbers(applied, wanted, there) }
}

/** Adds numbers to items of an interrupted application, and leaves out those that it did not make. */
function withNumbers(applied: readonly Applied[], { items }: Wanted, there: There): readonly Applied[] {
  const names = new Set(items.map(nameOf))
  return applied.flatMap((row) => {
    const id = row.id === '' && !names.has(nameOf(row)) ? there.get(nameOf(row))?.id : row.id
    return id === undefined ? [] : [{ ...row, id }]
  })
}

/** Keys by number, of one kind with a blank after it. */
export const keysByNumber = (there: There, kind: string): ReadonlyMap<unknown, string> =>
  new Map(
    [...there].flatMap(([name, { id }]) => (name.startsWith(kind) ? [[Number(id), name.slice(kind.length)]] : [])),
  )

const ADDRESS = ['host', 'port', 'dbname', 'user']

/** Our data source: the recorded one, if it still leads to the same database; otherwise the one with our name and address. */
function sourceAmong(databases: readonly Entity[], wanted: Wanted, recorded: readonly Applied[]) {
  const last = recorded.find(({ kind }) => kind === 'source')
  const known = databases.find(({ id }) => last !== undefined && String(id) === last.id)
  const same = (names: readonly string[], ours: Applied['attributes'], live: Attributes) =>
    names.every((name) => isKnown(ours[name], live[name] ?? null))
  if (last !== undefined && known !== undefined) {
    const live = sourceAttributes(known)
    const isOurs = same(['dbname', 'name'], last.attributes, live) || same(['dbname', 'host'], last.attributes, live)
    if (isOurs) return { database: known, isRecorded: true }
  }
  const [item] = wanted.items.filter(({ kind }) => kind === 'source')
  const named = databases.find(({ name }) => name === item?.key)
  if (named === undefined || item === undefined) return null
  const live = sourceAttributes(named)
  const filter = live['schema-filters-patterns'] ?? null
  const isOurs = filter === null || filter === item.attributes['schema-filters-patterns']
  if (isOurs && named['engine'] === 'postgres' && same(ADDRESS, item.attributes, live)) {
    return { database: named, isRecorded: false }
  }
  throw new VitrineError('METABASE_TAKEN', {
    place: `data source ${item.key}`,
    detail: 'It leads to another database, another role or another schema than ours.',
  })
}

function sourceAttributes(database: Entity): Attributes {
  const details = entityPart(database, 'details')
  const named = Object.keys(details).filter((name) => !/pass|secret|value|key/i.test(name))
  const port = Number(details['port'])
  return {
    ...Object.fromEntries(named.map((name) => [name, scalarOf(details, name)])),
    port: Number.isInteger(port) ? port : null,
    ...Object.fromEntries(OUTSIDE_DETAILS.map((name) => [name, scalarOf(database, name)])),
  }
}

async function sourceFacts(metabase: Metabase, id: number): Promise<Attributes> {
  const health = await metabase.one(`/database/${id}/healthcheck`)
  return { ...sourceAttributes(await metabase.one(`/database/${id}`)), connection: textOf(health, 'status') }
}

function readTables(tables: readonly Entity[], schema: string, put: Put, formats: Map<string, Entity>): void {
  const seen = tables.filter((table) => table['schema'] === schema && table['active'] !== false)
  const columns = seen.flatMap((table) =>
    entities(table['fields'] ?? [], 'columns')
      .filter((field) => field['active'] !== false && (field['parent_id'] ?? null) === null)
      .map((field) => ({ key: `${textOf(table, 'name')}.${textOf(field, 'name')}`, field })),
  )
  const keys = new Map(columns.map(({ key, field }) => [field['id'], key]))
  for (const table of seen) {
    const names = ['description', 'visibility_type', 'field_order']
    const attributes = Object.fromEntries(names.map((name) => [name, scalarOf(table, name)]))
    put({ kind: 'table', key: textOf(table, 'name') }, idOf(table, 'table'), attributes)
  }
  for (const { key, field } of columns) {
    const format = entityPart(field, 'settings')
    const names = ['description', 'visibility_type', 'semantic_type', 'has_field_values', 'display_name']
    put({ kind: 'column', key }, idOf(field, 'column'), {
      type: scalarOf(field, 'database_type'),
      ...Object.fromEntries(names.map((name) => [name, scalarOf(field, name)])),
      fk_target: keys.get(field['fk_target_field_id']) ?? null,
      ...Object.fromEntries(Object.keys(format).map((name) => [`settings.${name}`, scalarOf(format, name)])),
    })
    formats.set(key, format)
  }
}

/** The team's group. One with our name but with rights on other data is somebody else's, unless we made it. */
function teamAmong(
  found: Entity | undefined,
  { publication: { metabase } }: Wanted,
  recorded: readonly Applied[],
  reach: (group: number) => readonly string[],
): number | null {
  if (found === undefined) return null
  const id = idOf(found, 'group')
  const isOurs = recorded.some((item) => item.kind === 'group' && item.id === String(id))
  if (isOurs || (id > ADMINISTRATORS && reach(id).length === 0)) return id
  const detail = 'It was not made by us, and has rights on other data sources.'
  throw new VitrineError('METABASE_TAKEN', { place: `group ${metabase.team}`, detail })
}

/** The right of a group to query a data source: `no` when missing, `mixed` when it differs by table. */
export function queryRight(graph: Entity, group: number, source: number): string {
  const databases = graph[String(group)]
  const rights = isEntity(databases) ? databases[String(source)] : null
  const level = isEntity(rights) ? (rights['create-queries'] ?? 'no') : 'no'
  const leaves = new Set(leavesOf(level))
  return leaves.size === 1 ? String([...leaves][0]) : 'mixed'
}

const leavesOf = (level: unknown): readonly unknown[] =>
  isEntity(level) ? Object.values(level).flatMap(leavesOf) : [level]

/** Names of the data sources that a group may query. */
export const reachable = (graph: Entity, group: number, sources: readonly Entity[]): readonly string[] =>
  sources
    .filter((source) => queryRight(graph, group, idOf(source, 'data source')) !== 'no')
    .map((source) => textOf(source, 'name'))
    .toSorted()

type Places = Pick<State, 'sourceId' | 'groupId' | 'others'> & { readonly graph: Entity }

function readRights({ graph, sourceId, groupId, others }: Places, put: Put): void {
  const right = (key: string, id: string, attributes: Readonly<Record<string, Value>>) =>
    put({ kind: 'rights', key }, id, attributes)
  if (sourceId !== null) {
    right(RIGHTS.everyone, `${EVERYONE}/${sourceId}`, { 'create-queries': queryRight(graph, EVERYONE, sourceId) })
  }
  if (groupId === null) return
  if (sourceId !== null) {
    right(RIGHTS.team, `${groupId}/${sourceId}`, { 'create-queries': queryRight(graph, groupId, sourceId) })
  }
  right(RIGHTS.elsewhere, String(groupId), { sources: reachable(graph, groupId, others).join(', ') })
}
