/** Parts that all sections of the page use, in one language. */
import { own } from '../base/own.ts'
import type { PrivacyClass } from '../publication/privacy.ts'
import type { Treatment } from '../publication/treatment.ts'
import { columnName } from './dictionary.ts'
import type { DictionaryChange } from './dictionary-changes.ts'
import type { Texts } from './dictionary-texts.ts'
import { anchorOf, type Inline, type Line, type PageCell, type Part, type Row } from './page.ts'
import type { Dictionary, DictionaryColumn, DictionaryOrigin, DictionaryTable } from './schema.ts'

export const heading = (level: 1 | 2 | 3, anchor: string, ...line: Line): Part => ({
  kind: 'heading',
  level,
  anchor,
  line,
})
export const paragraph = (...line: Line): Part => ({ kind: 'paragraph', line })
/** A cell of one line. */
export const cell = (...line: Line): PageCell => [line]
export const tableAnchor = (table: string): string => anchorOf('table', table)
export const columnAnchor = (table: string, column: string): string => anchorOf('table', table, column)

/** Groups in the order of their first members. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

export interface PlacedColumn extends DictionaryColumn {
  readonly table: string
}
export const columnsIn = ({ tables }: Dictionary): readonly PlacedColumn[] =>
  tables.flatMap(({ name: table, columns }) => columns.map((column) => ({ ...column, table })))

export const link = (table: string, column: string): Inline => ({
  code: columnName({ table, column }),
  to: columnAnchor(table, column),
})

/** Separated by commas. */
export const commaSeparated = (inlines: readonly Inline[]): Line =>
  inlines.flatMap((inline, index) => (index === 0 ? [inline] : [', ', inline]))

type Named = Pick<Treatment, 'name' | 'parameters'>
type Sentence = (given: string) => string
type Titles = keyof Texts['columns']

/** Words for a dictionary's facts in one language. */
export type Wording = ReturnType<typeof wordingOf>

export function wordingOf(texts: Texts) {
  const table = (label: string, titles: readonly Titles[], rows: readonly Row[]): Part => ({
    kind: 'table',
    label,
    titles: titles.map((title) => texts.columns[title]),
    rows,
  })
  const privacy = (name: PrivacyClass | null): Inline => ({
    text: name === null ? texts.noClass : texts.classes[name],
    mark: name,
  })
  const treatment = ({ name, parameters = [] }: Named): string => {
    const label = own<string>(texts.treatment, name) ?? name
    const given = parameters.join(', ')
    return given === '' ? label : `${label} (${own<Sentence>(texts.parameters, name)?.(given) ?? given})`
  }
  const treatments = (given: readonly Named[]): string =>
    given.length === 0 ? texts.untreated : given.map(treatment).join(', ')
  const pattern = (name: string): string => own<string>(texts.pattern, name) ?? name
  return {
    texts,
    pattern,
    table,
    treatment,
    /** A table under its heading; nothing when there are no rows. */
    section: (
      anchor: string,
      title: string,
      titles: readonly Titles[],
      rows: readonly Row[],
      says = '',
    ): readonly Part[] =>
      rows.length === 0
        ? []
        : [heading(3, anchor, title), ...(says === '' ? [] : [paragraph(says)]), table(title, titles, rows)],
    privacy,
    treatments,
    origin: (origin: DictionaryOrigin): Line => [
      origin.published ? link(origin.table, origin.column) : { code: columnName(origin) },
      ` → ${treatments(origin.treatments)}`,
    ],
  }
}

/** A fact of a change. */
export function factCell(value: DictionaryChange['after'], what: DictionaryChange['what'], wording: Wording): PageCell {
  const { texts, privacy, treatment } = wording
  const words: Readonly<Record<string, string>> = { ...texts.classes, ...texts.uses }
  if (value === null) return cell('–')
  if (what === 'privacy') return cell(privacy(value as PrivacyClass)) // sound because a class is what this fact is.
  if (typeof value === 'boolean') return cell(value ? texts.yes : texts.no)
  if (typeof value !== 'object') return cell(what === 'use' ? (own(words, String(value)) ?? '') : String(value))
  if ('from' in value) return cell(`${value.from}–${value.to}`)
  if ('k' in value) return cell(...kLine(value, texts))
  if ('table' in value) return cell(link(value.table, value.column))
  return [...value].map((item): Line => {
    if (typeof item === 'string') return [{ code: item }]
    if ('pattern' in item) return [`${wording.pattern(item.pattern)} – ${item.reason}`]
    if (!('says' in item)) return [{ code: columnName(item) }]
    const said = item.says.map((each) => (typeof each === 'string' ? (own(words, each) ?? each) : treatment(each)))
    return [{ code: item.origin }, ` – ${said.length === 0 ? '–' : said.join(', ')}`]
  })
}

export const kLine = ({ k, columns, otherwise }: NonNullable<DictionaryTable['kAnonymity']>, texts: Texts): Line => [
  ...commaSeparated(columns.map((code) => ({ code }))),
  ` – ${texts.kAnonymity(k, otherwise)}`,
]
