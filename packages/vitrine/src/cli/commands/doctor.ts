/** `doctor`: proves by trying that the promises about roles, rights and separation hold, and prints what repairs them. */

import { diagnose, type Finding, requireHealthy } from '../../access/doctor.ts'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { remedyText } from '../../base/remedy.ts'
import type { Address } from '../../postgres/address.ts'
import type { Call, Command } from '../command.ts'
import type { Settings } from '../environment.ts'
import { readingOrReason, writing } from '../sessions.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'prove that the promises about roles, rights and separation hold',
  description:
    'Logs in as the writer, as the reader when METABASE_READER_URL is set and to the source when DATABASE_URL is set, and ' +
    'tries what each may and may not do. It leaves nothing behind. Exits with 5 when a promise does not hold.',
  options: {},
  examples: [{ line: 'doctor', says: 'after provision, after an upgrade, and from time to time' }],
  run,
}

/** A guarantee, and whether it holds. */
export interface Diagnosis extends Omit<Finding, 'repair'> {
  /** SQL or a command, one a line; empty when the guarantee holds. */
  readonly repair: string
}

/** What `doctor --json` prints. */
export interface DoctorAnswer {
  readonly healthy: boolean
  readonly findings: readonly Diagnosis[]
}

async function run(call: Call): Promise<ExitName> {
  const addresses = call.settings({ source: 'optional', target: 'required', reader: 'optional' })
  const found = await examine(call, addresses)
  return tellFindings(call, found)
}

/** Prints what was found. */
export function tellFindings(call: Call, found: readonly Finding[]): ExitName {
  const failure = failureIn(found)
  const findings = found.map((finding) => ({ ...finding, repair: remedyText(finding.repair, call.names) }))
  call.answer({ healthy: failure === null, findings } satisfies DoctorAnswer, () => findingsText(findings))
  if (failure === null) return 'ok'
  // Findings that were printed with their repairs are not told twice.
  if (call.json) call.tell(failure)
  else call.tell(new VitrineError('DOCTOR_FAILED', failure.detail === undefined ? {} : { detail: failure.detail }))
  return 'privilege'
}

const NO_READER = 'METABASE_READER_URL is not set, so nothing was tried as the reader'

async function examine(
  call: Call,
  { source, target, reader }: Pick<Settings, 'source' | 'reader'> & { target: Address },
): Promise<readonly Finding[]> {
  const unset = new VitrineError('SETTINGS_INVALID', { place: 'METABASE_READER_URL', detail: NO_READER })
  const findings = await writing(call, 'target', target, (asWriter) =>
    readingOrReason(call, 'target', reader, (asReader) =>
      readingOrReason(call, 'source', source, (ofSource) =>
        diagnose({ target: asWriter, reader: asReader ?? unset, source: ofSource }, call.publication),
      ),
    ),
  )
  return reader === null ? findings.map(withoutReader) : findings
}

/** What the team did not ask to be proved is said, and breaks no promise. */
function withoutReader(finding: Finding): Finding {
  if (finding.name !== 'reader-login' || finding.ok) return finding
  return { ...finding, severity: 'warning', actual: NO_READER, repair: '' }
}

function failureIn(findings: readonly Finding[]): VitrineError | null {
  try {
    requireHealthy(findings)
    return null
  } catch (error) {
    if (error instanceof VitrineError && error.code === 'DOCTOR_FAILED') return error
    throw error
  }
}

const MARKS = { ok: '✓', warning: '!', failure: '✗' } as const

function findingsText(findings: readonly Diagnosis[]): string {
  const lines = findings.flatMap(({ guarantee, ok, severity, expected, actual, repair }) => {
    const head = `${MARKS[ok ? 'ok' : severity]} ${guarantee}`
    if (ok) return [head]
    const repairs = repair === '' ? [] : [`    repair: ${repair.replaceAll('\n', '\n      ')}`]
    return [head, `    expected: ${expected}`, `    found: ${actual}`, ...repairs]
  })
  const warnings = findings.filter(({ ok, severity }) => !ok && severity === 'warning').length
  const held = counted(findings.filter(({ ok }) => ok).length, 'guarantee')
  return `${lines.join('\n')}\n\n${held} held${warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`}.\n`
}
