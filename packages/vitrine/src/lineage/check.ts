/**
 * The static check of a publication: every problem at once, each with its place and its remedy. It needs no connection;
 * the checks that need the source are in `source/`. It also gives the lineage of every column, for the dictionary.
 */
import { VitrineError } from '../base/errors.ts'
import { limitProblems } from '../base/limits.ts'
import type { ColumnValue } from '../publication/column.ts'
import { type Publication, publishedNames } from '../publication/publication.ts'
import { registersIn } from '../publication/register.ts'
import { projectionOf } from '../publication/select-text.ts'
import { primaryKeyOf, shapeOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { isTextual } from '../sql/sql-type.ts'
import { type CheckedColumn, Findings } from './findings.ts'
import { checkHistory, publishedAsSource } from './history-check.ts'
import { LineageAnalysis } from './lineage.ts'
import { isTreated, type Lineage, LineageProblem, type Origin, treatedBy } from './origin.ts'

/** PostgreSQL cuts longer identifiers silently (NAMEDATALEN - 1, in bytes). */
const IDENTIFIER_BYTES = 63

/** All problems of a publication, and the lineage of the columns that could be analysed. */
export function checkPublication(publication: Publication): Pick<Findings, 'problems' | 'columns'> {
  const found = new Findings()
  checkSettings(publication, found)
  checkRegisters(publication, found)
  const source = new LineageAnalysis(publication.source)
  for (const table of publication.tables) {
    checkTable(table, publication, found)
    checkLineage(table, source, found)
  }
  const published = publishedAsSource(publication)
  for (const history of publication.histories) {
    checkTable(history, publication, found)
    checkHistory(history, found)
    checkLineage(history, published, found)
  }
  return found
}

/** Throws DEFINITION_INVALID with every problem, or returns the lineage of all columns. */
export function requireSound(publication: Publication): readonly CheckedColumn[] {
  const { problems, columns } = checkPublication(publication)
  if (problems.length === 0) return columns
  throw new VitrineError('DEFINITION_INVALID', {
    detail: problems.length === 1 ? 'One problem.' : `${problems.length} problems.`,
    problems,
  })
}

function checkSettings(publication: Publication, found: Findings): void {
  const names = publishedNames(publication)
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index) found.say(name, 'two published relations have this name', 'rename one of them')
  }
  if (publication.tables.length === 0) found.say(publication.name, 'it publishes no table', 'add a table')
  try {
    new Intl.DateTimeFormat('en', { timeZone: publication.zone })
  } catch {
    found.say('zone', `«${publication.zone}» is not a time zone`, 'give an IANA name such as Europe/Paris')
  }
  for (const [name, detail] of limitProblems(publication.limits)) {
    found.say(`limits.${name}`, detail, 'correct it, or leave it out for the usual one')
  }
  if (publication.writer === publication.reader) {
    found.say('reader', 'writer and reader are the same role', 'give the reader a role of its own')
  }
}

/** All queries run in the schema of the publication's register: one that was begun by another would read other tables. */
function checkRegisters({ tables, source }: Publication, found: Findings): void {
  for (const { name, query, columns } of tables) {
    const nodes = columns.flatMap(({ value }) =>
      value.kind === 'sql' ? [value.node] : value.computed.computation.inputs.map(({ node }) => node),
    )
    for (const { schema, tables: registered } of new Set([query, ...nodes].flatMap((node) => [...registersIn(node)]))) {
      if (registered === source.tables && schema === source.schema) continue
      const theirs = Object.keys(registered).slice(0, 3).join(', ')
      const ours = Object.keys(source.tables).slice(0, 3).join(', ')
      const detail = `its query is begun by another register (schema ${schema}: ${theirs}, …) than the publication's (schema ${source.schema}: ${ours}, …)`
      found.say(name, detail, 'register the tables of one schema together, or make a publication of each')
    }
  }
}

function checkTable(table: PublishedTable, publication: Publication, found: Findings): void {
  const say = (detail: string, remedy: string) => found.say(table.name, detail, remedy)
  if (table.comment.trim() === '') say('it has no comment', 'say what one row is')
  if (table.columns.length === 0) say('it has no column', 'add columns')
  const keys = table.columns.filter((column) => column.isPrimaryKey).length
  if (keys !== 1) say(`it has ${keys} primary keys`, 'mark exactly one column with .primaryKey()')
  for (const column of table.columns) {
    const place = `${table.name}.${column.name}`
    checkColumn(column, (detail, remedy) => found.say(place, detail, remedy))
    checkReference(column, publication, (detail, remedy) => found.say(place, detail, remedy))
  }
  const names = shapeOf(table, publication)
  for (const { name } of [...names.constraints, ...names.indexes, ...table.columns, table]) {
    if (Buffer.byteLength(name) > IDENTIFIER_BYTES) say(`the name «${name}» is longer than 63 bytes`, 'shorten it')
  }
}

