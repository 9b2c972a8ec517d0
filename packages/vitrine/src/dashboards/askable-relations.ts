/** What questions can be asked of: the published tables and the views of the tool, with the kind of each column. */
import { own } from '../base/own.ts'
import type { Path } from '../publication/dashboard.ts'
import { ownViewShapes } from '../publication/own-view.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import { primaryKeyOf } from '../publication/shape.ts'
import type { ScalarKind } from '../sql/sql-type.ts'

export interface Attribute {
  readonly kind: ScalarKind
  readonly isNullable: boolean
  /** The closed list of its values, in its own order. */
  readonly values: readonly string[] | null
  /** The table that it refers to. */
  readonly target: string | null
}

export interface Relation {
  readonly key: string | null
  readonly columns: Readonly<Record<string, Attribute>>
}

export type Relations = Readonly<Record<string, Relation>>

/** The tool's own views; their first column acts as the key. */
const viewsOf = (publication: Publication): Relations =>
  Object.fromEntries(
    ownViewShapes(publication).map(({ name, columns }) => [
      name,
      {
        key: columns[0]?.name ?? null,
        columns: Object.fromEntries(
          columns.map(({ name: column, kind, isNullable, values }) => [
            column,
            { kind, isNullable, values, target: null },
          ]),
        ),
      },
    ]),
  )

const known = new WeakMap<Publication, Relations>()

/** Every relation that the reader finds, by name. */
export function relationsOf(publication: Publication): Relations {
  const relations = known.get(publication) ?? relationsIn(publication)
  known.set(publication, relations)
  return relations
}

function relationsIn(publication: Publication): Relations {
  const tables = [...publishedRelations(publication), ...publication.views].map((table): [string, Relation] => {
    const columns = table.columns.map(({ name, type, isNullable, value, reference }): [string, Attribute] => {
      const values = value.kind === 'computed' ? value.computed.values : null
      return [name, { kind: type.kind, isNullable, values, target: reference?.().name ?? null }]
    })
    return [table.name, { key: primaryKeyOf(table), columns: Object.fromEntries(columns) }]
  })
  return { ...Object.fromEntries(tables), ...viewsOf(publication) }
}

/** A column that a path leads to. */
export interface Reached extends Attribute {
  readonly table: string
  readonly column: string
  /** The foreign key that leads there; null for a column of the table itself. */
  readonly via: string | null
}

/** Undefined when no such column is published. A column behind a nullable key may be NULL. */
export function reached(relations: Relations, from: string, path: Path): Reached | undefined {
  const columns = own(relations, from)?.columns ?? {}
  const direct = own(columns, path)
  if (direct !== undefined) return { ...direct, table: from, column: path, via: null }
  const dot = path.indexOf('.')
  const [via, column] = [path.slice(0, dot), path.slice(dot + 1)]
  const key = dot < 0 ? undefined : own(columns, via)
  const there = key?.target == null ? undefined : own(own(relations, key.target)?.columns ?? {}, column)
  if (key?.target == null || there === undefined) return undefined
  return { ...there, isNullable: there.isNullable || key.isNullable, table: key.target, column, via }
}

export const isNumber = ({ kind }: Attribute): boolean =>
  ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'].includes(kind)
export const isTime = ({ kind }: Attribute): boolean => ['date', 'timestamp', 'timestamptz'].includes(kind)
export const isText = ({ kind }: Attribute): boolean => ['text', 'varchar', 'uuid'].includes(kind)
