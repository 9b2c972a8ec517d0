/** `runs`: the record of the last runs, or everything that is recorded of one. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { runLockHolder } from '../../postgres/lock.ts'
import type { Publication } from '../../publication/publication.ts'
import { requireBookkeeping } from '../../record/bookkeeping.ts'
import { latestRuns, PHASES, type RunRecord } from '../../record/runs.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { duration, instant } from '../language.ts'
import { type RunListWords, runListText } from '../run-list.ts'
import { withSession } from '../sessions.ts'
import { outcomesText, type SyncWords } from './sync.ts'

export interface RunsWords extends CommandWords {
  readonly options: Readonly<Record<'last', string>>
  readonly dataOf: (instant: string) => string
  readonly unpublished: string
  /** The time of each phase, as `staging 1.2 s`. */
  readonly phases: (times: string) => string
  /** For how long the snapshot of the source was held. */
  readonly held: (time: string) => string
  readonly warning: (place: string, text: string) => string
}

export const runsEnglish: RunsWords = {
  summary: 'show the record of the last runs, or of one',
  description:
    'Prints the last runs, the newest first: when each started, what started it, how it ended and why. With the number of a ' +
    'run, everything that is recorded of it: its phases, and for each table the rows, what changed since the version before, ' +
    'what was unknown and what looked implausible.',
  options: { last: 'how many of the last runs to show (default: 20)' },
  examples: [
    { line: 'runs', says: 'the last twenty' },
    { line: 'runs 42', says: 'run 42, table by table' },
    { line: 'runs --last 365 --json', says: 'a year, for a program' },
  ],
  dataOf: (instant) => `Data of ${instant}.`,
  unpublished: 'Nothing was published.',
  phases: (times) => `Phases: ${times}.`,
  held: (time) => `The source’s snapshot was held for ${time}.`,
  warning: (place, text) => `implausible: ${place}: ${text}`,
}

/** What `runs --json` prints; one run when its number was given. Instants are ISO 8601 in UTC. */
export interface RunsAnswer {
  readonly publication: string
  readonly schema: string
  readonly runs: readonly RunRecord[]
}

const SHOWN = 20

/** The list is in the words of `status`, the tables in those of `sync`. */
export const defineRuns = (words: RunsWords, list: RunListWords, syncWords: SyncWords): Command =>
  Object.freeze({
    ...defineCommand('runs', words, { last: '--last <n>' }, (call) => runs(call, words, list, syncWords)),
    parameters: '[run]',
  })

async function runs(call: Call, words: RunsWords, list: RunListWords, syncWords: SyncWords): Promise<ExitName> {
  const number = wantedRun(call)
  const last = call.positive('last', SHOWN)
  const publication = await call.publication()
  const { name, schema } = publication
  const { target } = call.settings(publication, { target: 'required' })
  const wish = { side: 'target', address: target, readOnly: true } as const
  await withSession(call, publication, wish, async (session) => {
    await requireBookkeeping(session, schema)
    const found = await latestRuns(session, schema, number === null ? last : 1, number)
    const underWay = (await runLockHolder(session, schema)) !== null
    if (number !== null && found[0]?.id !== number) {
      throw new VitrineError('USAGE', { place: `runs ${number}`, detail: 'The record has no run of this number.' })
    }
    const answer: RunsAnswer = { publication: name, schema, runs: found }
    call.answer(answer, () => {
      const text = runListText(found, underWay, publication, call.language, list)
      return number === null ? text : `${text}${found.map((run) => runText(run, publication, call, words, syncWords))}`
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

function runText(run: RunRecord, publication: Publication, call: Call, words: RunsWords, syncWords: SyncWords): string {
  const { language } = call
  const times = PHASES.flatMap((phase) => {
    const milliseconds = run.phases[phase]
    return milliseconds === undefined ? [] : [`${syncWords.phases[phase]} ${duration(language, milliseconds)}`]
  })
  const warnings = run.tables.flatMap(({ table, warnings }) =>
    warnings.map(({ column, text }) => words.warning(`${table}.${column}`, text)),
  )
  return [
    run.publishedAt === null || run.dataOf === null
      ? words.unpublished
      : words.dataOf(instant(language, run.dataOf, publication.zone)),
    ...(times.length === 0 ? [] : [words.phases(times.join(', '))]),
    ...(run.snapshotMilliseconds === null ? [] : [words.held(duration(language, run.snapshotMilliseconds))]),
    ...(run.tables.length === 0 ? [] : [outcomesText(run.tables, publication, language, syncWords)]),
    ...warnings,
    '',
  ].join('\n')
}
