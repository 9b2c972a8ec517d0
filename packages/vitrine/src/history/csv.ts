/**
 * Comma-separated values as RFC 4180 has them and spreadsheets write them: text to lines of fields and back. An empty field
 * without quotes is no value; with quotes it is the empty text, as in PostgreSQL's own CSV. Pure; called by the import and
 * the export of history tables.
 */

export interface CsvLine {
  /** Of its first character in the file, from 1 on. */
  readonly number: number
  /** null where there is no value. */
  readonly fields: readonly (string | null)[]
}

export interface CsvProblem {
  readonly line: number
  readonly detail: string
}

export interface Csv {
  readonly lines: readonly CsvLine[]
  readonly problems: readonly CsvProblem[]
}

/** One field: what stands in quotes (a quote doubled), or everything up to a comma, a quote or the end of the line. */
const FIELD = /"(?<quoted>(?:[^"]|"")*)"|(?<plain>[^",\r\n]*)/y
const END = /,|\r\n|\n|\r|$/y

/** Empty lines are left out. After a mistake in its quotes a file is not read further: where lines end is unknown then. */
export function parseCsv(text: string): Csv {
  const lines: CsvLine[] = []
  // Spreadsheets begin a file in UTF-8 with a byte order mark.
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  let start = 1
  let fields: (string | null)[] = []
  while (at < text.length || fields.length > 0) {
    FIELD.lastIndex = at
    const { quoted, plain } = FIELD.exec(text)?.groups ?? {}
    END.lastIndex = FIELD.lastIndex
    const end = END.exec(text)
    if (end === null) return { lines, problems: [{ line, detail: 'a quote is missing or too many' }] }
    line += (quoted?.match(/\r\n|\n|\r/g) ?? []).length
    fields.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'))
    at = END.lastIndex
    if (end[0] === ',') continue
    if (fields.length > 1 || fields[0] !== null) lines.push({ number: start, fields })
    fields = []
    line += 1
    start = line
    if (end[0] === '') break
  }
  return { lines, problems: [] }
}

const quote = (field: string): string => `"${field.replaceAll('"', '""')}"`

/** One line with its end. Texts that could be taken for something else are quoted. */
export function csvLine(fields: readonly (string | null)[]): string {
  const texts = fields.map((field) => {
    if (field === null) return ''
    return field === '' || /[",\r\n]|^\s|\s$/.test(field) ? quote(field) : field
  })
  return `${texts.join(',')}\n`
}
