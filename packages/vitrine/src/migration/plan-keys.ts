/**
 * Plans the constraints and indexes of the tables. They are compared by what they say, not by their names. One that the
 * present rows might break is left to the next run; one that goes, goes now, references before the keys they point to.
 * Pure; called by `plan-tables.ts`.
 */

import type { ConstraintShape, IndexShape, TableShape } from '../publication/shape.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { addConstraintSql, createIndexSql } from './ddl.ts'
import type { TableContext } from './plan-context.ts'
import { type MigrationStep, type PhasedStep, stepOf } from './plan-step.ts'

/** Keys as `table(columns)`, the way a reference names them. */
export interface KeySurvey {
  readonly droppedKeys: ReadonlySet<string>
  /** Keys that references can point to once the keys are done. */
  readonly presentKeys: ReadonlySet<string>
}

const isReference = ({ kind }: ConstraintShape): boolean => kind === 'foreign key'
const isKey = ({ kind }: ConstraintShape): boolean => kind === 'primary key' || kind === 'unique'

const says = (constraint: ConstraintShape, other: ConstraintShape): boolean =>
  constraint.kind === other.kind && constraint.definition === other.definition

const COLUMN_LIST = /\((?<columns>[^)]*)\)/
const REFERRED_LIST = / REFERENCES [^(]*\((?<columns>[^)]*)\)/

const keyName = (table: string, { definition }: ConstraintShape): string =>
  `${table}(${COLUMN_LIST.exec(definition)?.groups?.['columns'] ?? ''})`

const referredKey = ({ definition, references }: ConstraintShape): string =>
  `${references}(${REFERRED_LIST.exec(definition)?.groups?.['columns'] ?? ''})`

interface ConstraintChanges {
  readonly dropped: readonly ConstraintShape[]
  readonly added: readonly ConstraintShape[]
  readonly kept: readonly ConstraintShape[]
}

/** `detached` are keys about to be dropped: a reference to one of them goes too, and comes back when it is wanted. */
function constraintChanges({ live, wanted, gone }: TableContext, detached: ReadonlySet<string>): ConstraintChanges {
  const present = [...(live?.shape.constraints ?? [])]
  const kept: ConstraintShape[] = []
  const added: ConstraintShape[] = []
  for (const constraint of wanted.constraints) {
    const alike = present.filter((candidate) => says(candidate, constraint))
    const match = alike.find(({ name }) => name === constraint.name) ?? alike[0]
    const stays =
      match !== undefined &&
      !match.columns.some((column) => gone.has(column)) &&
      !(isReference(match) && detached.has(referredKey(match)))
    if (!stays) added.push(constraint)
    else kept.push(...present.splice(present.indexOf(match), 1))
  }
  return { dropped: present, added, kept }
}

const NONE: ReadonlySet<string> = new Set()

export function surveyKeys(contexts: readonly TableContext[]): KeySurvey {
  const droppedKeys = new Set<string>()
  const presentKeys = new Set<string>()
  for (const context of contexts) {
    const { name } = context.wanted
    const { dropped, added, kept } = constraintChanges(context, NONE)
    for (const key of dropped.filter(isKey)) droppedKeys.add(keyName(name, key))
    const present = isEmpty(context) ? [...kept, ...added] : kept
    for (const key of present.filter(isKey)) presentKeys.add(keyName(name, key))
  }
  return { droppedKeys, presentKeys }
}

const isEmpty = ({ live }: TableContext): boolean => live === null || live.isEmpty

export function keySteps(context: TableContext, survey: KeySurvey): readonly PhasedStep[] {
  const changes = constraintChanges(context, survey.droppedKeys)
  // The keys and checks of a new table are part of its creation, and so are its indexes.
  const added = context.live === null ? changes.added.filter(isReference) : changes.added
  return [
    ...changes.dropped.map((constraint) => droppedConstraint(context, constraint)),
    ...added.map((constraint) => addedConstraint(context, constraint, survey)),
    ...(context.live === null ? [] : indexSteps(context)),
  ]
}

function describe(table: string, { kind, columns, definition, references }: ConstraintShape): string {
  const list = columns.join(', ')
  if (kind === 'primary key') return `primary key (${list}) of ${table}`
  if (kind === 'unique') return `uniqueness of (${list}) in ${table}`
  if (kind === 'check') return `check ${definition.replace(/^CHECK \((.*)\)$/, '$1')} of ${table}`
  return `reference of ${table}.${list} to ${references}`
}

