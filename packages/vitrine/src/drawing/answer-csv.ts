/** An answer as a CSV file for spreadsheets, with plain values instead of formatted ones, so that people can compute with them. */
import { stringify } from 'csv-stringify/sync'
import type { Question } from '../publication/dashboard.ts'
import type { Answer, Cell } from './answer.ts'
import type { Reading } from './reading.ts'
import { Sheet } from './sheet.ts'

/** A spreadsheet would take a text that begins like this for a formula. */
const FORMULA = /^[=+\-@\t\r\n]/

const field = (cell: Cell, isNumber: boolean, isFrench: boolean): string => {
  if (cell === null) return ''
  const value = String(cell)
  if (isNumber && /^[-+]?[\d.]+(?:e[-+]?\d+)?$/i.test(value)) return isFrench ? value.replace('.', ',') : value
  return FORMULA.test(value) ? `'${value}` : value
}

export function csvOf(question: Question, answer: Answer, reading: Reading): string {
  const isFrench = reading.language === 'fr'
  const { columns, rows } = new Sheet(question, answer, reading)
  const lines = rows.map((row) => columns.map(({ at, isNumber }) => field(row[at] ?? null, isNumber, isFrench)))
  return stringify([columns.map(({ label }) => field(label, false, isFrench)), ...lines], {
    bom: true,
    delimiter: isFrench ? ';' : ',',
    record_delimiter: 'windows',
  })
}