type Say = (detail: string, remedy: string) => void

function checkColumn({ comment, type, value, isPrimaryKey, isNullable }: PublishedColumn, say: Say): void {
  if (comment.trim() === '') say('it has no comment', 'say what the value means')
  if (type.length !== null && !(Number.isInteger(type.length) && type.length >= 1)) {
    say('its length is not a whole number of characters', 'give varchar a length of at least 1')
  }
  if (isPrimaryKey && isNullable) say('a primary key cannot be nullable', 'remove .nullable()')
  if (value.kind === 'sql') return
  const { values, computation } = value.computed
  const longest = Math.max(0, ...(values ?? []).map((text) => [...text].length))
  if (type.length !== null && longest > type.length) {
    say(`a category of ${longest} characters does not fit ${type.name}`, 'widen the column')
  }
  if (values !== null && !isTextual(type)) say('a category is text', 'declare the column as text or varchar')
  if (computation.kind === 'pseudonym' && type.kind !== 'uuid') {
    say('a pseudonym is a uuid', 'declare the column as uuid')
  }
}

function checkReference({ reference, type }: PublishedColumn, { tables }: Publication, say: Say): void {
  if (reference === null) return
  const { name } = reference()
  const target = tables.find((candidate) => candidate.name === name)
  const key = target === undefined ? null : primaryKeyOf(target)
  const keyType = target?.columns.find((candidate) => candidate.name === key)?.type.name
  if (target === undefined)
    say(`it refers to ${name}, which is not published`, 'publish that table, or remove the reference')
  else if (key === null) say(`it refers to ${name}, which has no primary key`, 'give that table a primary key')
  else if (keyType !== type.name)
    say(`it refers to ${name}.${key}, of another type (${keyType})`, 'give both the same type')
}

function checkLineage(table: PublishedTable, analysis: LineageAnalysis, found: Findings): void {
  found.attempt(table.name, () => {
    if ((table.query.selections ?? []).length > 0) {
      throw new LineageProblem('its query already selects columns', 'Give `from` a query without selection.')
    }
    if ((table.query.setOperations ?? []).length > 0) {
      throw new LineageProblem('its query is a union', 'Put the union into a subquery with an alias.')
    }
    const scope = analysis.scopeOf(table.query)
    const lineageOf = (value: ColumnValue): Lineage => {
      if (value.kind === 'sql') return analysis.of(value.node, scope)
      const { inputs, treatment } = value.computed.computation
      const lineage = inputs.flatMap(({ node }) => analysis.of(node, scope))
      return treatment === null ? lineage : treatedBy(lineage, treatment)
    }
    for (const { name, value } of table.columns) {
      const place = `${table.name}.${name}`
      found.attempt(place, () => {
        const lineage = lineageOf(value)
        for (const origin of lineage) if (!isTreated(origin)) sayLeak(place, origin, found)
        found.columns.push({ table: table.name, column: name, lineage: distinct(lineage) })
      })
    }
    const { keep, unknown } = table
    if (unknown !== null && unknown.values === null) {
      const detail = 'the reasons of unknown rows are not a closed list'
      found.say(`${table.name} (reasons)`, detail, 'Give the list of reasons: field(name, REASONS).')
    }
    if (keep !== null) {
      const place = `${table.name} (rows kept)`
      found.attempt(place, () => {
        for (const origin of lineageOf({ kind: 'computed', computed: keep })) {
          if (origin.privacy !== 'indirect' && !isTreated(origin)) sayLeak(place, origin, found)
        }
      })
    }
    projectionOf(table)
  })
}

const LEAK_REMEDIES: Readonly<Record<Origin['privacy'], string>> = {
  open: '',
  indirect: 'Wrap it in because(…, reason), or in a treatment.',
  personal: 'Publish a treatment of it: present, year, month, band, category, count, pseudonym or masked.',
  secret: 'A secret column is never published: remove it.',
}

function sayLeak(place: string, { privacy, table, column }: Origin, found: Findings): void {
  found.say(place, `it would publish the ${privacy} column ${table}.${column} untreated`, LEAK_REMEDIES[privacy])
}

function distinct(lineage: Lineage): Lineage {
  return [...new Map(lineage.map((origin) => [JSON.stringify(origin), origin])).values()]
}
