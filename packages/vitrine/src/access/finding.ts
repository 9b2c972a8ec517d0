/**
 * A finding of the doctor: one guarantee, whether it holds, and its repair. A guarantee is data: a name, a sentence,
 * and a proof. They are listed in the `…-proof.ts` files; what a proof tries is undone (`probe.ts`).
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { type Remedy, remedyLines } from '../base/remedy.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import type { AccessFacts } from './facts.ts'
import type { ProvisionStep } from './provision.ts'
import type { Grants } from './statement.ts'

/** A failure breaks a promise of the tool; a warning needs a decision of the team. */
export type Severity = 'failure' | 'warning'

export interface Finding {
  /** Stable, for scripts. */
  readonly name: string
  /** One sentence. */
  readonly guarantee: string
  readonly expected: string
  readonly actual: string
  readonly ok: boolean
  readonly severity: Severity
  /** SQL or a command, one a line; empty when the guarantee holds. */
  readonly repair: Remedy
}

/** What a guarantee is proved with. */
export interface Examination {
  readonly publication: Publication
  /** Of the target, as the session of its writer reads them. */
  readonly facts: AccessFacts
  /** The steps of provision, with what the writer's session could do. */
  readonly steps: readonly ProvisionStep[]
  readonly grants: Grants
  /** A run may publish this definition: `migrate` has approved it. */
  readonly approved: boolean
  /** Of the role that is examined. */
  readonly session: Session
  readonly role: string
}

type Text = string | ((examination: Examination) => string)
type Verdict = Pick<Finding, 'ok' | 'severity' | 'repair'> & { readonly actual?: string }

interface Guarantee {
  readonly guarantee: Text
  readonly expected: Text
  readonly proof: (examination: Examination) => Verdict | Promise<Verdict>
}

/** By their names, in the order of a report. */
export type Guarantees = Readonly<Record<string, Guarantee>>

/** `actual`: when it says more than the expected text. */
export const holds = (actual?: string): Verdict => ({
  ok: true,
  severity: 'failure',
  repair: '',
  ...(actual === undefined ? {} : { actual }),
})

export function broken(actual: string, repairs: Remedy | readonly Remedy[], severity: Severity = 'failure'): Verdict {
  return { ok: false, severity, repair: remedyLines([...new Set([repairs].flat())]), actual }
}

export async function findingsOf(guarantees: Guarantees, examination: Examination): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const text = (cell: Text) => (typeof cell === 'string' ? cell : cell(examination))
  for (const [name, { proof, ...row }] of Object.entries(guarantees)) {
    const [guarantee, expected] = [text(row.guarantee), text(row.expected)]
    findings.push(Object.freeze({ name, guarantee, expected, actual: expected, ...(await proof(examination)) }))
  }
  return findings
}

/** Names for a sentence: all of a few, the first of many. */
export function listed(names: readonly string[]): string {
  const shown = 10
  const more = names.length > shown ? ` and ${names.length - shown} more` : ''
  return `${names.slice(0, shown).join(', ')}${more}`
}

/** Names grouped by what is wrong with them, as one text. */
export const listedBy = (groups: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(groups)
    .filter(([, names]) => names.length > 0)
    .map(([wrong, names]) => `${wrong}: ${listed(names)}`)
    .join('; ')

/** Throws DOCTOR_FAILED with every failure. Warnings alone pass. */
export function requireHealthy(findings: readonly Finding[]): void {
  const problems: Problem[] = findings
    .filter(({ ok, severity }) => !ok && severity === 'failure')
    .map(({ name, guarantee, expected, actual, repair }) => ({
      place: name,
      detail: `${guarantee} Expected: ${expected}; found: ${actual}.`,
      remedy: repair,
    }))
  if (problems.length === 0) return
  const detail = problems.length === 1 ? 'One of them.' : `${problems.length} of them.`
  throw new VitrineError('DOCTOR_FAILED', { detail, problems })
}
