/**
 * What differs between two shapes, as steps that a person can read: tables, columns, keys, indexes, comments. Constraints and
 * indexes are compared by what they say, not by their names. Pure: the live, the approved and the wanted shapes all come here.
 */
import type { ColumnShape, ConstraintShape, IndexShape, TableShape } from '../publication/shape.ts'

export type StepKind =
  | 'new schema'
  | 'new table'
  | 'adopted table'
  | 'adopted history'
  | 'removed table'
  | 'new column'
  | 'removed column'
  | 'changed type'
  | 'changed nullability'
  | 'new constraint'
  | 'removed constraint'
  | 'new index'
  | 'removed index'
  | 'changed comment'
  | 'missing reader'
  | 'new view'
  | 'changed view'

export interface MigrationStep {
  readonly kind: StepKind
  /** A table, `table.column`, a schema or a role. */
  readonly place: string
  /** One line that says what changes. */
  readonly text: string
  /** Something that people look at goes: it needs a yes. */
  readonly withdraws: boolean
  /** The definition is as it was published: somebody changed the target without this tool. */
  readonly byHand: boolean
}

export const stepOf = (kind: StepKind, place: string, text: string, withdraws = false): MigrationStep =>
  Object.freeze({ kind, place, text, withdraws, byHand: false })

/** From the shapes that are there to those that are wanted, in the order of the definition; what goes comes last. */
export function differences(present: readonly TableShape[], wanted: readonly TableShape[]): readonly MigrationStep[] {
  const before = new Map(present.map((shape) => [shape.name, shape]))
  const names = new Set(wanted.map(({ name }) => name))
  return [
    ...wanted.flatMap((shape) => {
      const old = before.get(shape.name)
      return old === undefined ? [newTable(shape)] : tableSteps(old, shape)
    }),
    ...present
      .filter(({ name }) => !names.has(name))
      .map(({ name }) => stepOf('removed table', name, `table ${name} is withdrawn`, true)),
  ]
}

function newTable({ name, columns }: TableShape): MigrationStep {
  const size = `${columns.length} column${columns.length === 1 ? '' : 's'}`
  return stepOf('new table', name, `table ${name} is added, with ${size}`)
}

function tableSteps(before: TableShape, after: TableShape): readonly MigrationStep[] {
  return [
    ...columnSteps(before, after),
    ...constraintSteps(before, after),
    ...indexSteps(before, after),
    ...commentSteps(before, after),
  ]
}

function columnSteps(before: TableShape, after: TableShape): readonly MigrationStep[] {
  const old = new Map(before.columns.map((column) => [column.name, column]))
  const kept = new Set(after.columns.map(({ name }) => name))
  const place = (column: ColumnShape) => `${after.name}.${column.name}`
  return [
    ...after.columns.flatMap((column): readonly MigrationStep[] => {
      const was = old.get(column.name)
      const at = place(column)
      if (was === undefined) return [stepOf('new column', at, `column ${at} (${column.type}) is added`)]
      const nullability = column.nullable ? 'may be empty' : 'becomes not null'
      return [
        ...(was.type === column.type
          ? []
          : [stepOf('changed type', at, `column ${at} changes from ${was.type} to ${column.type}`)]),
        ...(was.nullable === column.nullable ? [] : [stepOf('changed nullability', at, `column ${at} ${nullability}`)]),
      ]
    }),
    ...before.columns
      .filter(({ name }) => !kept.has(name))
      .map((column) => stepOf('removed column', place(column), `column ${place(column)} is withdrawn`, true)),
  ]
}

/** Pairs equal items of two lists and returns those that are left over on either side. */
function leftOver<Item>(
  before: readonly Item[],
  after: readonly Item[],
  same: (one: Item, other: Item) => boolean,
): { readonly gone: readonly Item[]; readonly added: readonly Item[] } {
  const gone = [...before]
  const added = after.filter((item) => {
    const index = gone.findIndex((candidate) => same(candidate, item))
    if (index >= 0) gone.splice(index, 1)
    return index < 0
  })
  return { gone, added }
}

function constraintSteps(before: TableShape, after: TableShape): readonly MigrationStep[] {
  const { gone, added } = leftOver(
    before.constraints,
    after.constraints,
    (one, other) => one.kind === other.kind && one.definition === other.definition,
  )
  const place = ({ columns }: ConstraintShape) => (columns.length === 1 ? `${after.name}.${columns[0]}` : after.name)
  const step = (kind: StepKind, constraint: ConstraintShape, verb: string) =>
    stepOf(kind, place(constraint), `${constraintText(after.name, constraint)} ${verb}`)
  return [
    ...gone.map((constraint) => step('removed constraint', constraint, 'is dropped')),
    ...added.map((constraint) => step('new constraint', constraint, 'is added')),
  ]
}

function constraintText(table: string, { kind, columns, definition, references }: ConstraintShape): string {
  const list = columns.join(', ')
  if (kind === 'primary key') return `primary key (${list}) of ${table}`
  if (kind === 'unique') return `uniqueness of (${list}) in ${table}`
  if (kind === 'check') return `check ${definition.replace(/^CHECK \((.*)\)$/, '$1')} of ${table}`
  return `reference of ${table}.${list} to ${references}`
}

function indexSteps({ indexes }: TableShape, after: TableShape): readonly MigrationStep[] {
  const { gone, added } = leftOver(
    indexes,
    after.indexes,
    (one, other) => one.columns.join('\n') === other.columns.join('\n'),
  )
  const text = ({ columns }: IndexShape) => `index on (${columns.join(', ')}) of ${after.name}`
  return [
    ...gone.map((index) => stepOf('removed index', after.name, `${text(index)} is dropped`)),
    ...added.map((index) => stepOf('new index', after.name, `${text(index)} is added`)),
  ]
}

/** One step for all comments of a table: somebody who takes over a table without comments reads one line, not thirty. */
function commentSteps(before: TableShape, after: TableShape): readonly MigrationStep[] {
  const old = new Map(before.columns.map(({ name, comment }) => [name, comment]))
  const places = [
    ...(before.comment === after.comment ? [] : [after.name]),
    ...after.columns
      .filter(({ name, comment }) => old.has(name) && old.get(name) !== comment)
      .map(({ name }) => `${after.name}.${name}`),
  ]
  if (places.length === 0) return []
  const more = places.length === 1 ? '' : ` and ${places.length - 1} more`
  return [stepOf('changed comment', after.name, `the comment of ${places[0]}${more} changes`)]
}
