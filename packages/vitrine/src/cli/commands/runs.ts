/** `runs`: the record of the last runs, or everything that is recorded of one. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { duration, instant } from '../../base/format.ts'
import { runLockHolder } from '../../postgres/lock.ts'
import type { Publication } from '../../publication/publication.ts'
import { requireBookkeeping } from '../../record/bookkeeping.ts'
import { latestRuns, PHASES, type RunRecord } from '../../record/runs.ts'
import type { Call, Command } from '../command.ts'
import { PHASE_NAMES } from '../progress.ts'
import { outcomesText, runListText } from '../run-list.ts'
import { reading } from '../sessions.ts'

export const runsCommand: Command = {
  name: 'runs',
  parameters: '[run]',
  summary: 'show the record of the last runs, or of one',
  description:
    'Prints the last runs, the newest first: when each started, what started it, how it ended and why. With the number of a ' +
    'run, everything that is recorded of it: its phases, and for each table the rows, what changed since the version before, ' +
    'what was unknown and what looked implausible.',
  options: { '--last <n>': 'how many of the last runs to show (default: 20)' },
  examples: [
    { line: 'runs', says: 'the last twenty' },
    { line: 'runs 42', says: 'run 42, table by table' },
    { line: 'runs --last 365 --json', says: 'a year, for a program' },
  ],
  run,
}

/** What `runs --json` prints; one run when its number was given. Instants are ISO 8601 in UTC. */
export interface RunsAnswer {
  readonly publication: string
  readonly schema: string
  readonly runs: readonly RunRecord[]
}

const SHOWN = 20

async function run(call: Call): Promise<ExitName> {
  const number = wantedRun(call)
  const last = call.positive('last', SHOWN)
  const { publication } = call
  const { name, schema } = publication
  const { target } = call.settings({ target: 'required' })
  await reading(call, 'target', target, async (session) => {
    await requireBookkeeping(session, schema)
    const found = await latestRuns(session, schema, number === null ? last : 1, number)
    const underWay = (await runLockHolder(session, schema)) !== null
    if (number !== null && found[0]?.id !== number) {
      throw new VitrineError('USAGE', { place: `runs ${number}`, detail: 'The record has no run of this number.' })
    }
    const answer: RunsAnswer = { publication: name, schema, runs: found }
    call.answer(answer, () => {
      const list = runListText(found, underWay, publication)
      return number === null ? list : `${list}${found.map((record) => runText(record, publication)).join('')}`
    })
  })
  return 'ok'
}

/** Throws USAGE. */
function wantedRun(call: Call): number | null {
  const [text] = call.parameters
  if (text === undefined) return null
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new VitrineError('USAGE', { place: 'runs', detail: 'A run is given by its number, as the list shows it.' })
  }
  return Number(text)
}

function runText(run: RunRecord, publication: Publication): string {
  const times = PHASES.flatMap((phase) => {
    const milliseconds = run.phases[phase]
    return milliseconds === undefined ? [] : [`${PHASE_NAMES[phase]} ${duration(milliseconds)}`]
  })
  const warnings = run.tables.flatMap(({ table, warnings }) =>
    warnings.map(({ column, text }) => `implausible: ${table}.${column}: ${text}`),
  )
  const { dataOf, publishedAt, snapshotMilliseconds } = run
  return [
    publishedAt === null || dataOf === null
      ? 'Nothing was published.'
      : `Data of ${instant(dataOf, publication.zone)}.`,
    ...(times.length === 0 ? [] : [`Phases: ${times.join(', ')}.`]),
    ...(snapshotMilliseconds === null ? [] : [`The source’s snapshot was held for ${duration(snapshotMilliseconds)}.`]),
    ...(run.tables.length === 0 ? [] : [outcomesText(run.tables, publication)]),
    ...warnings,
    '',
  ].join('\n')
}
