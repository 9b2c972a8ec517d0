/** A migration plan as text for people: what changes now, what the next run changes, what is left alone. Pure. */
import type { MigrationPlan } from './plan.ts'
import type { MigrationStep } from './plan-step.ts'

const MARKS: Readonly<Record<string, string>> = {
  new: '+',
  removed: '-',
  grant: '+',
  missing: '!',
}

const markOf = ({ kind }: MigrationStep): string => MARKS[kind.split(' ')[0] ?? ''] ?? '~'

function stepLines(step: MigrationStep, withSql: boolean): readonly string[] {
  const loss = step.losesData ? ' [data is lost]' : ''
  const sql = withSql ? step.sql.flatMap((statement) => statement.trim().split('\n')) : []
  return [`  ${markOf(step)} ${step.text}${loss}`, ...sql.map((line) => `      ${line.trim()}`)]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines]
}

/** The same plan gives the same text. With `sql`, each step is followed by its statements. */
export function planText(plan: MigrationPlan, options: { readonly sql?: boolean } = {}): string {
  const lines = (effect: MigrationStep['effect']) =>
    plan.steps.filter((step) => step.effect === effect).flatMap((step) => stepLines(step, options.sql === true))
  const now = lines('now')
  const conflicts = plan.conflicts.flatMap(({ place, detail, remedy }) => [
    `  ! ${place}: ${detail}`,
    ...(remedy === undefined ? [] : [`      ${remedy}`]),
  ])
  const head =
    now.length === 0 ? 'nothing to migrate' : `${plan.steps.filter(({ effect }) => effect === 'now').length} to migrate`
  return [
    `Schema ${plan.schema}: ${head}${plan.conflicts.length === 0 ? '' : `, ${plan.conflicts.length} in conflict`}.`,
    ...section('Conflicts, to be settled first:', conflicts),
    ...section('Now:', now),
    ...section('With the next run:', lines('next run')),
    ...section(
      'Not ours, left alone:',
      plan.foreign.map((name) => `    ${name}`),
    ),
  ].join('\n')
}
