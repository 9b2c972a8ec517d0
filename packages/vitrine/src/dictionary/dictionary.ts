/**
 * The data dictionary of a publication as plain data: what is published, where it comes from, what was done to it and why,
 * and what of the register is not published. No connection is made. Its JSON is versioned: `schema.ts` describes it.
 */
import { createHash } from 'node:crypto'
import { neededColumns } from '../lineage/lineage.ts'
import type { Origin } from '../lineage/origin.ts'
import { requireSound } from '../lineage/publication-check.ts'
import { isHistory } from '../publication/history.ts'
import { ownViewShapes } from '../publication/own-view.ts'
import { PRIVACY_CLASSES } from '../publication/privacy.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import { schemasOf, unreadReason } from '../publication/register.ts'
import { projectionOf } from '../publication/select-text.ts'
import { primaryKeyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import type { Treatment } from '../publication/treatment.ts'
import {
  DICTIONARY_FORMAT,
  DICTIONARY_VERSION,
  type Dictionary,
  type DictionaryColumn,
  type DictionaryOrigin,
  type DictionaryTable,
  type DictionaryTreatment,
  type DictionaryView,
} from './schema.ts'

/** Throws DEFINITION_INVALID with every problem of the publication. */
export async function dictionaryOf(publication: Publication): Promise<Dictionary> {
  const checked = await requireSound(publication)
  const lineage = new Map(checked.map((entry) => [`${entry.table}.${entry.column}`, entry.lineage]))
  // The origins of their columns are published columns.
  const derived = new Set([...publication.histories, ...publication.views].map(({ name }) => name))
  const originsOf = (table: string, column: string) =>
    (lineage.get(`${table}.${column}`) ?? [])
      .map((origin) => originEntry(origin, derived.has(table)))
      // Sorted, because the order in a query has no meaning.
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  const { source, name, schema, reader } = publication
  const read = await neededColumns(source, publication.tables)
  const tables = [...publishedRelations(publication), ...publication.views].map((table) =>
    tableEntry(table, publication, originsOf),
  )
  const origins = tables.flatMap(({ columns }) => columns.flatMap((column) => column.origins))
  const published = new Set(origins.filter((origin) => !origin.published).map(columnName))
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

export const columnName = ({ table, column }: { readonly table: string; readonly column: string }): string =>
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

const treatmentEntry = ({ name, parameters = [], reason }: Treatment): DictionaryTreatment => ({
  name,
  parameters,
  reason: reason ?? null,
})

const viewsOf = (publication: Publication): readonly DictionaryView[] =>
  ownViewShapes(publication).map(({ name, comment, columns }) => ({
    name,
    comment,
    columns: columns.map((column) => ({ name: column.name, comment: column.comment })),
  }))
