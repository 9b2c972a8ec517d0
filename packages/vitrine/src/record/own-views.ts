/**
 * The views of ours that the reader finds beside the published tables: how old each table is, and the runs. They read the
 * bookkeeping with the right of the writer, who owns them, so the reader needs no other right. Every version has its own.
 */

import type { RunsColumn, RunsView } from '../publication/own-view.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

export interface OwnView {
  readonly name: string
  readonly comment: string
  /** In the order of the view. */
  readonly columns: readonly string[]
  /** What it tells, for a plan: `which tells …`. */
  readonly tells: string
  /** Creates the view in the schema asked for, its comments included. */
  readonly sql: string
}

export const ownViews = (publication: Publication, schema: string): readonly OwnView[] => [
  freshnessView(publication, schema),
  runsView(publication, schema),
]

function freshnessView({ freshness, schema: published }: Publication, schema: string): OwnView {
  const { name, comment } = freshness
  const { table, rows, dataOf, publishedAt } = freshness.columns
  const columns = [table, rows, dataOf, publishedAt]
  const view = qualified(schema, name)
  const sql = `create view ${view} (${columns.map(identifier).join(', ')}) as
    select table_name, row_count, data_of, published_at from vitrine.freshness where schema_name = ${literal(published)};
    comment on view ${view} is ${literal(comment)};`
  return { name, comment, columns, tells: 'how old each table is', sql }
}

/** A word of the publication's language for each word of the bookkeeping. */
const translated = (column: string, words: Readonly<Record<string, string>>): string =>
  `case ${column} ${Object.entries(words)
    .map(([word, text]) => `when ${literal(word)} then ${literal(text)}`)
    .join(' ')} else ${column} end`

/** In the order of the view. */
const valuesOf = ({ states, triggers }: RunsView): readonly (readonly [RunsColumn, string])[] => [
  ['run', 'r.id'],
  ['startedAt', 'r.started_at'],
  ['finishedAt', 'r.finished_at'],
  ['state', translated('r.state', states)],
  ['trigger', translated('r.trigger', triggers)],
  ['dataOf', 'r.data_of'],
  ['publishedAt', 'r.published_at'],
  ['seconds', 'round(extract(epoch from r.finished_at - r.started_at), 1)'],
  ['tables', '(select count(*) from vitrine.run_table t where t.run_id = r.id and not t.carried)'],
  [
    'rows',
    '(select coalesce(sum(t.row_count), 0)::bigint from vitrine.run_table t where t.run_id = r.id and not t.carried)',
  ],
  ['errorCode', 'r.error_code'],
]

function runsView({ runs, schema: published }: Publication, schema: string): OwnView {
  const { name, comment } = runs
  const values = valuesOf(runs)
  const columns = values.map(([column]) => runs.columns[column].name)
  const view = qualified(schema, name)
  const comments = values.map(
    ([column]) =>
      `comment on column ${view}.${identifier(runs.columns[column].name)} is ${literal(runs.columns[column].comment)};`,
  )
  const sql = `create view ${view} (${columns.map(identifier).join(', ')}) as
    select ${values.map(([, value]) => value).join(', ')}
    from vitrine.run r where r.schema_name = ${literal(published)};
    comment on view ${view} is ${literal(comment)};
    ${comments.join('\n    ')}`
  return { name, comment, columns, tells: 'the runs', sql }
}
