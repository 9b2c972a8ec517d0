/** `doctor`: proves by trying that the promises about roles, rights and separation hold, and prints what repairs them. */

import { diagnose, type Finding, requireHealthy } from '../../access/doctor.ts'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import type { Address } from '../../postgres/address.ts'
import type { Session } from '../../postgres/connect.ts'
import type { Publication } from '../../publication/publication.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { counted } from '../language.ts'
import { withSession, withSessionOrReason } from '../sessions.ts'

export interface DoctorWords extends CommandWords {
  readonly options: Readonly<Record<string, never>>
  readonly expected: string
  readonly found: string
  readonly repair: string
  readonly healthy: (guarantees: number, warnings: number) => string
  readonly noReader: string
}

export const doctorEnglish: DoctorWords = {
  summary: 'prove that the promises about roles, rights and separation hold',
  description:
    'Logs in as the writer, as the reader when METABASE_READER_URL is set and to the source when DATABASE_URL is set, and ' +
    'tries what each may and may not do. It leaves nothing behind. Exits with 5 when a promise does not hold.',
  options: {},
  examples: [{ line: 'doctor', says: 'after provision, after an upgrade, and from time to time' }],
  expected: 'expected',
  found: 'found',
  repair: 'repair',
  healthy: (guarantees, warnings) =>
    `${counted(guarantees, 'guarantee')} held${warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`}.`,
  noReader: 'METABASE_READER_URL is not set, so nothing was tried as the reader',
}

/** What `doctor --json` prints. */
export interface DoctorAnswer {
  readonly healthy: boolean
  readonly findings: readonly Finding[]
}

export const defineDoctor = (words: DoctorWords): Command =>
  defineCommand('doctor', words, {}, (call) => doctor(call, words))

async function doctor(call: Call, words: DoctorWords): Promise<ExitName> {
  const publication = await call.publication()
  const needs = { source: 'optional', target: 'required', reader: 'optional' } as const
  const addresses = call.settings(publication, needs)
  const findings = await examine(call, publication, addresses, words)
  const failure = failureIn(findings)
  call.answer({ healthy: failure === null, findings } satisfies DoctorAnswer, () =>
    call.withOwnNames(findingsText(findings, words)),
  )
  if (failure === null) return 'ok'
  // Findings that were printed with their repairs are not told twice.
  if (call.json) call.tell(failure)
  else call.tell(new VitrineError('DOCTOR_FAILED', failure.detail === undefined ? {} : { detail: failure.detail }))
  return 'privilege'
}

interface Addresses {
  readonly source: Address | null
  readonly target: Address
  readonly reader: Address | null
}

function examine(
  call: Call,
  publication: Publication,
  { source, target, reader }: Addresses,
  words: DoctorWords,
): Promise<readonly Finding[]> {
  const unset = new VitrineError('SETTINGS_INVALID', { place: 'METABASE_READER_URL', detail: words.noReader })
  const asReader = (work: (session: Session | VitrineError) => Promise<readonly Finding[]>) =>
    reader === null
      ? work(unset).then((findings) => findings.map((finding) => withoutReader(finding, words)))
      : withSessionOrReason(call, publication, { side: 'target', address: reader, readOnly: true }, work)
  const onSource = (work: (session: Session | VitrineError | null) => Promise<readonly Finding[]>) =>
    source === null
      ? work(null)
      : withSessionOrReason(call, publication, { side: 'source', address: source, readOnly: true }, work)
  return withSession(call, publication, { side: 'target', address: target, readOnly: false }, (asWriter) =>
    asReader((readerSession) =>
      onSource((sourceSession) =>
        diagnose({ target: asWriter, reader: readerSession, source: sourceSession }, publication),
      ),
    ),
  )
}

/** What the team did not ask to be proved is said, and breaks no promise. */
function withoutReader(finding: Finding, { noReader }: DoctorWords): Finding {
  if (finding.name !== 'reader-login' || finding.ok) return finding
  return { ...finding, severity: 'warning', actual: noReader, repair: '' }
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

function findingsText(findings: readonly Finding[], words: DoctorWords): string {
  const lines = findings.flatMap(({ guarantee, ok, severity, expected, actual, repair }) => {
    const head = `${MARKS[ok ? 'ok' : severity]} ${guarantee}`
    if (ok) return [head]
    const repairs =
      repair === '' ? [] : repair.split('\n').map((line, i) => `    ${i === 0 ? `${words.repair}: ` : '  '}${line}`)
    return [head, `    ${words.expected}: ${expected}`, `    ${words.found}: ${actual}`, ...repairs]
  })
  const warnings = findings.filter(({ ok, severity }) => !ok && severity === 'warning').length
  const held = findings.filter(({ ok }) => ok).length
  return `${lines.join('\n')}\n\n${words.healthy(held, warnings)}\n`
}
