/**
 * What Metabase must hold for a publication: items with attributes to compare. Pure; derived only from
 * the definition and from the address at which Metabase finds the published database.
 */
import { VitrineError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { type Card, cardsOf, collectionsOf } from '../dashboards/card.ts'
import { boardOf, type MetabaseDashboard } from '../dashboards/metabase-dashboard.ts'
import { ownViewShapes } from '../publication/own-view.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import { primaryKeyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { shortName } from '../sql/sql-type.ts'
import { contentItems } from './content-items.ts'
import type { Attributes, Item } from './item.ts'

/** Where Metabase finds the published database: the reader's URL as Metabase's own machine reaches it. */
export interface DataSource {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret | null
  readonly sslMode: string
  /** Path of a PEM file on Metabase's machine; null for that machine's own authorities, or none. */
  readonly sslRootCert: string | null
}

export interface Wanted {
  readonly publication: Publication
  readonly source: DataSource
  readonly items: readonly Item[]
  readonly cards: readonly Card[]
  readonly boards: readonly MetabaseDashboard[]
}

export function wantedFrom(publication: Publication, source: DataSource): Wanted {
  const cards = cardsOf(publication)
  const boards = publication.dashboards.map((dashboard) => boardOf(dashboard, cards))
  const items = [...dataItems(publication, source), ...contentItems(publication, cards, boards)]
  return Object.freeze({ publication, source, items, cards, boards })
}

/** Names of the rights: of everyone, of the team on our data, of the team on what is not ours. */
export const RIGHTS = { everyone: 'everyone', team: 'the team', elsewhere: 'the team on other data sources' } as const

/** Hour of Metabase's own daily sync. Runs trigger one themselves; this is for changes in between. */
const SYNC_HOUR = 3
const SCAN_HOUR = 4
export const SCHEDULES = {
  metadata_sync: { schedule_type: 'daily', schedule_hour: SYNC_HOUR, schedule_minute: 0 },
  cache_field_values: { schedule_type: 'daily', schedule_hour: SCAN_HOUR, schedule_minute: 0 },
} as const

/** The attributes of a data source that are not among its `details`. */
export const OUTSIDE_DETAILS: readonly string[] = [
  'name',
  'is_full_sync',
  'is_on_demand',
  'auto_run_queries',
  'metadata_sync_schedule',
  'cache_field_values_schedule',
  'connection',
]

function dataItems(publication: Publication, source: DataSource): readonly Item[] {
  const { metabase, zone } = publication
  return [
    { kind: 'setting', key: 'report-timezone', attributes: { value: zone } },
    { kind: 'setting', key: 'site-locale', attributes: { value: metabaseLanguage(publication) } },
    // As PostgreSQL and everything else here counts weeks.
    { kind: 'setting', key: 'start-of-week', attributes: { value: 'monday' } },
    { kind: 'source', key: metabase.source, attributes: sourceAttributes(publication, source) },
    ...[...publishedRelations(publication), ...publication.views].flatMap((table) => itemsOf(table, publication)),
    ...ownViewItems(publication),
    ...groupsOf(publication).map((name): Item => ({ kind: 'group', key: name, attributes: { name } })),
    { kind: 'rights', key: RIGHTS.everyone, attributes: { 'create-queries': 'no' } },
    { kind: 'rights', key: RIGHTS.team, attributes: { 'create-queries': 'query-builder' } },
    { kind: 'rights', key: RIGHTS.elsewhere, attributes: { sources: '' } },
  ]
}

/** The team, and who else may see a collection. */
export const groupsOf = ({ metabase, dashboards }: Publication): readonly string[] => [
  ...new Set([metabase.team, ...collectionsOf(dashboards).flatMap(({ access }) => Object.keys(access))]),
]

/** Such as fr. */
export const metabaseLanguage = ({ locale }: Publication): string => new Intl.Locale(locale).language

function sourceAttributes({ schema, metabase }: Publication, source: DataSource): Attributes {
  if (/[,*\\]/.test(schema)) {
    const detail = 'Metabase’s filter of schemas cannot name a schema with a comma, an asterisk or a backslash.'
    throw new VitrineError('DEFINITION_INVALID', { place: schema, detail })
  }
  const { host, port, database, user, sslMode, sslRootCert } = source
  const tls = sslMode !== 'disable'
  return {
    name: metabase.source,
    host,
    port,
    dbname: database,
    user,
    ssl: tls,
    ...(tls ? { 'ssl-mode': sslMode } : {}),
    ...(sslRootCert === null ? {} : { 'ssl-root-cert-options': 'local', 'ssl-root-cert-path': sslRootCert }),
    'schema-filters-type': 'inclusion',
    'schema-filters-patterns': schema,
    // Otherwise Metabase would show a column for each key of a JSON document.
    'json-unfolding': false,
    // Tables are replaced under open connections: prepared statements would fail on the next version.
    'additional-options': 'prepareThreshold=0',
    'advanced-options': true,
    'tunnel-enabled': false,
    'let-user-control-scheduling': true,
    is_full_sync: true,
    is_on_demand: false,
    auto_run_queries: true,
    metadata_sync_schedule: `0 0 ${SYNC_HOUR} * * ? *`,
    cache_field_values_schedule: `0 0 ${SCAN_HOUR} * * ? *`,
    connection: 'ok',
  }
}

const tableItem = (key: string, description: string): Item => ({
  kind: 'table',
  key,
  attributes: { description, visibility_type: null, field_order: 'database' },
})

const itemsOf = (table: PublishedTable, publication: Publication): readonly Item[] => [
  tableItem(table.name, table.comment),
  ...table.columns.map((column): Item => {
    const key = `${table.name}.${column.name}`
    return { kind: 'column', key, attributes: columnAttributes(column, publication) }
  }),
]

function columnAttributes(column: PublishedColumn, publication: Publication): Attributes {
  const { shown, type, comment, reference } = column
  const target = reference === null ? null : publication.tables.find(({ name }) => name === reference().name)
  const meaning = meaningOf(column)
  return {
    // PostgreSQL's short names, which its JDBC driver and so Metabase show.
    type: shortName(type),
    description: comment,
    visibility_type: shown.hidden === true ? 'details-only' : 'normal',
    ...(meaning === null ? {} : { semantic_type: `type/${meaning}` }),
    ...(target == null ? {} : { fk_target: `${target.name}.${primaryKeyOf(target) ?? ''}` }),
    ...(meaning === 'Category' ? { has_field_values: 'list' } : {}),
    ...(shown.label === undefined ? {} : { display_name: shown.label }),
    ...Object.fromEntries(Object.entries(shown.format ?? {}).map(([name, value]) => [`settings.${name}`, value])),
  }
}

function meaningOf({ isPrimaryKey, reference, shown, value }: PublishedColumn): string | null {
  if (reference !== null) return 'FK'
  if (isPrimaryKey) return 'PK'
  const closed = value.kind === 'computed' && value.computed.values !== null
  return shown.as ?? (closed ? 'Category' : null)
}

/** The views that tell about the data. Their types follow from ours and are not asked for. */
const ownViewItems = (publication: Publication): readonly Item[] =>
  ownViewShapes(publication).flatMap(({ name, comment, columns }): readonly Item[] => [
    tableItem(name, comment),
    ...columns.map((column): Item => {
      const attributes: Attributes = column.comment === null ? {} : { description: column.comment }
      return { kind: 'column', key: `${name}.${column.name}`, attributes }
    }),
  ])
