/**
 * The tool's own views beside the published tables: how old each table is, the runs, why values are
 * unknown, and the publication's views over its tables. They run with the rights of their owner, the writer, so the reader
 * needs none on the bookkeeping. Every version has its own.
 */
import { type OwnViewSettings, ownViewShapes } from '../publication/own-view.ts'
import { ownViewNames, type Publication } from '../publication/publication.ts'
import { shapesOf, type TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { viewSql } from '../publication/view.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

export interface OwnView {
  readonly name: string
  readonly comment: string
  /** In the order of the view. */
  readonly columns: readonly string[]
  /** Creates the view in the schema asked for, its comments included. */
  readonly sql: string
}

/** SQL that translates words of the bookkeeping into those of the publication. */
const translated = (column: string, words: Readonly<Record<string, string>>): string =>
  `case ${column} ${Object.entries(words)
    .map(([word, text]) => `when ${literal(word)} then ${literal(text)}`)
    .join(' ')} else ${column} end`

const READ_AGAIN = 'from vitrine.run_table t where t.run_id = r.id and not t.carried'

/** What each view selects from the bookkeeping, in the order of its columns; `r` has the name of the schema. */
const selects = ({ runs }: OwnViewSettings): Readonly<Record<keyof OwnViewSettings, string>> => ({
  freshness: 'r.table_name, r.row_count, r.data_of, r.published_at from vitrine.freshness r',
  runs: `r.id, r.started_at, r.finished_at, ${translated('r.state', runs.states)}, ${translated('r.trigger', runs.triggers)},
    r.data_of, r.published_at, round(extract(epoch from r.finished_at - r.started_at), 1),
    (select count(*) ${READ_AGAIN}), (select coalesce(sum(t.row_count), 0)::bigint ${READ_AGAIN}), r.error_code from vitrine.run r`,
  unknowns: `r.table_name, u.key, cast(u.value as bigint), r.data_of
    from vitrine.freshness r cross join lateral jsonb_each_text(r.unknown) u`,
})

/**
 * The views that a version can have. A view over published tables needs the columns of the definition, which an older
 * version that comes back may lack.
 */
export function viewsFor(publication: Publication, shapes: readonly TableShape[]): readonly string[] {
  const columns = new Map(shapes.map((shape) => [shape.name, new Set(shape.columns.map(({ name }) => name))]))
  const isWhole = (name: string): boolean =>
    shapesOf(publication).some(
      (shape) => shape.name === name && shape.columns.every((column) => columns.get(name)?.has(column.name) === true),
    )
  const possible = publication.views.filter((view) => [...viewSql(view, publication.schema).tables].every(isWhole))
  return [...ownViewShapes(publication), ...possible].map(({ name }) => name)
}

/** Those of `names`, to be made in a schema. */
export function ownViews(
  publication: Publication,
  schema: string,
  names: readonly string[] = ownViewNames(publication),
): readonly OwnView[] {
  const views = publication.views.map((view) => madeView(view, schema, viewSql(view, schema).sql))
  return [...aboutTheData(publication, schema), ...views].filter(({ name }) => names.includes(name))
}

function madeView(
  { name, comment, columns }: Pick<PublishedTable, 'name' | 'comment'> & { readonly columns: readonly Told[] },
  schema: string,
  select: string,
): OwnView {
  const view = qualified(schema, name)
  const names = columns.map((column) => column.name)
  const comments = columns.flatMap((column) =>
    column.comment === null
      ? []
      : [`comment on column ${view}.${identifier(column.name)} is ${literal(column.comment)};`],
  )
  const sql = `create view ${view} (${names.map(identifier).join(', ')}) as ${select};
    comment on view ${view} is ${literal(comment)}; ${comments.join(' ')}`
  return { name, comment, columns: names, sql }
}
type Told = { readonly name: string; readonly comment: string | null }

function aboutTheData(publication: Publication, schema: string): readonly OwnView[] {
  const select = selects(publication)
  const about = ` where r.schema_name = ${literal(publication.schema)}`
  return ownViewShapes(publication).map((view) => madeView(view, schema, `select ${select[view.is]}${about}`))
}
