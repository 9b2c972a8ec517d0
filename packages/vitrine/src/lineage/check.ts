/**
 * The static check of a publication: every problem at once, each with its place and its remedy. It needs no connection;
 * the checks that need the source are in `source/`. It also gives the lineage of every column, for the dictionary.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { limitProblems } from '../base/limits.ts'
import type { Computed } from '../publication/compute.ts'
import { type Publication, publishedNames } from '../publication/publication.ts'
import { projectionOf } from '../publication/select-text.ts'
import { primaryKeyOf, shapeOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import type { Treatment } from '../publication/treatment.ts'
import { isTextual } from '../sql/sql-type.ts'
import { type CheckedFigure, historyProblems } from './history-check.ts'
import { LineageAnalysis } from './lineage.ts'
import { isTreated, type Lineage, LineageProblem, type Origin } from './origin.ts'

/** PostgreSQL cuts longer identifiers silently (NAMEDATALEN - 1, in bytes). */
const IDENTIFIER_BYTES = 63

export interface CheckedColumn {
  readonly table: string
  readonly column: string
  readonly lineage: Lineage
}

export interface CheckResult {
  readonly problems: readonly Problem[]
  readonly columns: readonly CheckedColumn[]
}

/** All problems of a publication, and the lineage of the columns that could be analysed. */
export function checkPublication(publication: Publication): CheckResult {
  const problems: Problem[] = []
  const columns: CheckedColumn[] = []
  problems.push(...settingProblems(publication))
  for (const table of publication.tables) {
    problems.push(...tableProblems(table, publication))
    problems.push(...lineageProblems(table, publication, columns))
  }
  for (const history of publication.histories) {
    const figures: CheckedFigure[] = []
    problems.push(...tableProblems(history, publication), ...historyProblems(history, publication, figures))
    columns.push(...figures.map(({ column, lineage }) => ({ table: history.name, column, lineage: distinct(lineage) })))
  }
  return { problems, columns }
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

function settingProblems(publication: Publication): Problem[] {
  const problems: Problem[] = []
  const seen = new Set<string>()
  const names = publishedNames(publication)
  for (const name of names) {
    if (seen.has(name)) {
      problems.push({ place: name, detail: 'two published relations have this name', remedy: 'rename one of them' })
    }
    seen.add(name)
  }
  if (publication.tables.length === 0) {
    problems.push({ place: publication.name, detail: 'it publishes no table', remedy: 'add a table' })
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: publication.zone })
  } catch {
    problems.push({
      place: 'zone',
      detail: `«${publication.zone}» is not a time zone`,
      remedy: 'give an IANA name such as Europe/Paris',
    })
  }
  for (const [name, detail] of limitProblems(publication.limits)) {
    problems.push({ place: `limits.${name}`, detail, remedy: 'correct it, or leave it out for the usual one' })
  }
  if (publication.writer === publication.reader) {
    problems.push({
      place: 'reader',
      detail: 'writer and reader are the same role',
      remedy: 'give the reader a role of its own',
    })
  }
  return problems
}

function tableProblems(table: PublishedTable, publication: Publication): Problem[] {
  const problems: Problem[] = []
  const say = (place: string, detail: string, remedy: string) => problems.push({ place, detail, remedy })
  if (table.comment.trim() === '') say(table.name, 'it has no comment', 'say what one row is')
  if (table.columns.length === 0) say(table.name, 'it has no column', 'add columns')
  const keys = table.columns.filter((column) => column.isPrimaryKey).length
  if (keys !== 1) say(table.name, `it has ${keys} primary keys`, 'mark exactly one column with .primaryKey()')
  for (const column of table.columns) problems.push(...columnProblems(table, column, publication))
  const names = shapeOf(table, publication)
  for (const name of [...names.constraints, ...names.indexes, ...table.columns, table].map((named) => named.name)) {
    if (Buffer.byteLength(name) > IDENTIFIER_BYTES)
      say(table.name, `the name «${name}» is longer than 63 bytes`, 'shorten it')
  }
  return problems
}

