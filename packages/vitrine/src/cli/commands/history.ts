/** `history`: the recorded days of a history table, out to a CSV file and in from one. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { countText } from '../../base/format.ts'
import type { ImportReport } from '../../history/history-import.ts'
import type { Call, Command } from '../command.ts'
import { readText } from '../file.ts'
import { reading, withWritableTarget } from '../sessions.ts'

export const historyCommand: Command = {
  name: 'history',
  parameters: '<export|import> <table> [file]',
  summary: 'export or import the recorded days of a history table, as CSV',
  description:
    'History tables accumulate, one row a day, and cannot be computed again: their days are kept in a ledger that no drop ' +
    'touches. Export writes them to stdout. Import adds the days of a file to the ledger, all or none; they are published ' +
    'by the next sync. Days that the ledger has already are kept.',
  options: {
    '--replace': 'import: take the days of the file instead of those recorded',
    '--dry-run': 'import: check the file and record nothing',
  },
  examples: [
    { line: 'history export shop_stats > stats.csv', says: 'a copy for safe keeping' },
    { line: 'history import shop_stats stats.csv --dry-run', says: 'is the file understood?' },
    { line: 'history import shop_stats stats.csv', says: 'bring back days from before' },
  ],
  run,
}

/** What `history export --json` prints. */
export interface HistoryExportAnswer {
  readonly table: string
  readonly csv: string
}

/** What `history import --json` prints. */
export interface HistoryImportAnswer extends ImportReport {
  readonly table: string
  readonly dryRun: boolean
}

async function run(call: Call): Promise<ExitName> {
  const [action, table = '', file] = call.parameters
  if (action === 'export' && file === undefined) return exportTo(call, table)
  if (action === 'import' && file !== undefined) return importFrom(call, table, file)
  const detail =
    action === 'export'
      ? 'An export goes to stdout: give no file.'
      : action === 'import'
        ? 'Give the file after the table.'
        : 'The first word is export or import.'
  throw new VitrineError('USAGE', { place: 'history', detail })
}

async function exportTo(call: Call, table: string): Promise<ExitName> {
  const { publication } = call
  const { target } = call.settings({ target: 'required' })
  const { exportHistory, historyNamed } = await import('../../history/history-export.ts')
  historyNamed(publication, table)
  await reading(call, 'target', target, async (session) => {
    const lines: string[] = []
    // Written when it is whole: half a file would look like one.
    for await (const line of exportHistory({ session, publication }, table)) lines.push(line)
    const answer: HistoryExportAnswer = { table, csv: lines.join('') }
    call.answer(answer, () => answer.csv)
  })
  return 'ok'
}

async function importFrom(call: Call, table: string, file: string): Promise<ExitName> {
  const { source, target } = call.settings({ source: 'optional', target: 'required' })
  const { historyNamed } = await import('../../history/history-export.ts')
  const { importHistory } = await import('../../history/history-import.ts')
  historyNamed(call.publication, table)
  const csv = await readText(call, file)
  const options = { replace: call.flag('replace'), dryRun: call.flag('dryRun') }
  const report = await withWritableTarget(call, { target, source }, (session) =>
    importHistory({ session, publication: call.publication }, table, csv, options),
  )
  const answer: HistoryImportAnswer = { table, dryRun: options.dryRun, ...report }
  call.answer(answer, () => importText(answer))
  return 'ok'
}

function importText({ days, added, replaced, kept, first, last, dryRun }: HistoryImportAnswer): string {
  const range = first === null || last === null ? '' : `From ${first} to ${last}.\n`
  return [
    `Days of the file: ${countText(days)}. Added ${countText(added)}, replaced ${countText(replaced)}, kept ${countText(kept)}.\n`,
    range,
    dryRun ? 'Nothing was recorded.\n' : 'The next sync publishes them.\n',
  ].join('')
}
