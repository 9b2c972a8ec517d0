/**
 * Reads the BGES file: UTF-8 with or without byte order mark, delimiter `;`, columns `SIREN principal` and
 * `Date de publication` (dd/mm/yyyy) at any position. One invalid line refuses the whole file, because without
 * it a company would look late. Uses the library csv-parse; called by `bges.ts`.
 */
import { pipeline, Readable } from 'node:stream'
import { CsvError, type Parser, parse } from 'csv-parse'
import { estJour } from '../domain/jour.ts'
import { estSiren } from './egapro-answer.ts'
import { FeedError } from './feed-error.ts'
import type { RaisonReleve } from './raisons.ts'

export const BGES_COLUMNS = ['SIREN principal', 'Date de publication'] as const

const CSV = {
  bom: true,
  delimiter: ';',
  record_delimiter: ['\r\n', '\n'],
  skip_empty_lines: true,
  // The number of fields is checked below, by the header.
  relax_column_count: true,
  // Unquoted free text may contain a quote, as in: 5" de plus.
  relax_quotes: true,
  // Limits per record, in bytes and in fields: an unclosed quote, or a file without line endings, would otherwise fill the memory.
  // The real file has some hundred columns, with free text of a few pages.
  max_record_size: 1_000_000,
  ignore_last_delimiters: 2_000,
}
/** Earliest plausible year of publication: reports exist since the law of 12 July 2010, and some were published before. */
const FIRST_YEAR = 2000
/** Local authorities and foreign entities may have no siren, but a file in which most lines have none is the wrong file. */
const WITHOUT_SIREN_SHARE = 0.5

export interface BgesLine {
  readonly siren: string
  /** `YYYY-MM-DD`. */
  readonly date: string
}

export class BgesFile {
  readonly #parser: Parser = parse(CSV)
  readonly #lastYear: number
  #columns: { readonly siren: number; readonly date: number; readonly count: number } | null = null
  #records = 0
  /** Lines that gave a siren and a date. */
  lines = 0
  /** Lines without a siren. */
  ignored = 0

  /** @param year the current one; dates of publication up to the next year are accepted. */
  constructor(year: number) {
    this.#lastYear = year + 1
  }

  /**
   * Returns the lines as they arrive, and checks the whole file after the last one. To call once.
   * @throws FeedError `FEED_CONTENT_INVALID` with the record's number but never its content, and errors of `chunks`.
   */
  async *read(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BgesLine> {
    // An error of `chunks` destroys the parser, and the loop below throws it.
    const records: AsyncIterable<string[]> = pipeline(Readable.from(this.#utf8(chunks)), this.#parser, () => undefined)
    try {
      for await (const record of records) {
        const line = this.#take(record)
        if (line !== null) yield line
      }
    } catch (thrown) {
      if (!(thrown instanceof CsvError)) throw thrown
      throw this.#invalid('ligne_illisible', `record ${this.#parser.info.records + 1}: ${thrown.code}`)
    }
    if (this.#columns === null || this.lines + this.ignored === 0) throw this.#invalid('contenu_vide', 'no line')
    if (this.ignored > (this.lines + this.ignored) * WITHOUT_SIREN_SHARE) {
      throw this.#invalid('siren_illisible', `${this.ignored} of ${this.lines + this.ignored} lines without a siren`)
    }
  }

  /** Passes the bytes on after checking that they are UTF-8, because the parser would replace invalid bytes silently. */
  async *#utf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const check = (bytes?: Uint8Array): void => {
      try {
        decoder.decode(bytes, { stream: bytes !== undefined })
      } catch {
        throw this.#invalid('encodage_inattendu', `not UTF-8 after record ${this.#parser.info.records}`)
      }
    }
    for await (const chunk of chunks) {
      check(chunk)
      yield chunk
    }
    check()
  }

  /** Null for the header and for a line without a siren. */
  #take(record: readonly string[]): BgesLine | null {
    this.#records += 1
    if (this.#columns === null) {
      this.#columns = this.#header(record)
      return null
    }
    const { siren: sirenAt, date: dateAt, count } = this.#columns
    if (record.length !== count) {
      throw this.#invalid('ligne_illisible', `record ${this.#records}: ${record.length} fields, not ${count}`)
    }
    const siren = (record[sirenAt] ?? '').replaceAll(/\s/g, '')
    if (!estSiren(siren)) {
      this.ignored += 1
      return null
    }
    const date = this.#date((record[dateAt] ?? '').trim())
    if (date === null) throw this.#invalid('date_illisible', `record ${this.#records}: «${BGES_COLUMNS[1]}»`)
    this.lines += 1
    return { siren, date }
  }

  #header(record: readonly string[]): { siren: number; date: number; count: number } {
    const names = record.map((name) => name.trim().normalize('NFC'))
    const [siren = -1, date = -1] = BGES_COLUMNS.map((name) => names.indexOf(name))
    const missing = BGES_COLUMNS.filter((name) => !names.includes(name))
    const twice = BGES_COLUMNS.filter((name) => names.indexOf(name) !== names.lastIndexOf(name))
    if (missing.length + twice.length > 0) {
      const said = [...missing.map((name) => `without «${name}»`), ...twice.map((name) => `«${name}» twice`)]
      throw this.#invalid('entete_inattendu', said.join(', '))
    }
    return { siren, date, count: record.length }
  }

  #date(text: string): string | null {
    const [, day, month, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text) ?? []
    const date = `${year}-${month}-${day}`
    if (year === undefined || !estJour(date)) return null
    return Number(year) >= FIRST_YEAR && Number(year) <= this.#lastYear ? date : null
  }

  #invalid(raison: RaisonReleve, detail: string): FeedError {
    return new FeedError('FEED_CONTENT_INVALID', { place: 'bges', detail: `${raison}, ${detail}`, raison })
  }
}
