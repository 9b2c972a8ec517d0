/**
 * Plans the columns and comments of a table that stays. A column that cannot be not-null yet is left nullable: the next run
 * builds the table anew and makes it so. Pure; called by `plan-tables.ts`.
 */

import type { LiveTable } from '../catalogue/live-shape.ts'
import type { ColumnShape } from '../publication/shape.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import type { ColumnChange } from './column-change.ts'
import type { TableContext } from './plan-context.ts'
import { type MigrationStep, type PhasedStep, stepOf } from './plan-step.ts'

export function columnSteps(context: TableContext): readonly PhasedStep[] {
  const { live, changes } = context
  if (live === null) return []
  const steps = changes.flatMap((change) => changeSteps(new ColumnPlan(context, live, change)))
  return steps.map((step) => ({ phase: 'columns', step }))
}

function changeSteps(plan: ColumnPlan): readonly MigrationStep[] {
  switch (plan.change.fate) {
    case 'new':
      return [plan.added()]
    case 'removed':
      return [plan.removed()]
    case 'emptied':
      return [plan.emptied()]
    case 'converted':
      return [plan.converted(), ...plan.nullability()]
    case 'kept':
      return [...plan.identity(), ...plan.nullability()]
  }
}

/** The steps of one column. */
class ColumnPlan {
  readonly change: ColumnChange
  readonly #live: LiveTable
  readonly #place: string
  readonly #alter: string
  readonly #applied: ColumnShape | undefined
  readonly #tableWasApplied: boolean

  constructor({ schema, wanted, applied }: TableContext, live: LiveTable, change: ColumnChange) {
    this.change = change
    this.#live = live
    this.#place = `${wanted.name}.${change.name}`
    this.#alter = `alter table ${qualified(schema, wanted.name)}`
    this.#applied = applied?.columns.find(({ name }) => name === change.name)
    this.#tableWasApplied = applied !== null
  }

  get #column(): string {
    return `${this.#alter} alter column ${identifier(this.change.name)}`
  }

  /** Adds the column as far as the present rows allow. */
  #add(wanted: ColumnShape): readonly string[] {
    const notNull = !wanted.nullable && this.#live.isEmpty ? ' not null' : ''
    const column = identifier(wanted.name)
    const table = this.#alter.replace('alter table ', '')
    return [
      `${this.#alter} add column ${column} ${wanted.type}${notNull}`,
      `comment on column ${table}.${column} is ${literal(wanted.comment)}`,
    ]
  }

  #untilNextRun(wanted: ColumnShape): string {
    if (this.#live.isEmpty) return ''
    return wanted.nullable ? ', empty until the next run' : ', empty until the next run, which makes it not null'
  }

  added(): MigrationStep {
    const wanted = this.change.wanted as ColumnShape // sound because a new column is wanted.
    const text = `column ${this.#place} (${wanted.type}) is added${this.#untilNextRun(wanted)}`
    return stepOf('new column', this.#place, text, this.#add(wanted), { byHand: this.#applied !== undefined })
  }

  removed(): MigrationStep {
    const losesData = !this.#live.isEmpty
    const text = `column ${this.#place} is dropped${losesData ? ', with its values' : ''}`
    const sql = [`${this.#alter} drop column ${identifier(this.change.name)}`]
    const byHand = this.#tableWasApplied && this.#applied === undefined
    return stepOf('removed column', this.#place, text, sql, { byHand, losesData })
  }

  #typeByHand(): boolean {
    return this.#applied !== undefined && this.#applied.type !== this.change.live?.type
  }

  converted(): MigrationStep {
    const { live, wanted } = this.#both()
    // A default or a numbering of the old type would stop the conversion; published columns have neither.
    const unset = this.#live.identityColumns.includes(live.name) ? 'drop identity' : 'drop default'
    const sql = [
      `${this.#column} ${unset}`,
      `${this.#column} type ${wanted.type} using cast(${identifier(live.name)} as ${wanted.type})`,
    ]
    const text = `column ${this.#place} changes from ${live.type} to ${wanted.type} and keeps its values`
    return stepOf('changed type', this.#place, text, sql, { byHand: this.#typeByHand() })
  }

  emptied(): MigrationStep {
    const { live, wanted } = this.#both()
    const losesData = !this.#live.isEmpty
    const loss = losesData ? ': its values go' : ''
    const text = `column ${this.#place} changes from ${live.type} to ${wanted.type}${loss}${this.#untilNextRun(wanted)}`
    const sql = [`${this.#alter} drop column ${identifier(live.name)}`, ...this.#add(wanted)]
    return stepOf('changed type', this.#place, text, sql, { byHand: this.#typeByHand(), losesData })
  }

  identity(): readonly MigrationStep[] {
    if (!this.#live.identityColumns.includes(this.change.name)) return []
    const text = `column ${this.#place} stops numbering rows by itself`
    const byHand = this.#tableWasApplied
    return [stepOf('removed identity', this.#place, text, [`${this.#column} drop identity`], { byHand })]
  }

  nullability(): readonly MigrationStep[] {
    const { live, wanted } = this.#both()
    if (live.nullable === wanted.nullable) return []
    const byHand = this.#applied !== undefined && this.#applied.nullable !== live.nullable
    if (wanted.nullable) {
      const sql = [`${this.#column} drop not null`]
      return [stepOf('changed nullability', this.#place, `column ${this.#place} may be empty`, sql, { byHand })]
    }
    if (this.#live.isEmpty) {
      const sql = [`${this.#column} set not null`]
      return [stepOf('changed nullability', this.#place, `column ${this.#place} becomes not null`, sql, { byHand })]
    }
    // Not called a hand edit: a column added by the last migration looks the same until a run has filled it.
    const text = `column ${this.#place} becomes not null with the next run`
    return [stepOf('changed nullability', this.#place, text, [], { effect: 'next run' })]
  }

  #both(): { live: ColumnShape; wanted: ColumnShape } {
    // sound because a column that stays, whatever becomes of it, is both live and wanted.
    return this.change as { live: ColumnShape; wanted: ColumnShape }
  }
}

/** One step for all comments of a table: somebody who takes over a table without comments reads one line, not thirty. */
export function commentSteps(context: TableContext): readonly PhasedStep[] {
  const { schema, wanted, live, applied, changes } = context
  if (live === null) return []
  const table = qualified(schema, wanted.name)
  const sql: string[] = []
  const places: string[] = []
  let byHand = false
  const compare = (
    place: string,
    target: string,
    texts: Record<'live' | 'wanted', string | null>,
    before?: string | null,
  ) => {
    if (texts.live === texts.wanted) return
    places.push(place)
    sql.push(`comment on ${target} is ${literal(texts.wanted)}`)
    byHand ||= before !== undefined && before !== texts.live
  }
  compare(wanted.name, `table ${table}`, { live: live.shape.comment, wanted: wanted.comment }, applied?.comment)
  for (const { name, live: column, wanted: next, fate } of changes) {
    if (column === null || next === null || fate === 'emptied') continue
    const before = applied?.columns.find((candidate) => candidate.name === name)?.comment
    const target = `column ${table}.${identifier(name)}`
    compare(`${wanted.name}.${name}`, target, { live: column.comment, wanted: next.comment }, before)
  }
  if (places.length === 0) return []
  const more = places.length === 1 ? '' : ` and ${places.length - 1} more`
  const text = `the comment of ${places[0]}${more} changes`
  return [{ phase: 'comments', step: stepOf('changed comment', wanted.name, text, sql, { byHand }) }]
}
