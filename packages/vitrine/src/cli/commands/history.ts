/** `history`: the recorded days of a history table, out to a CSV file and in from one. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { exportHistory, historyNamed } from '../../history/history-export.ts'
import { type ImportReport, importHistory } from '../../history/history-import.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { count } from '../language.ts'
import { withSession, withWritableTarget } from '../sessions.ts'

export interface HistoryWords extends CommandWords {
  readonly options: Readonly<Record<'replace' | 'dryRun', string>>
  readonly imported: (days: string, added: string, replaced: string, kept: string) => string
  /** From the first day of the file to the last, as YYYY-MM-DD. */
  readonly range: (first: string, last: string) => string
  readonly published: string
  readonly rehearsed: string
}

export const historyEnglish: HistoryWords = {
  summary: 'export or import the recorded days of a history table, as CSV',
  description:
    'History tables accumulate, one row a day, and cannot be computed again: their days are kept in a ledger that no drop ' +
    'touches. Export writes them to stdout. Import adds the days of a file to the ledger, all or none; they are published ' +
    'by the next sync. Days that the ledger has already are kept.',
  options: {
    replace: 'import: take the days of the file instead of those recorded',
    dryRun: 'import: check the file and record nothing',
  },
  examples: [
    { line: 'history export shop_stats > stats.csv', says: 'a copy for safe keeping' },
    { line: 'history import shop_stats stats.csv --dry-run', says: 'is the file understood?' },
    { line: 'history import shop_stats stats.csv', says: 'bring back days from before' },
  ],
  imported: (days, added, replaced, kept) =>
    `Days of the file: ${days}. Added ${added}, replaced ${replaced}, kept ${kept}.`,
  range: (first, last) => `From ${first} to ${last}.`,
  published: 'The next sync publishes them.',
  rehearsed: 'Nothing was recorded.',
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

export const defineHistory = (words: HistoryWords): Command =>
  Object.freeze({
    ...defineCommand('history', words, { replace: '--replace', dryRun: '--dry-run' }, (call) => history(call, words)),
    parameters: '<export|import> <table> [file]',
  })

async function history(call: Call, words: HistoryWords): Promise<ExitName> {
  const [action, table = '', file] = call.parameters
  if (action === 'export' && file === undefined) return exportTo(call, table)
  if (action === 'import' && file !== undefined) return importFrom(call, table, file, words)
  const detail =
    action === 'export'
      ? 'An export goes to stdout: give no file.'
      : action === 'import'
        ? 'Give the file after the table.'
        : 'The first word is export or import.'
  throw new VitrineError('USAGE', { place: 'history', detail })
}

async function exportTo(call: Call, name: string): Promise<ExitName> {
  const publication = await call.publication()
  const { target } = call.settings(publication, { target: 'required' })
  historyNamed(publication, name)
  const wish = { side: 'target', address: target, readOnly: true } as const
  await withSession(call, publication, wish, async (session) => {
    const lines: string[] = []
    // Written when it is whole: half a file would look like one.
    for await (const line of exportHistory(session, publication, name)) lines.push(line)
    const csv = lines.join('')
    const answer: HistoryExportAnswer = { table: name, csv }
    call.answer(answer, () => csv)
  })
  return 'ok'
}

async function importFrom(call: Call, name: string, file: string, words: HistoryWords): Promise<ExitName> {
  const publication = await call.publication()
  const { source, target } = call.settings(publication, { source: 'optional', target: 'required' })
  historyNamed(publication, name)
  const csv = await read(resolve(call.io.folder, file), file)
  const options = { replace: call.flag('replace'), dryRun: call.flag('dryRun') }
  const report = await withWritableTarget(call, publication, target, source, (session) =>
    importHistory(session, publication, name, csv, options),
  )
  const answer: HistoryImportAnswer = { table: name, dryRun: options.dryRun, ...report }
  call.answer(answer, () => importText(answer, call, words))
  return 'ok'
}

async function read(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new VitrineError('USAGE', { place: file, detail: `The file cannot be read${code}.`, cause: error })
  }
}

function importText(
  { days, added, replaced, kept, first, last, dryRun }: HistoryImportAnswer,
  call: Call,
  words: HistoryWords,
) {
  const number = (value: number) => count(call.language, value)
  const lines = [
    words.imported(number(days), number(added), number(replaced), number(kept)),
    ...(first === null || last === null ? [] : [words.range(first, last)]),
    dryRun ? words.rehearsed : words.published,
  ]
  return `${lines.join('\n')}\n`
}
