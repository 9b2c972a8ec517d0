/** Why there is no figure where one was asked for: what a run recorded of the tables that the question reads. */

import { own } from '../base/own.ts'
import { figureOf, type TileState } from '../drawing/answer.ts'
import { type Display, questionsOf } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier } from '../sql/quote.ts'
import type { TableAge } from './answers.ts'
import type { AskedQuestion } from './asking.ts'

const figuresOf = (display: Display): readonly string[] =>
  'y' in display ? display.y : 'value' in display ? [display.value] : []

/** What people call a reason, where a question that lists reasons has names for them. */
export function reasonNames({ unknowns, dashboards }: Publication): (reason: string) => string {
  const names = questionsOf(dashboards).flatMap(({ query, columns }) =>
    query.kind === 'listing' && query.from === unknowns.name
      ? Object.entries(query.columns).flatMap(([name, path]) =>
          path === unknowns.columns.reason.name ? Object.entries(own(columns, name)?.names ?? {}) : [],
        )
      : [],
  )
  const known = new Map(names)
  return (reason) => known.get(reason) ?? reason.replaceAll('_', ' ')
}

/** An answer without a single figure is an unknown one. */
export function explained(
  state: TileState,
  { question, ask }: AskedQuestion,
  ages: readonly TableAge[],
  publication: Publication,
): TileState {
  if (state.kind !== 'answer') return state
  const { columns, rows } = state.answer
  const shown = columns.flatMap(({ name }, at) => (figuresOf(question.display).includes(name) ? [at] : []))
  if (shown.length === 0 || rows.some((row) => shown.some((at) => figureOf(row[at]) !== null))) return state
  const read = ages.filter(({ table }) => ask.sql.includes(identifier(table)))
  const name = reasonNames(publication)
  const reasons = Object.entries(unknownIn(read)).map(([reason, count]) => [name(reason), count] as const)
  return { kind: 'empty', why: 'unknown', reasons: Object.fromEntries(reasons) }
}

/** In how many rows of some tables something is unknown, by reason. */
export function unknownIn(ages: readonly Pick<TableAge, 'unknown'>[]): Readonly<Record<string, number>> {
  const reasons: Record<string, number> = {}
  for (const { unknown } of ages)
    for (const [reason, count] of Object.entries(unknown)) reasons[reason] = (reasons[reason] ?? 0) + count
  return reasons
}
