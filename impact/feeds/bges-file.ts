/**
 * The reading of the BGES file: UTF-8 with or without its mark, delimiter `;`, the columns `SIREN principal` and
 * `Date de publication` (dd/mm/yyyy), wherever they are. One line that is not understood refuses the whole file: leaving
 * it out would make a company look late. Pure, piece by piece; called by `bges.ts`.
 */
import { lireJour } from '../domain/jour.ts'
import { CsvError, CsvReader } from './csv.ts'
import { estSiren } from './egapro-answer.ts'
import { FeedError } from './feed-error.ts'
import type { RaisonReleve } from './raisons.ts'

export const BGES_COLUMNS = ['SIREN principal', 'Date de publication'] as const

/** The real file has some hundred columns, with free text of a few pages. */
const LIMITS = { fieldLength: 1_000_000, fields: 2_000 }
/** Balances exist since the law of 12 July 2010; the first were published a little before. */
const FIRST_YEAR = 2000
/** Local bodies and foreign entities may have no siren; a file in which most have none is not the file. */
const WITHOUT_SIREN_SHARE = 0.5

export interface BgesLines {
  readonly sirens: string[]
  /** `YYYY-MM-DD`, one for each siren. */
  readonly dates: string[]
}

export class BgesFile {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #csv = new CsvReader(';', LIMITS)
  readonly #lastYear: number
  #columns: { readonly siren: number; readonly date: number; readonly count: number } | null = null
  #records = 0
  /** Lines that gave a siren and a date. */
  lines = 0
  /** Lines without a siren. */
  ignored = 0

  /** @param year of today: a publication may be dated in the year after, not later. */
  constructor(year: number) {
    this.#lastYear = year + 1
  }

  /** Throws FeedError `FEED_CONTENT_INVALID`, which names the record and never quotes it. */
  push(bytes: Uint8Array): BgesLines {
    return this.#read(() => this.#csv.push(this.#decode(bytes)))
  }

  /** The last lines, and the judgement of the whole. Throws FeedError `FEED_CONTENT_INVALID`. */
  end(): BgesLines {
    const last = this.#read(() => [...this.#csv.push(this.#decode(null)), ...this.#csv.end()])
    if (this.#columns === null || this.lines + this.ignored === 0) throw this.#invalid('contenu_vide', 'no line')
    if (this.ignored > (this.lines + this.ignored) * WITHOUT_SIREN_SHARE) {
      throw this.#invalid('siren_illisible', `${this.ignored} of ${this.lines + this.ignored} lines without a siren`)
    }
    return last
  }

  #decode(bytes: Uint8Array | null): string {
    try {
      return bytes === null ? this.#decoder.decode() : this.#decoder.decode(bytes, { stream: true })
    } catch {
      throw this.#invalid('encodage_inattendu', `not UTF-8 after record ${this.#records}`)
    }
  }

  #read(records: () => string[][]): BgesLines {
    const out: BgesLines = { sirens: [], dates: [] }
    try {
      for (const record of records()) this.#take(record, out)
    } catch (thrown) {
      if (thrown instanceof CsvError) throw this.#invalid('ligne_illisible', thrown.message)
      throw thrown
    }
    return out
  }

  #take(record: readonly string[], out: BgesLines): void {
    this.#records += 1
    if (this.#columns === null) {
      this.#columns = this.#header(record)
      return
    }
    const { siren: sirenAt, date: dateAt, count } = this.#columns
    if (record.length !== count) {
      throw this.#invalid('ligne_illisible', `record ${this.#records}: ${record.length} fields, not ${count}`)
    }
    const siren = (record[sirenAt] ?? '').replaceAll(/\s/g, '')
    if (!estSiren(siren)) {
      this.ignored += 1
      return
    }
    const date = this.#date((record[dateAt] ?? '').trim())
    if (date === null) throw this.#invalid('date_illisible', `record ${this.#records}: «${BGES_COLUMNS[1]}»`)
    this.lines += 1
    out.sirens.push(siren)
    out.dates.push(date)
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
    if (year === undefined || lireJour(date) === null) return null
    return Number(year) >= FIRST_YEAR && Number(year) <= this.#lastYear ? date : null
  }

  #invalid(raison: RaisonReleve, detail: string): FeedError {
    return new FeedError('FEED_CONTENT_INVALID', { place: 'bges', detail: `${raison}, ${detail}`, raison })
  }
}
