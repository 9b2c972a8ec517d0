/**
 * The data dictionary of a publication as plain data: what is published, where it comes from, what was done to it and why,
 * and what of the register is not published. No connection is made. Its JSON is versioned: `schema.ts` describes it.
 */
import { createHash } from 'node:crypto'
import { requireSound } from '../lineage/check.ts'
import { neededColumns } from '../lineage/lineage.ts'
import type { Origin } from '../lineage/origin.ts'
import type { NumberRange } from '../publication/compute.ts'
import { isHistory } from '../publication/history.ts'
import { ownViewShapes } from '../publication/own-view.ts'
import { PRIVACY_CLASSES, type PrivacyClass } from '../publication/privacy.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import { schemasOf, unreadReason } from '../publication/register.ts'
import { projectionOf } from '../publication/select-text.ts'
import { primaryKeyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import type { Treatment } from '../publication/treatment.ts'

export const DICTIONARY_FORMAT = 'vitrine dictionary'
/** Goes up with each change of the shape. */
export const DICTIONARY_VERSION = 1

export interface DictionaryTreatment {
  readonly name: string
  readonly detail: string | null
  readonly reason: string | null
}
export interface DictionaryOrigin {
  readonly table: string
  readonly column: string
  readonly privacy: PrivacyClass
  /** A history table is made of published tables, the others of the source. */
  readonly published: boolean
  readonly treatments: readonly DictionaryTreatment[]
}
export interface DictionaryColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly comment: string
  readonly key: 'primary key' | 'unique' | null
  readonly references: { readonly table: string; readonly column: string } | null
  readonly minimum: number | null
  /** The highest class of its origins; null where it has none. */
  readonly privacy: PrivacyClass | null
  readonly origins: readonly DictionaryOrigin[]
  /** The only texts that may come out of its rule. */
  readonly values: readonly string[] | null
  readonly range: NumberRange | null
  /** Patterns of personal data that it may hold. */
  readonly accepts: readonly { readonly pattern: string; readonly reason: string }[]
}
export interface DictionaryTable {
  readonly name: string
  readonly comment: string
  readonly history: boolean
  /** Changes with its query: with the rows that are chosen, too. */
  readonly query: string
  readonly kAnonymity: { readonly k: number; readonly columns: readonly string[]; readonly otherwise: string } | null
  readonly columns: readonly DictionaryColumn[]
}
export interface DictionaryView {
  readonly name: string
  readonly comment: string
  readonly columns: readonly { readonly name: string; readonly comment: string | null }[]
}
export const USES = ['published', 'read', 'unread'] as const
export interface SourceColumn {
  readonly name: string
  readonly type: string
  readonly privacy: PrivacyClass
  /** What is only `read` joins, filters, orders or decides, and no published column is made of it. */
  readonly use: (typeof USES)[number]
}
export interface SourceTable {
  readonly name: string
  /** Why its other columns are not registered; null where all are. */
  readonly partly: string | null
  readonly columns: readonly SourceColumn[]
}
export interface Dictionary {
  readonly format: typeof DICTIONARY_FORMAT
  readonly version: number
  readonly publication: string
  readonly schema: string
  readonly reader: string
  readonly tables: readonly DictionaryTable[]
  readonly views: readonly DictionaryView[]
  readonly source: {
    readonly schema: string
    readonly tables: readonly SourceTable[]
    /** Functions that are not PostgreSQL's own, and why they may be called. */
    readonly functions: readonly { readonly name: string; readonly reason: string }[]
  }
}

/** Throws DEFINITION_INVALID with every problem of the publication. */
export async function dictionaryOf(publication: Publication): Promise<Dictionary> {
  const checked = await requireSound(publication)
  const lineage = new Map(checked.map((entry) => [`${entry.table}.${entry.column}`, entry.lineage]))
  const histories = new Set(publication.histories.map(({ name }) => name))
  const originsOf = (table: string, column: string) =>
    (lineage.get(`${table}.${column}`) ?? [])
      .map((origin) => originEntry(origin, histories.has(table)))
      // The order in which a query names them says nothing.
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  const { source, name, schema, reader } = publication
  const read = await neededColumns(source, publication.tables)
  const tables = publishedRelations(publication).map((table) => tableEntry(table, publication, originsOf))
  const origins = tables.flatMap(({ columns }) => columns.flatMap((column) => column.origins))
  const published = new Set(origins.filter((origin) => !origin.published).map(nameOf))
  const use = (table: string, column: string) =>
    published.has(`${table}.${column}`) ? 'published' : read.get(table)?.has(column) ? 'read' : 'unread'
  return {
    format: DICTIONARY_FORMAT,
    version: DICTIONARY_VERSION,
    publication: name,
    schema,
    reader,
    tables,
    views: viewsOf(publication),
    source: {
      schema: schemasOf(source).join(', '),
      tables: Object.entries(source.tables).map(([table, columns]) => ({
        name: table,
        partly: unreadReason(columns) ?? null,
        columns: Object.entries(columns).map(([column, { type, privacy }]) => ({
          name: column,
          type: type.name,
          privacy,
          use: use(table, column),
        })),
      })),
      functions: Object.entries(source.functions).map(([function_, reason]) => ({ name: function_, reason })),
    },
  }
}

export const nameOf = ({ table, column }: { readonly table: string; readonly column: string }): string =>
  `${table}.${column}`

function tableEntry(
  table: PublishedTable,
  publication: Publication,
  originsOf: (table: string, column: string) => readonly DictionaryOrigin[],
): DictionaryTable {
  return {
    name: table.name,
    comment: table.comment,
    history: isHistory(table),
    query: createHash('sha256').update(projectionOf(table).sql).digest('hex').slice(0, 16),
    kAnonymity: table.kAnonymous,
    columns: table.columns.map((column) => columnEntry(column, publication, originsOf(table.name, column.name))),
  }
}

function columnEntry(
  column: PublishedColumn,
  { tables }: Publication,
  origins: readonly DictionaryOrigin[],
): DictionaryColumn {
  const { value, reference } = column
  const target = tables.find(({ name }) => name === reference?.().name)
  const computed = value.kind === 'computed' ? value.computed : null
  return {
    name: column.name,
    type: column.type.name,
    nullable: column.isNullable,
    comment: column.comment,
    key: column.isPrimaryKey ? 'primary key' : column.isUnique ? 'unique' : null,
    references: target === undefined ? null : { table: target.name, column: primaryKeyOf(target) ?? '' },
    minimum: column.minimum,
    privacy: PRIVACY_CLASSES.findLast((name) => origins.some(({ privacy }) => privacy === name)) ?? null,
    origins,
    values: computed?.values ?? null,
    range: computed?.range ?? null,
    accepts: column.accepts,
  }
}

const originEntry = ({ table, column, privacy, treatments }: Origin, published: boolean): DictionaryOrigin => ({
  table,
  column,
  privacy,
  published,
  treatments: treatments.map(treatmentEntry),
})

/** The detail of these is the reason that was given. */
const REASONED: ReadonlySet<string> = new Set(['because', 'masked'])

function treatmentEntry({ name, detail, reason }: Treatment): DictionaryTreatment {
  if (REASONED.has(name)) return { name, detail: null, reason: detail }
  if (reason === undefined) return { name, detail, reason: null }
  return { name, detail: detail.slice(0, -`: ${reason}`.length), reason }
}

const viewsOf = (publication: Publication): readonly DictionaryView[] =>
  ownViewShapes(publication).map(({ name, comment, columns }) => ({
    name,
    comment,
    columns: columns.map((column) => ({ name: column.name, comment: column.comment })),
  }))
