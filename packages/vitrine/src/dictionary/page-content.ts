/** The content of a dictionary's page: first for the person responsible for the data, then for everyone. */
import { own } from '../base/own.ts'
import { PRIVACY_CLASSES } from '../publication/privacy.ts'
import type { DictionaryChange } from './dictionary-changes.ts'
import type { Texts } from './dictionary-texts.ts'
import type { Line, Page, PageCell, Part, Row } from './page.ts'
import type { Dictionary, DictionaryColumn, DictionaryTable } from './schema.ts'
import { summaryOf, unpublishedOf } from './summary.ts'
import {
  cell,
  columnAnchor,
  commaSeparated,
  factCell,
  heading,
  kLine,
  link,
  paragraph,
  tableAnchor,
  type Wording,
  wordingOf,
} from './wording.ts'

/** `changes` come first, when the dictionary is compared with an earlier one. */
export function pageOf(dictionary: Dictionary, changes: readonly DictionaryChange[] | null, texts: Texts): Page {
  const wording = wordingOf(texts)
  const { publication, schema, reader } = dictionary
  return {
    language: texts.language,
    title: texts.title(publication),
    parts: [
      heading(1, 'top', texts.title(publication)),
      paragraph(texts.intro(schema, reader)),
      ...(changes === null ? [] : changesPart(changes, wording)),
      ...summaryOf(dictionary, wording),
      ...wordsPart(wording),
      ...dictionary.tables.flatMap((table) => tablePart(table, wording)),
      ...viewsPart(dictionary, wording),
      ...unpublishedOf(dictionary, wording),
      heading(2, 'limits', texts.limits),
      { kind: 'list', lines: texts.limitsSays.map((text) => [text]) },
    ],
  }
}

function changesPart(changes: readonly DictionaryChange[], wording: Wording): readonly Part[] {
  const { texts } = wording
  const rows = changes.map((change): Row => {
    const { area, table, column, what } = change
    const name = column === null ? table : `${table}.${column}`
    const where = [{ code: name }, ` (${texts.area[area]})`]
    const said = what === null ? texts.change[change.change] : texts.fact[what]
    return {
      cells: [
        [where],
        cell(said),
        ...[change.before, change.after].map((fact) => (what === null ? cell() : factCell(fact, what, wording))),
      ],
    }
  })
  return [
    heading(2, 'changes', texts.changes),
    rows.length === 0
      ? paragraph(texts.noChange)
      : wording.table(texts.changes, ['where', 'what', 'before', 'after'], rows),
  ]
}

function wordsPart(wording: Wording): readonly Part[] {
  const { texts } = wording
  const classes = PRIVACY_CLASSES.toReversed().map(
    (name): Row => ({ cells: [cell(wording.privacy(name)), cell(texts.classSays[name])] }),
  )
  const treatments = Object.entries(texts.treatment).map(
    ([key, name]): Row => ({ cells: [cell(name), cell(own<string>(texts.treatmentSays, key) ?? '')] }),
  )
  return [
    heading(2, 'words', texts.words),
    wording.table(texts.byClass, ['class', 'meaning'], classes),
    wording.table(texts.treatments, ['treatment', 'says'], treatments),
  ]
}

/** What is shown of a column, in this order. */
export const COLUMN_TITLES = ['column', 'type', 'meaning', 'origin', 'class', 'reason'] as const

export function columnRow(table: string, column: DictionaryColumn, wording: Wording): Row {
  const { texts } = wording
  const reasons = new Set(column.origins.flatMap(({ treatments }) => treatments.flatMap(({ reason }) => reason ?? [])))
  return {
    anchor: columnAnchor(table, column.name),
    cells: [
      cell({ code: column.name }),
      typeCell(column, texts),
      [[column.comment], ...shownValues(column)],
      column.origins.length === 0 ? cell(texts.noOrigin) : column.origins.map(wording.origin),
      cell(wording.privacy(column.privacy)),
      [
        ...[...reasons].map((reason): Line => [reason]),
        ...column.accepts.map(({ pattern, reason }): Line => [`${wording.pattern(pattern)} – ${reason}`]),
      ],
    ],
  }
}

/** What is shown of a table before its columns. */
export const tableWords = ({ comment, history, kAnonymity }: DictionaryTable, { texts }: Wording): readonly Part[] => [
  paragraph(comment),
  ...(history ? [paragraph(texts.history)] : []),
  ...(kAnonymity === null ? [] : [paragraph(...kLine(kAnonymity, texts))]),
]

const tablePart = (table: DictionaryTable, wording: Wording): readonly Part[] => [
  heading(2, tableAnchor(table.name), { code: table.name }),
  ...tableWords(table, wording),
  wording.table(
    table.name,
    COLUMN_TITLES,
    table.columns.map((column) => columnRow(table.name, column, wording)),
  ),
]

/** The type, then the constraints, one per line. */
function typeCell({ type, nullable, key, references, minimum, range }: DictionaryColumn, texts: Texts): PageCell {
  const lines: (Line | null)[] = [
    [{ code: type }],
    nullable ? null : [texts.notNull],
    key === null ? null : [key === 'unique' ? texts.unique : texts.primaryKey],
    references === null ? null : [`${texts.refersTo} `, link(references.table, references.column)],
    minimum === null ? null : [texts.atLeast(minimum)],
    range === null ? null : [`${range.from}–${range.to}`],
  ]
  return lines.filter((line) => line !== null)
}

/** Longer lists are cut here, and complete in the JSON. */
const SHOWN_VALUES = 12

const shownValues = ({ values }: DictionaryColumn): readonly Line[] =>
  values === null || values.length > SHOWN_VALUES ? [] : [commaSeparated(values.map((code) => ({ code })))]

function viewsPart({ views }: Dictionary, wording: Wording): readonly Part[] {
  const { texts } = wording
  return [
    heading(2, 'views', texts.views),
    paragraph(texts.viewsSays),
    ...views.flatMap(({ name, comment, columns }) => [
      heading(3, tableAnchor(name), { code: name }),
      paragraph(comment),
      wording.table(
        name,
        ['column', 'meaning'],
        columns.map((column): Row => ({ cells: [cell({ code: column.name }), cell(column.comment ?? '')] })),
      ),
    ]),
  ]
}