function columnProblems(table: PublishedTable, column: PublishedColumn, publication: Publication): Problem[] {
  const problems: Problem[] = []
  const place = `${table.name}.${column.name}`
  const say = (detail: string, remedy: string) => problems.push({ place, detail, remedy })
  if (column.comment.trim() === '') say('it has no comment', 'say what the value means')
  if (column.type.length !== null && !(Number.isInteger(column.type.length) && column.type.length >= 1)) {
    say('its length is not a whole number of characters', 'give varchar a length of at least 1')
  }
  if (column.isPrimaryKey && column.isNullable) say('a primary key cannot be nullable', 'remove .nullable()')
  if (column.value.kind === 'computed') {
    const longest = Math.max(0, ...(column.value.computed.values ?? []).map((value) => [...value].length))
    if (column.type.length !== null && longest > column.type.length) {
      say(`a category of ${longest} characters does not fit ${column.type.name}`, 'widen the column')
    }
    if (column.value.computed.values !== null && !isTextual(column.type)) {
      say('a category is text', 'declare the column as text or varchar')
    }
    if (column.value.computed.computation.kind === 'pseudonym' && column.type.kind !== 'uuid') {
      say('a pseudonym is a uuid', 'declare the column as uuid')
    }
  }
  if (column.reference !== null) {
    const name = column.reference().name
    const target = publication.tables.find((candidate) => candidate.name === name)
    const key = target === undefined ? null : primaryKeyOf(target)
    const keyType = target?.columns.find((candidate) => candidate.name === key)?.type.name
    if (target === undefined)
      say(`it refers to ${name}, which is not published`, 'publish that table, or remove the reference')
    else if (key === null) say(`it refers to ${name}, which has no primary key`, 'give that table a primary key')
    else if (keyType !== column.type.name)
      say(`it refers to ${name}.${key}, of another type (${keyType})`, 'give both the same type')
  }
  return problems
}

function lineageProblems(table: PublishedTable, publication: Publication, found: CheckedColumn[]): Problem[] {
  const problems: Problem[] = []
  const attempt = (place: string, work: () => void): void => {
    try {
      work()
    } catch (error) {
      if (error instanceof LineageProblem) problems.push({ place, detail: error.message, remedy: error.remedy })
      // Whatever the compiler of queries trips over is refused too; its message may quote a literal.
      else
        problems.push({
          place,
          detail: 'the query cannot be written as SQL',
          remedy: 'Use plain names, and literals of text, number or boolean.',
        })
    }
  }
  attempt(table.name, () => {
    if ((table.query.selections ?? []).length > 0) {
      throw new LineageProblem('its query already selects columns', 'Give `from` a query without selection.')
    }
    if ((table.query.setOperations ?? []).length > 0) {
      throw new LineageProblem('its query is a union', 'Put the union into a subquery with an alias.')
    }
    const analysis = new LineageAnalysis(publication.source)
    const scope = analysis.scopeOf(table.query)
    const originsOf = (computed: Computed<unknown>): Lineage => {
      const { inputs, treatment } = computed.computation
      const lineage = inputs.flatMap(({ node }) => analysis.of(node, scope))
      return treatment === null ? lineage : lineage.map((origin) => treatedBy(origin, treatment))
    }
    for (const column of table.columns) {
      const place = `${table.name}.${column.name}`
      attempt(place, () => {
        const { value } = column
        const lineage = value.kind === 'sql' ? analysis.of(value.node, scope) : originsOf(value.computed)
        problems.push(...lineage.filter((origin) => !isTreated(origin)).map((origin) => leak(place, origin)))
        found.push({ table: table.name, column: column.name, lineage: distinct(lineage) })
      })
    }
    if (table.unknown !== null && table.unknown.values === null) {
      const remedy = 'Give the list of reasons: field(name, REASONS).'
      problems.push({
        place: `${table.name} (reasons)`,
        detail: 'the reasons of unknown rows are not a closed list',
        remedy,
      })
    }
    const keep = table.keep
    if (keep !== null) {
      attempt(`${table.name} (rows kept)`, () => {
        const lineage = originsOf(keep).filter((origin) => origin.privacy !== 'indirect' && !isTreated(origin))
        problems.push(...lineage.map((origin) => leak(`${table.name} (rows kept)`, origin)))
      })
    }
    projectionOf(table)
  })
  return problems
}

const treatedBy = (origin: Origin, treatment: Treatment): Origin => ({
  ...origin,
  treatments: [...origin.treatments, treatment],
})

function leak(place: string, origin: Origin): Problem {
  const remedies: Record<Origin['privacy'], string> = {
    open: '',
    indirect: 'Wrap it in because(…, reason), or in a treatment.',
    personal: 'Publish a treatment of it: present, year, month, band, category, count, pseudonym or masked.',
    secret: 'A secret column is never published: remove it.',
  }
  const detail = `it would publish the ${origin.privacy} column ${origin.table}.${origin.column} untreated`
  return { place, detail, remedy: remedies[origin.privacy] }
}

function distinct(lineage: Lineage): Lineage {
  const seen = new Map(lineage.map((origin) => [JSON.stringify(origin), origin]))
  return [...seen.values()]
}
