/**
 * The BGES file of the demonstration's source: the two columns that matter among others of the public file, with free text that
 * contains delimiters. Called by `demo-server.ts`.
 */
import type { DemoLine } from './demo-facts.ts'

export const COLUMNS: readonly string[] = [
  'Id',
  'Date de publication',
  'Type de structure',
  'Raison sociale',
  'SIREN principal',
  'Année de reporting',
  'Présentation de l’organisation',
]

const quoted = (text: string): string => (/[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
const frenchDate = (date: string): string => date.split('-').reverse().join('/')

export const record = (number: number, { siren, date }: DemoLine, presentation = 'Présentation'): string =>
  [
    `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    frenchDate(date),
    'Entreprise',
    `Société « Exemple ${number} » ; siège`,
    siren,
    String(Number(date.slice(0, 4)) - 1),
    presentation,
  ]
    .map(quoted)
    .join(';')

/** Starts with a byte order mark, like the public file. */
export const csvText = (lines: Iterable<DemoLine>): string =>
  [`\ufeff${COLUMNS.join(';')}`, ...[...lines].map((line, index) => record(index + 1, line)), ''].join('\r\n')