const placeOf = (table: string, { columns }: ConstraintShape): string =>
  columns.length === 1 ? `${table}.${columns[0]}` : table

const knew = (applied: TableShape | null, constraint: ConstraintShape): boolean =>
  applied?.constraints.some((candidate) => says(candidate, constraint)) === true

function droppedConstraint({ schema, wanted, applied }: TableContext, constraint: ConstraintShape): PhasedStep {
  const { name } = wanted
  const sql = [`alter table ${qualified(schema, name)} drop constraint ${identifier(constraint.name)}`]
  const byHand = applied !== null && !knew(applied, constraint)
  const text = `${describe(name, constraint)} is dropped`
  const step = stepOf('removed constraint', placeOf(name, constraint), text, sql, { byHand })
  return { phase: isReference(constraint) ? 'detach' : 'unkey', step }
}

function addedConstraint(context: TableContext, constraint: ConstraintShape, survey: KeySurvey): PhasedStep {
  const { schema, wanted, live, applied } = context
  const place = placeOf(wanted.name, constraint)
  const what = describe(wanted.name, constraint)
  const phase = isReference(constraint) ? 'references' : 'keys'
  const holds = isEmpty(context) && (!isReference(constraint) || survey.presentKeys.has(referredKey(constraint)))
  if (!holds) {
    // Not called a hand edit: what the last migration left to the next run looks the same until then.
    const step = stepOf('new constraint', place, `${what} comes with the next run`, [], { effect: 'next run' })
    return { phase, step }
  }
  const missing = live?.shape.constraints.some((candidate) => says(candidate, constraint)) === false
  const sql = [addConstraintSql(schema, wanted.name, constraint)]
  const byHand = missing && knew(applied, constraint)
  return { phase, step: stepOf('new constraint', place, `${what} is added`, sql, { byHand }) }
}

const sameColumns = (one: IndexShape, other: IndexShape): boolean =>
  one.columns.length === other.columns.length && one.columns.every((column, at) => column === other.columns[at])

/** Indexes that we did not make are left to the next run, whose tables do not have them. */
function indexSteps(context: TableContext): readonly PhasedStep[] {
  const { live, wanted, applied, gone } = context
  const present = (live?.shape.indexes ?? []).filter((index) => !touches(index, gone))
  const missing: IndexShape[] = []
  for (const index of wanted.indexes) {
    const alike = present.filter((candidate) => sameColumns(candidate, index))
    const match = alike.find(({ name }) => name === index.name) ?? alike[0]
    if (match === undefined) missing.push(index)
    else present.splice(present.indexOf(match), 1)
  }
  const isOurs = (index: IndexShape) => applied?.indexes.some((known) => sameColumns(known, index)) === true
  const unwanted = [
    ...present.map((index) => ({ name: index.name, ours: isOurs(index) })),
    ...(live?.extras ?? []).map((name) => ({ name, ours: false })),
  ]
  const steps = [
    ...unwanted.map(({ name, ours }) => {
      const inTheWay = missing.some((index) => index.name === name)
      return ours || inTheWay ? droppedIndex(context, name, !ours) : leftIndex(context, name)
    }),
    ...missing.map((index) => newIndex(context, index, isOurs(index) && !touches(index, gone))),
  ]
  return steps.map((step) => ({ phase: 'indexes', step }))
}

const touches = ({ columns }: IndexShape, gone: ReadonlySet<string>): boolean =>
  columns.some((column) => gone.has(column))

function droppedIndex({ schema, wanted, applied }: TableContext, name: string, foreign: boolean): MigrationStep {
  const sql = [`drop index ${qualified(schema, name)}`]
  const byHand = applied !== null && foreign
  return stepOf('removed index', wanted.name, `index ${name} of ${wanted.name} is dropped`, sql, { byHand })
}

/** Not called a hand edit: an index of the application that made the tables before us looks the same. */
function leftIndex({ wanted }: TableContext, name: string): MigrationStep {
  const text = `index ${name} of ${wanted.name}, which this tool did not make, goes with the next run`
  return stepOf('removed index', wanted.name, text, [], { effect: 'next run' })
}

function newIndex({ schema, wanted }: TableContext, index: IndexShape, byHand: boolean): MigrationStep {
  const text = `index on (${index.columns.join(', ')}) of ${wanted.name} is created`
  return stepOf('new index', wanted.name, text, [createIndexSql(schema, wanted.name, index)], { byHand })
}
