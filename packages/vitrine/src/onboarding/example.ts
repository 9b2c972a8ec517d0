/**
 * Writes the first published table as text: two source tables joined by a key, or one table. It shows what an
 * adopter needs next: a key with its reason, a date as its month, a personal value as present or not. Pure.
 */
import { nameIn } from '../publication/register.ts'
import { hasWord, keyText, quotedText } from '../source/source-type.ts'
import { guessOf } from './guess.ts'
import { inComment } from './register-text.ts'
import type { SurveyedColumn, SurveyedTable } from './survey.ts'
import { wordsOf } from './vocabulary.ts'

export interface ExampleTable {
  /** Of the published table. */
  readonly name: string
  /** Of the constant that holds it. */
  readonly constant: string
  readonly text: string
  /** The tables of the source. */
  readonly made: readonly string[]
}

interface Candidate {
  readonly table: SurveyedTable
  readonly parent: SurveyedTable | null
  /** The column that refers to the parent. */
  readonly from: string
  readonly to: string
}

/** The functions of the language for the types that an example publishes as they are. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...['smallint', 'integer', 'bigint', 'numeric', 'real', 'uuid', 'boolean'].map((name) => [name, name] as const),
  ['double precision', 'doublePrecision'],
])
const KEYS: readonly string[] = ['uuid', 'boolean']
const DATES: readonly string[] = ['date', 'timestamp without time zone', 'timestamp with time zone']
const isDate = ({ name }: SurveyedColumn): boolean => DATES.includes(name)
const isNumber = ({ name }: SurveyedColumn): boolean => FUNCTIONS.has(name) && !KEYS.includes(name)
const mayBePseudonym = ({ name, isText, element }: SurveyedColumn): boolean =>
  (isText && element === null) || ['smallint', 'integer', 'bigint', 'uuid'].includes(name)
const isChoice = ({ name, isEnum, element }: SurveyedColumn): boolean =>
  name === 'boolean' || (isEnum && element === null)

/** Kysely gives dots and blanks in a name a meaning of their own. */
const isPlain = (name: string): boolean => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) && name !== '__proto__'

/** The columns of a class that an example may name: readable, and in the register. */
const ofClass = (table: SurveyedTable, privacy: string): readonly SurveyedColumn[] =>
  table.columns.filter(
    (column) =>
      column.isReadable &&
      column.extension === null &&
      isPlain(column.column) &&
      hasWord(column) &&
      guessOf(column, table).privacy === privacy,
  )

/** A key to publish: as it is, or as a pseudonym when it may identify a person. */
const keyOf = (table: SurveyedTable, name: string | undefined): SurveyedColumn | undefined =>
  [...ofClass(table, 'indirect'), ...ofClass(table, 'personal').filter(mayBePseudonym)].find(
    ({ column }) => column === name,
  )

const shownKey = (table: SurveyedTable): SurveyedColumn | undefined =>
  table.primaryKey.length === 1 ? keyOf(table, table.primaryKey[0]) : undefined

/** Joins may not use personal columns, and a text key may be personal. */
const joins = (table: SurveyedTable, name: string): boolean =>
  ofClass(table, 'indirect').some(({ column }) => column === name)

function candidates(tables: readonly SurveyedTable[]): readonly Candidate[] {
  const open = tables.filter(
    (table) => table.isReadable && !table.hidesRows && isPlain(table.name) && isPlain(table.schema),
  )
  const keyed = open.filter((table) => shownKey(table) !== undefined)
  const joined = keyed.flatMap((table) =>
    table.references.flatMap(({ columns: [from = '', ...more], table: name, to: [to = ''] }): readonly Candidate[] => {
      const parent = open.find((other) => other.name === name && other.schema === table.schema && other !== table)
      if (parent === undefined || more.length > 0) return []
      return joins(table, from) && joins(parent, to) ? [{ table, parent, from, to }] : []
    }),
  )
  return [
    ...joined,
    ...open
      .filter((table) => table.columns.some((column) => column.isReadable && hasWord(column)))
      .map((table): Candidate => ({ table, parent: null, from: '', to: '' })),
  ]
}

/** How good a table is as an example: a join, a key, dates, rows, a parent with columns to show. */
function worth({ table, parent }: Candidate): number {
  const rows = table.rows === 0 ? -8 : Math.log10((table.rows ?? 10) + 1) / 4
  const told = parent === null ? 0 : 8 + Math.min(parent.columns.length, 8) / 8
  return told + rows + (shownKey(table) === undefined ? 0 : 4) + (ofClass(table, 'indirect').some(isDate) ? 2 : 0)
}

/** A name as PostgreSQL writes it without quotes. */
const published = (name: string): string =>
  (
    wordsOf(name)
      .join('_')
      .replaceAll(/[^a-z0-9_]/g, '') || 'value'
  )
    .replace(/^(?=\d)/, 'n')
    .slice(0, 50)

interface Line {
  readonly line: string
  readonly uses: readonly string[]
}

const KEY_REASON = 'A key: it links the tables, and is a number of this system alone.'
const FIRST_LOOK = 'Guessed as a first look: keep it if readers need it.'

/** For a table without a publishable key: a table of one row that counts its rows. */
const COUNTED: readonly Line[] = [
  { line: "id: integer(lit(1), 'The one row of this table').primaryKey(),", uses: ['integer'] },
  { line: "counted: integer(count(), 'Number of rows'),", uses: ['integer', 'count'] },
]

