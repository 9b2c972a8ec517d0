/**
 * A streaming reader of RFC 4180 text: pieces go in wherever they were cut, whole records come out. Quoted fields may hold
 * delimiters, line ends and doubled quotes; a quote inside an unquoted field is a character like any other. What a record
 * means is for the caller (`bges-file.ts`).
 */

export interface CsvLimits {
  /** Characters of a field and fields of a record: a quote left open would otherwise swallow the whole file. */
  readonly fieldLength: number
  readonly fields: number
}

/** The text is not CSV. `record` counts from 1, the header included. */
export class CsvError extends Error {
  override readonly name = 'CsvError'
  readonly record: number
  readonly problem: 'quote_open' | 'quote_followed' | 'field_too_long' | 'too_many_fields'

  constructor(record: number, problem: CsvError['problem']) {
    super(`record ${record}: ${problem}`)
    this.record = record
    this.problem = problem
  }
}

const QUOTE = 34
const LF = 10
const CR = 13

/** Where the reader is: before a field, in one without quotes, in one with quotes, or behind a quote in it. */
type State = 'start' | 'plain' | 'quoted' | 'closing'

export class CsvReader {
  readonly #delimiter: number
  readonly #limits: CsvLimits
  #state: State = 'start'
  #field = ''
  #record: string[] = []
  #records = 0

  constructor(delimiter: string, limits: CsvLimits) {
    this.#delimiter = delimiter.charCodeAt(0)
    this.#limits = limits
  }

  /** The records that this piece completes; blank lines are none. Throws CsvError. */
  push(text: string): string[][] {
    const out: string[][] = []
    let from = 0
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i)
      if (this.#state === 'quoted') {
        if (code !== QUOTE) continue
        this.#add(text, from, i)
        this.#state = 'closing'
        from = i + 1
      } else if (this.#state === 'closing' && code === QUOTE) {
        // A doubled quote: the second one belongs to the field.
        this.#state = 'quoted'
        from = i
      } else if (code === this.#delimiter || code === LF) {
        this.#add(text, from, i)
        this.#endField(code === LF)
        if (code === LF) this.#endRecord(out)
        from = i + 1
      } else if (this.#state === 'start' && code === QUOTE) {
        this.#state = 'quoted'
        from = i + 1
      } else if (this.#state === 'closing') {
        if (code !== CR) throw new CsvError(this.#records + 1, 'quote_followed')
      } else {
        this.#state = 'plain'
      }
    }
    this.#add(text, from, text.length)
    return out
  }

  /** The last record, when the text does not end with a line end. Throws CsvError when a quote is still open. */
  end(): string[][] {
    if (this.#state === 'quoted') throw new CsvError(this.#records + 1, 'quote_open')
    const out: string[][] = []
    if (this.#state !== 'start' || this.#record.length > 0) {
      this.#endField(true)
      this.#endRecord(out)
    }
    return out
  }

  #add(text: string, from: number, to: number): void {
    // Behind a closing quote only the CR of a line end is left.
    if (this.#state === 'closing' || from >= to) return
    this.#field += text.slice(from, to)
    if (this.#field.length > this.#limits.fieldLength) throw new CsvError(this.#records + 1, 'field_too_long')
  }

  #endField(last: boolean): void {
    const bare = last && this.#state === 'plain' && this.#field.endsWith('\r')
    this.#record.push(bare ? this.#field.slice(0, -1) : this.#field)
    if (this.#record.length > this.#limits.fields) throw new CsvError(this.#records + 1, 'too_many_fields')
    this.#field = ''
    this.#state = 'start'
  }

  #endRecord(out: string[][]): void {
    this.#records += 1
    const blank = this.#record.length === 1 && this.#record[0] === ''
    if (!blank) out.push(this.#record)
    this.#record = []
  }
}
