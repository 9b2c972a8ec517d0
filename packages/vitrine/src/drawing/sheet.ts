/** A question together with its answer: every display reads columns, cells and counts from it. */
import { own } from '../base/own.ts'
import type { Format, Indicator, Question } from '../publication/dashboard.ts'
import { type Answer, type Cell, figureOf } from './answer.ts'
import { countColumns } from './counted.ts'
import { drawnText } from './drawing-texts.ts'
import type { Reading } from './reading.ts'
import { formatFor, written } from './value.ts'

/** One column of the answer, with what the question says of it. */
export interface ShownColumn {
  readonly name: string
  readonly at: number
  readonly label: string
  readonly format: Format | undefined
  readonly isNumber: boolean
  readonly names: Readonly<Record<string, string>>
}

export class Sheet {
  readonly question: Question
  readonly rows: Answer['rows']
  readonly isCut: boolean
  readonly reading: Reading
  readonly columns: readonly ShownColumn[]

  constructor(question: Question, { columns, rows, isCut }: Answer, reading: Reading) {
    this.question = question
    this.rows = rows
    this.isCut = isCut
    this.reading = reading
    this.columns = columns.map(({ name, kind }, at) => ({
      name,
      at,
      label: own(question.columns, name)?.label ?? name,
      format: formatFor(question, name, kind),
      isNumber: kind === 'number',
      names: own(question.columns, name)?.names ?? {},
    }))
  }

  /** A column by name; one that the answer lacks is unknown in every row. */
  column(name: string): ShownColumn {
    const found = this.columns.find((column) => column.name === name)
    return found ?? { name, at: -1, label: name, format: undefined, isNumber: false, names: {} }
  }

  cell = (row: number, { at }: ShownColumn): Cell => this.rows[row]?.[at] ?? null

  figure = (row: number, column: ShownColumn): number | null => figureOf(this.cell(row, column))

  write = (cell: Cell, format: Format | undefined): string => written(cell, format, this.reading)

  /** Formats a value that was computed here like those of its column. */
  as = (cell: Cell, { format, names }: ShownColumn): string => own(names, String(cell)) ?? this.write(cell, format)

  share = (part: number): string =>
    this.write(100 * part, { kind: 'percent', decimals: part > 0 && part < 0.1 ? 1 : 0 })

  written = (row: number, column: ShownColumn): string => this.as(this.cell(row, column), column)

  /** The name of a group; NULL is called unknown. */
  name = (row: number, column: ShownColumn): string =>
    this.cell(row, column) === null ? drawnText('missing', this.reading) : this.written(row, column)

  /** The rows ordered by a column of dates; by any other column, in the order of the answer. */
  inTime(column: ShownColumn): readonly number[] {
    const order = this.rows.map((_, row) => row)
    if (column.format?.kind !== 'date') return order
    const key = (row: number) => String(this.cell(row, column) ?? '')
    return order.filter((row) => key(row) !== '').sort((one, other) => (key(one) < key(other) ? -1 : 1))
  }

  /** Such as « 1 450 sur 3 663 », or « sur 3 663 » when the numerator is unknown; null for what is not a percentage. */
  counts(row: number, { name }: ShownColumn): string | null {
    const [part, whole] = countColumns(this.question, name).map((each) => this.written(row, this.column(each)))
    const [hasPart, hasWhole] = countColumns(this.question, name).map((each) => this.column(each).at >= 0)
    if (!hasWhole) return null
    return hasPart
      ? drawnText('of', this.reading, part ?? '', whole ?? '')
      : drawnText('among', this.reading, whole ?? '')
  }

  /** The meaning of the measure that is shown, where it has one of its own. */
  indicator(name: string): Indicator | null {
    const { query } = this.question
    const given = query.kind === 'structured' ? own(query.measures, name) : undefined
    return given !== undefined && 'definition' in given ? given : null
  }
}