/** The key, the key of the other table, one column of each kind that readers like to see, and whether a personal value is there. */
function linesOf({ table, parent, from }: Candidate, zone: string): readonly Line[] {
  const taken = new Set<string>()
  const line = (wish: string, uses: readonly string[], value: string, comment: string, end: string): Line => {
    let name = published(wish)
    for (let n = 2; taken.has(name); n++) name = `${published(wish)}_${n}`
    taken.add(name)
    return { line: `${keyText(name)}: ${uses[0]}(${value}, ${quotedText(inComment(comment))})${end},`, uses }
  }
  const ref = (alias: string, column: string) => `ref(${quotedText(`${alias}.${column}`)})`
  const asItIs = (
    { column, name, isNullable }: SurveyedColumn,
    reason: string,
    end = isNullable ? '.nullable()' : '',
  ) => {
    const value = `because(${ref('t', column)}, ${quotedText(reason)})`
    return line(column, [FUNCTIONS.get(name) ?? 'text', 'because'], value, `${column} of ${table.name}`, end)
  }
  const asKey = (key: SurveyedColumn, of: string, end?: string) => {
    if (guessOf(key, table).privacy === 'indirect') return asItIs(key, KEY_REASON, end)
    const value = `pseudonym(${ref('t', key.column)}, ${quotedText(of)})`
    return line(
      key.column,
      ['uuid', 'pseudonym'],
      value,
      `Stands for ${key.column} of ${table.name}`,
      end ?? (key.isNullable ? '.nullable()' : ''),
    )
  }
  const asMonth = ({ column, name, isNullable }: SurveyedColumn) => {
    const value = `month(${ref('t', column)}${name === 'timestamp with time zone' ? `, ${quotedText(zone)}` : ''})`
    return line(`${column}_month`, ['date', 'month'], value, `Month of ${column}`, isNullable ? '.nullable()' : '')
  }
  const of = parent ?? table
  const asPresence = ({ column }: SurveyedColumn) => {
    const value = `present(${ref(parent === null ? 't' : 'p', column)})`
    return line(`${of.name}_has_${column}`, ['boolean', 'present'], value, `Whether ${of.name} has its ${column}`, '')
  }
  const key = shownKey(table)
  if (key === undefined) return COUNTED
  const pointer = from === '' || from === key.column ? undefined : keyOf(table, from)
  const keys = [...table.primaryKey, ...table.references.flatMap(({ columns }) => columns)]
  const byNullability = (a: SurveyedColumn, b: SurveyedColumn) => Number(a.isNullable) - Number(b.isNullable)
  const rest = ofClass(table, 'indirect').filter(({ column }) => !keys.includes(column))
  const personal = ofClass(of, 'personal')
    .filter(({ isText }) => isText)
    .toSorted((a, b) => byNullability(b, a))
  return [
    asKey(key, table.name, '.primaryKey()'),
    ...(pointer === undefined ? [] : [asKey(pointer, of.name)]),
    ...rest.filter(isDate).toSorted(byNullability).slice(0, 1).map(asMonth),
    ...[isNumber, isChoice]
      .flatMap((kind) => rest.filter(kind).slice(0, 1))
      .map((column) => asItIs(column, FIRST_LOOK)),
    ...personal.slice(0, 1).map(asPresence),
  ]
}

/** Null where no table can be read, or none has a column to show. `register`: the file of the register, as it is imported. */
export function exampleOf(
  tables: readonly SurveyedTable[],
  prefix: string,
  zone: string,
  register: string,
): ExampleTable | null {
  const ranked = candidates(tables).map((candidate) => ({ candidate, value: worth(candidate) }))
  const [best] = ranked.toSorted((a, b) => b.value - a.value)
  if (best === undefined) return null
  const { table, parent, from, to } = best.candidate
  const lines = linesOf(best.candidate, zone)
  const isOne = new Set(tables.map(({ schema }) => schema)).size === 1
  const named = (of: SurveyedTable): string => (isOne ? of.name : nameIn('public', of.schema, of.name))
  const join = (of: SurveyedTable): string => {
    const way = table.columns.some(({ column, isNullable }) => column === from && isNullable) ? 'leftJoin' : 'innerJoin'
    return `.${way}(${[`${named(of)} as p`, `p.${to}`, `t.${from}`].map(quotedText).join(', ')})`
  }
  const made = parent === null ? [table.name] : [table.name, parent.name]
  const [name, constant] = [published(`${prefix}_${table.name}`), `${published(table.name)}_table`]
  const used = [...new Set(['from', ...lines.flatMap(({ uses }) => uses)])].toSorted()
  const text = `// A first published table, made by \`init\`: change what readers need to see, and look with \`check\` and \`plan\`.
import { ${used.join(', ')} } from 'vitrine'
import { source } from './${register}'

const query = source.selectFrom(${quotedText(`${named(table)} as t`)})${parent === null ? '' : join(parent)}

export const ${constant} = from(query).publish(${quotedText(name)}, ${quotedText(`Made of ${inComment(made.join(' and '))}.`)}, ({ ${lines === COUNTED ? 'lit' : 'ref'} }) => ({
${lines.map((each) => `  ${each.line}\n`).join('')}}))
`
  return { name, constant, text, made }
}
