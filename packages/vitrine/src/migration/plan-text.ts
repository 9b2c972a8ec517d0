/** A migration plan as text for people: what the next run changes, what is in the way, what is carried over. Pure. */
import { type CommandNames, plainCommandNames, remedyText } from '../base/remedy.ts'
import type { MigrationPlan } from './plan.ts'
import type { MigrationStep } from './shape-difference.ts'

const MARKS: Readonly<Record<string, string>> = { new: '+', removed: '-', missing: '!' }

const markOf = ({ kind }: MigrationStep): string => MARKS[kind.split(' ')[0] ?? ''] ?? '~'

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines]

/** The same plan gives the same text. */
export function planText(plan: MigrationPlan, names: CommandNames = plainCommandNames): string {
  const { schema, approved, steps, conflicts, foreign } = plan
  const changes = steps.length === 0 ? 'nothing changes' : `${steps.length} change${steps.length === 1 ? '' : 's'}`
  const state = approved ? 'approved' : 'not approved yet'
  const inConflict = conflicts.length === 0 ? '' : `, ${conflicts.length} in conflict`
  return [
    `Schema ${schema}: ${changes}, ${state}${inConflict}.`,
    ...section(
      'Conflicts, to be settled first:',
      conflicts.flatMap(({ place, detail, remedy }) => [
        `  ! ${place}: ${detail}`,
        ...(remedy === undefined ? [] : [`      ${remedyText(remedy, names)}`]),
      ]),
    ),
    ...section(
      'With the next run:',
      steps.map((step) => `  ${markOf(step)} ${step.text}`),
    ),
    ...section(
      'Not ours, carried over as it is:',
      foreign.map((name) => `    ${name}`),
    ),
  ].join('\n')
}
