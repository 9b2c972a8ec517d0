/**
 * Comma-separated values as RFC 4180 has them and spreadsheets write them: text to lines of fields and back, by the
 * libraries csv-parse and csv-stringify. An empty field without quotes is no value; with quotes it is the empty text, as in
 * PostgreSQL's own CSV. Pure; called by the import and the export of history tables.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'

type Fields = readonly (string | null)[]

export interface CsvLine {
  /** Of its first character in the file, from 1 on. */
  readonly number: number
  /** null where there is no value. */
  readonly fields: Fields
}

export interface CsvProblem {
  /** The first of the record at fault. */
  readonly line: number
  readonly detail: string
}

export interface Csv {
  readonly lines: readonly CsvLine[]
  readonly problems: readonly CsvProblem[]
}

/** Empty lines are left out. After a mistake in its quotes a file is not read further: where lines end is unknown then. */
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
    // The message of the library quotes the text.
    return { lines, problems: [{ line: number, detail: 'a quote is missing or too many' }] }
  }
  return { lines, problems: [] }
}

/** One line with its end. Texts that could be taken for something else are quoted. */
export const csvLine = (fields: Fields): string => stringify([fields], { quoted_match: /^$|^\s|\s$/ })
