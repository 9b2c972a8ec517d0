/**
 * Comma-separated values as in RFC 4180 and as spreadsheets write them: parses text into lines of fields, and back, with the
 * libraries csv-parse and csv-stringify. An empty field without quotes is no value; with quotes it is the empty text, as in
 * PostgreSQL's own CSV. Pure; called by the import and the export of history tables.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'

type Fields = readonly (string | null)[]

export interface CsvLine {
  /** Line number of its beginning in the file, from 1. */
  readonly number: number
  /** null where there is no value. */
  readonly fields: Fields
}

export interface CsvProblem {
  /** Line number where the faulty record begins. */
  readonly line: number
  readonly detail: string
}

export interface Csv {
  readonly lines: readonly CsvLine[]
  readonly problems: readonly CsvProblem[]
}

/** Empty lines are skipped. Reading stops at a mistake in quotes, because then the ends of lines are unknown. */
export function parseCsv(text: string): Csv {
  const bytes = Buffer.from(text)
  const lines: CsvLine[] = []
  let number = 1
  let start = 0
  try {
    parse(bytes, {
      bom: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      cast: (field, { quoting }) => (field === '' && !quoting ? null : field),
      on_record: (fields: Fields, { bytes: end }) => {
        if (fields.length > 1 || fields[0] !== null) lines.push({ number, fields })
        number += bytes.toString('utf8', start, end).match(/\r\n|\n|\r/g)?.length ?? 0
        start = end
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // The library's message may quote a value.
    return { lines, problems: [{ line: number, detail: 'a quote is missing or too many' }] }
  }
  return { lines, problems: [] }
}

/** One line with its line break. Texts that could be misread are quoted. */
export const csvLine = (fields: Fields): string => stringify([fields], { quoted_match: /^$|^\s|\s$/ })
