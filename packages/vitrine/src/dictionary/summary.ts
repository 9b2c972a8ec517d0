/** The summary for the person responsible for the data: columns by class, their treatments and reasons, and what is not published. */
import { PRIVACY_CLASSES } from '../publication/privacy.ts'
import { columnName } from './dictionary.ts'
import type { Line, PageCell, Part, Row } from './page.ts'
import { type Dictionary, type DictionaryOrigin, USES } from './schema.ts'
import {
  cell,
  columnAnchor,
  columnsIn,
  commaSeparated,
  grouped,
  heading,
  kLine,
  link,
  type PlacedColumn,
  paragraph,
  tableAnchor,
  type Wording,
} from './wording.ts'

export function summaryOf(dictionary: Dictionary, wording: Wording): readonly Part[] {
  const { texts } = wording
  const columns = columnsIn(dictionary)
  const figures = (['personal', 'indirect', 'open', null] as const).map((privacy) => ({
    number: columns.filter((column) => column.privacy === privacy).length,
    name: wording.privacy(privacy),
    says: privacy === null ? texts.noClassSays : texts.classSays[privacy],
  }))
  return [
    heading(2, 'summary', texts.summary),
    paragraph(`${texts.published(dictionary.tables.length, columns.length)} ${texts.byClassSays}`),
    { kind: 'figures', label: texts.byClass, figures },
    ...personalPart(columns, wording),
    ...wording.section('indirect', texts.indirectUsed, ['reason', 'publishedAs'], reasonRows(columns)),
    ...wording.section('patterns', texts.patterns, ['column', 'pattern', 'reason'], patternRows(columns, wording)),
    ...wording.section('k-anonymity', texts.kAnonymous, ['table', 'what'], kRows(dictionary, wording)),
    ...useSection(dictionary, wording),
    heading(3, 'contents', texts.contents),
    {
      kind: 'list',
      lines: dictionary.tables.map(
        ({ name, comment }): Line => [{ code: name, to: tableAnchor(name) }, ` – ${comment}`],
      ),
    },
  ]
}

/** A published column that a source column ends in, with the treatments on the way. */
interface End {
  readonly origin: DictionaryOrigin
  readonly column: PlacedColumn
}
const endsOf = (columns: readonly PlacedColumn[]): readonly End[] =>
  columns.flatMap((column) => column.origins.map((origin) => ({ origin, column })))

/** The published columns, table by table. */
const publishedAs = (ends: readonly End[]): PageCell =>
  [...grouped(ends, ({ column }) => column.table)].map(([table, its]): Line => {
    const names = new Set(its.map(({ column }) => column.name))
    const links = [...names].map((name) => ({ code: name, to: columnAnchor(table, name) }))
    return [{ code: table, to: tableAnchor(table) }, ' – ', ...commaSeparated(links)]
  })

/** One row per source column and treatment. */
function personalPart(columns: readonly PlacedColumn[], wording: Wording): readonly Part[] {
  const { texts } = wording
  const ends = endsOf(columns).filter(({ origin }) => origin.privacy === 'personal')
  const ways = grouped(ends, ({ origin }) => JSON.stringify([columnName(origin), origin.treatments]))
  const rows = [...ways.values()].flatMap((its): Row[] => {
    const [first] = its
    if (first === undefined) return []
    const { treatments } = first.origin
    const reasons = treatments.flatMap(({ reason }): Line[] => (reason === null ? [] : [[reason]]))
    const treated = cell(wording.treatments(treatments))
    return [{ cells: [cell({ code: columnName(first.origin) }), treated, publishedAs(its), reasons] }]
  })
  if (rows.length === 0) return [heading(3, 'personal', texts.personalUsed), paragraph(texts.noPersonal)]
  const titles = ['source', 'treatment', 'publishedAs', 'reason'] as const
  return wording.section('personal', texts.personalUsed, titles, rows, texts.personalUsedSays)
}

/** Indirect columns that are published as they are, under the reason that was given. */
function reasonRows(columns: readonly PlacedColumn[]): readonly Row[] {
  const given = endsOf(columns)
    .filter(({ origin }) => origin.privacy === 'indirect')
    .flatMap((end) =>
      end.origin.treatments.flatMap(({ name, reason }) =>
        name === 'because' && reason !== null ? [{ ...end, reason }] : [],
      ),
    )
  return [...grouped(given, ({ reason }) => reason)].map(([reason, ends]) => ({
    cells: [cell(reason), publishedAs(ends)],
  }))
}

const patternRows = (columns: readonly PlacedColumn[], wording: Wording): readonly Row[] =>
  columns.flatMap(({ table, name, accepts }) =>
    accepts.map(({ pattern, reason }) => ({
      cells: [cell(link(table, name)), cell(wording.pattern(pattern)), cell(reason)],
    })),
  )

const kRows = ({ tables }: Dictionary, wording: Wording): readonly Row[] =>
  tables.flatMap(({ name, kAnonymity }) =>
    kAnonymity === null
      ? []
      : [{ cells: [cell({ code: name, to: tableAnchor(name) }), [kLine(kAnonymity, wording.texts)]] }],
  )

/** How many registered columns of each class are published, only read, or not read. */
function useSection({ source }: Dictionary, wording: Wording): readonly Part[] {
  const { texts } = wording
  const columns = source.tables.flatMap((table) => table.columns)
  const number = (privacy: string, use: string) =>
    columns.filter((column) => column.privacy === privacy && column.use === use).length
  const rows = PRIVACY_CLASSES.toReversed().map(
    (privacy): Row => ({
      cells: [cell(wording.privacy(privacy)), ...USES.map((use): PageCell => cell(String(number(privacy, use))))],
    }),
  )
  const titles = [texts.columns.class, ...USES.map((use) => texts.uses[use])]
  return [heading(3, 'uses', texts.counts), { kind: 'table', label: texts.counts, titles, rows }]
}

/** The registered columns that are not published, table by table. */
export function unpublishedOf({ source }: Dictionary, wording: Wording): readonly Part[] {
  const { texts } = wording
  const rows = source.tables.flatMap(({ name, columns }) =>
    columns
      .filter(({ use }) => use !== 'published')
      .map(
        ({ name: column, privacy, use }): Row => ({
          cells: [cell({ code: `${name}.${column}` }), cell(wording.privacy(privacy)), cell(texts.uses[use])],
        }),
      ),
  )
  const partly = source.tables.flatMap(({ name, partly }): Line[] =>
    partly === null ? [] : [[{ code: name }, ` – ${texts.partly(partly)}`]],
  )
  const functions = source.functions.map(({ name, reason }): Row => ({ cells: [cell({ code: name }), cell(reason)] }))
  return [
    heading(2, 'unpublished', texts.notPublished),
    paragraph(rows.length === 0 ? texts.allUsed : texts.notPublishedSays),
    ...(partly.length === 0 ? [] : [{ kind: 'list', lines: partly } as const]),
    ...(rows.length === 0 ? [] : [wording.table(texts.notPublished, ['source', 'class', 'use'], rows)]),
    ...wording.section('functions', texts.functions, ['function', 'reason'], functions),
  ]
}
