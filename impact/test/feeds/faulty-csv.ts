/** The BGES file of the demonstration's source, made piece by piece, and the ways in which such a file can be wrong. */
import { Buffer } from 'node:buffer'
import { COLUMNS, record } from '../../feeds/demo-csv.ts'
import type { DemoLine } from '../../feeds/demo-facts.ts'

/** Wrong files. Each is the right one but for what its name says. */
export const CSV_FAULTS = [
  'header-missing',
  'header-renamed',
  'header-twice',
  'header-only',
  'latin-1',
  'utf-16',
  'bad-date',
  'bad-siren',
  'short-line',
  'quote-open',
  'half-the-lines',
] as const
export type CsvFault = (typeof CSV_FAULTS)[number]

export interface CsvShape {
  readonly fault: CsvFault | null
  /** UTF-8 byte order mark, as the public file has it. */
  readonly mark: boolean
  /** Characters of free text added to each line; 0 for short lines. */
  readonly padding: number
}

const PIECE_CHARACTERS = 64 * 1024

/** Bytes of the file; the wrong line is the last, so that everything before it has been accepted. */
export function* csvBytes(lines: Iterable<DemoLine>, { fault, mark, padding }: CsvShape): Generator<Buffer> {
  const encode = encoderOf(fault)
  const all = fault === 'half-the-lines' ? half(lines) : fault === 'header-only' ? [] : lines
  const presentation =
    padding === 0 ? 'Présentation' : 'à "propos" ; et suite\r\n'.repeat(Math.ceil(padding / 24)).slice(0, padding)
  let piece = `${mark && fault !== 'latin-1' ? '\ufeff' : ''}${header(fault)}\r\n`
  let number = 0
  for (const line of all) {
    number += 1
    piece += `${record(number, line, presentation)}\r\n`
    if (piece.length < PIECE_CHARACTERS) continue
    yield encode(piece)
    piece = ''
  }
  yield encode(piece + wrongLine(fault, number + 1, presentation))
}

function header(fault: CsvFault | null): string {
  const names = COLUMNS.map((name) => (fault === 'header-renamed' && name === 'SIREN principal' ? 'SIREN' : name))
  if (fault === 'header-missing') return names.filter((name) => name !== 'Date de publication').join(';')
  return [...names, ...(fault === 'header-twice' ? ['SIREN principal'] : [])].join(';')
}

function wrongLine(fault: CsvFault | null, number: number, presentation: string): string {
  const line = { siren: '000000019', date: '2024-02-29' }
  if (fault === 'bad-date') return `${record(number, { ...line, date: '2023-02-29' }, presentation)}\r\n`
  if (fault === 'short-line') return `${record(number, line, presentation).split(';').slice(0, 2).join(';')}`
  if (fault === 'quote-open') return `${record(number, line, '').slice(0, -1)};"sans fin\r\n`
  if (fault === 'bad-siren')
    return `${record(number, { ...line, siren: 'inconnu' }, presentation)}\r\n`.repeat(number + 1)
  return ''
}

function* half(lines: Iterable<DemoLine>): Generator<DemoLine> {
  let keep = false
  for (const line of lines) {
    keep = !keep
    if (keep) yield line
  }
}

function encoderOf(fault: CsvFault | null): (text: string) => Buffer {
  if (fault === 'latin-1') return (text) => Buffer.from(text.replaceAll('’', "'"), 'latin1')
  if (fault === 'utf-16') return (text) => Buffer.from(text, 'utf16le')
  return (text) => Buffer.from(text, 'utf8')
}
