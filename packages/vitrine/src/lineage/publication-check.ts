/**
 * The static check of a publication: every problem at once, each with its place and its remedy. It needs no connection;
 * the checks that need the source are in `source/`. It also gives the lineage of every column, for the dictionary.
 */
import { VitrineError } from '../base/errors.ts'
import { limitProblems } from '../base/limits.ts'
import { boundFault } from '../publication/compute.ts'
import { PATTERN_NAMES } from '../publication/pattern.ts'
import { isBlank } from '../publication/privacy.ts'
import { type Publication, publishedNames, stagingSchema } from '../publication/publication.ts'
import { registersIn, unreadReason } from '../publication/register.ts'
import { keyOf, primaryKeyOf, shapeOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { MOST_BANDS } from '../publication/treatment.ts'
import { knowsTheRun } from '../publication/view.ts'
import { isRuleKind, isTextual, sqlType } from '../sql/sql-type.ts'
import { type CheckedColumn, Findings } from './findings.ts'
import { checkHistory, checkRecorded, publishedAsSource } from './history-check.ts'
import { Analysis } from './lineage.ts'
import { type Origin, registered } from './origin.ts'
import { IDENTIFIER_BYTES, loadParser } from './parse.ts'
import { checkPseudonyms } from './pseudonym-check.ts'

/** All problems and warnings of a publication, and the lineage of the columns that could be analysed. */
export async function checkPublication(
  publication: Publication,
): Promise<Pick<Findings, 'problems' | 'warnings' | 'columns'>> {
  const found = new Findings()
  const parser = await loadParser()
  checkSettings(publication, found)
  checkRegisters(publication, found)
  const source = new Analysis(parser, registered(publication.source))
  for (const table of publication.tables) {
    checkTable(table, publication, found)
    source.check(table, found)
    warnOfMasks(table, found)
  }
  checkPseudonyms(publication, found)
  const staging = stagingSchema(publication)
  // Any day is good enough for a check.
  const moment = { instant: new Date(0), day: '1970-01-01', schema: staging }
  const published = new Analysis(parser, publishedAsSource(publication, staging, found.columns), moment)
  for (const history of publication.histories) {
    checkTable(history, publication, found)
    checkHistory(history, found)
    published.check(history, found)
    checkRecorded(history, publication, found)
  }
  for (const view of publication.views) {
    checkTable(view, publication, found)
    checkView(view, staging, found)
    published.check(view, found)
  }
  checkCuts(source, found)
  checkCuts(published, found)
  return found
}

function checkView(view: PublishedTable, schema: string, found: Findings): void {
  const { name, columns, keep, unknown, kAnonymous } = view
  const isRuled = [keep, unknown, kAnonymous].some((rule) => rule !== null)
  if (isRuled || columns.some(({ value }) => value.kind !== 'sql')) {
    found.say(name, 'a view has a rule', 'write it in SQL, or publish a table: rules are run when rows are copied')
  } else if (knowsTheRun(view, schema)) {
    found.say(name, 'a view asks for the day of the run', 'publish that day in a table of it')
  }
}

/** Several bands of one column together must not be finer than one treatment may be, wherever they stand. */
function checkCuts({ treated }: Analysis, found: Findings): void {
  const bounds = new Map<string, Set<number>>()
  const zones = new Map<string, Set<string>>()
  const say = new Map<string, readonly [string, string]>()
  for (const { place, lineage } of treated) {
    for (const { table, column, privacy, treatments } of lineage) {
      const of = `${table}.${column}`
      const joined = <T>(known: Map<string, Set<T>>, own: readonly T[]) =>
        known.set(of, new Set([...(known.get(of) ?? []), ...own])).get(of)?.size ?? 0
      const own = treatments.flatMap((treatment) => treatment.bounds ?? [])
      const bands = joined(bounds, own)
      const zone = treatments.flatMap((treatment) => treatment.zone ?? [])
      if (own.length > 0 && bands >= MOST_BANDS)
        say.set(place, [`with others it gives more than ${MOST_BANDS} bands of ${of}`, 'use the same bands'])
      if (privacy === 'personal' && joined(zones, zone) > 1 && zone.length > 0)
        say.set(place, [`with others it takes ${of} in more than one time zone`, 'use the same zone'])
    }
  }
  for (const [place, problem] of say) found.say(place, ...problem)
}

/** Throws DEFINITION_INVALID with every problem, or returns the lineage of all columns. */
export async function requireSound(publication: Publication): Promise<readonly CheckedColumn[]> {
  const { problems, columns } = await checkPublication(publication)
  if (problems.length === 0) return columns
  throw new VitrineError('DEFINITION_INVALID', {
    detail: problems.length === 1 ? 'One problem.' : `${problems.length} problems.`,
    problems,
  })
}

/** The list has no other names of a zone; to try one costs ten times as much. */
function isZone(zone: string): boolean {
  if (Intl.supportedValuesOf('timeZone').includes(zone)) return true
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== null
  } catch {
    return false
  }
}

function checkSettings(publication: Publication, found: Findings): void {
  const names = publishedNames(publication)
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index) found.say(name, 'two published relations have this name', 'rename one of them')
  }
  if (publication.tables.length === 0) found.say(publication.name, 'it publishes no table', 'add a table')
  if (!isZone(publication.zone)) {
    found.say('zone', `«${publication.zone}» is not a time zone`, 'give an IANA name such as Europe/Paris')
  }
  for (const [name, detail] of limitProblems(publication.limits)) {
    found.say(`limits.${name}`, detail, 'correct it, or leave it out for the usual one')
  }
  const { functions, derived, tables } = publication.source
  const reasons = [
    ...Object.entries(functions).map(([name, reason]) => [`function ${name}`, reason, 'queries may call it'] as const),
    ...Object.entries(derived).map(([name, reason]) => [name, reason, 'it says less than what it is made of'] as const),
    ...Object.entries(tables).map(
      ([name, columns]) => [`table ${name}`, unreadReason(columns), 'its other columns need not be listed'] as const,
    ),
  ]
  for (const [place, reason, what] of reasons) {
    if (reason !== undefined && isBlank(reason)) found.say(place, 'the register gives no reason', `say why ${what}`)
  }
  if (publication.writer === publication.reader) {
    found.say('reader', 'writer and reader are the same role', 'give the reader a role of its own')
  }
}

/** All queries run in the schema of the publication's register: a query started from another register would read other tables. */
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
      found.say(
        name,
        detail,
        'register all tables together, register({ public: {…}, sales: {…} }), or make a publication of each',
      )
    }
  }
}

function checkTable(table: PublishedTable, publication: Publication, found: Findings): void {
  const say = (detail: string, remedy: string) => found.say(table.name, detail, remedy)
  if (isBlank(table.comment)) say('it has no comment', 'say what one row is')
  if (table.columns.length === 0) say('it has no column', 'add columns')
  if ((table.query.selections ?? []).length > 0) {
    say('its query already selects columns', 'give `from` a query without selection')
  }
  if ((table.query.setOperations ?? []).length > 0) {
    say('its query is a union', 'put the union into a subquery with an alias')
  }
  if (table.unknown !== null) {
    const reasons = `${table.name} (reasons)`
    const fault = boundFault(table.unknown, sqlType('text'))
    if (table.unknown.values === null) {
      found.say(reasons, 'the reasons are not a closed list', 'give the list of reasons: field(name, REASONS)')
    } else if (fault !== null) found.say(reasons, ...fault)
  }
  if (keyOf(table).length === 0) say('it has no primary key', 'mark the columns of its key with .primaryKey()')
  for (const column of table.columns) {
    const place = `${table.name}.${column.name}`
    checkColumn(column, (detail, remedy) => found.say(place, detail, remedy))
    checkReference(column, publication, (detail, remedy) => found.say(place, detail, remedy))
  }
  checkAnonymity(table, (detail, remedy) => found.say(`${table.name} (kAnonymous)`, detail, remedy))
  const names = shapeOf(table, publication)
  for (const { name } of [...names.constraints, ...names.indexes, ...table.columns, table]) {
    if (Buffer.byteLength(name) > IDENTIFIER_BYTES) say(`the name «${name}» is longer than 63 bytes`, 'shorten it')
  }
}

type Say = (detail: string, remedy: string) => void

function checkAnonymity(table: PublishedTable, say: Say): void {
  const { kAnonymous, columns } = table
  if (kAnonymous === null) return
  const { k, columns: names, otherwise } = kAnonymous
  if (!Number.isSafeInteger(k) || k < 2)
    say('its k is not a whole number of at least 2', 'say how many rows a group has')
  if (names.length === 0) say('it names no column', 'name the columns that tell more together')
  if (!['refuse', 'suppress'].includes(otherwise)) say('it says neither refuse nor suppress', 'say one of them')
  for (const [index, name] of names.entries()) {
    const column = columns.find((candidate) => candidate.name === name)
    if (column === undefined) say(`it names ${name}, which the table does not have`, 'name a column of the table')
    else if (names.indexOf(name) < index) say(`it names ${name} twice`, 'name it once')
    else if (column.isUnique || name === primaryKeyOf(table))
      say(`it names ${name}, which is different in every row`, 'leave out that column, or publish it less exactly')
    else if (otherwise === 'suppress' && !column.isNullable)
      say(`it suppresses ${name}, which is not nullable`, 'mark the column with .nullable()')
  }
}

/** A unique number beside a masked name can be looked up elsewhere and reveals the name. A generated key reveals nothing. */
function warnOfMasks(table: PublishedTable, found: Findings): void {
  const { name, columns } = table
  const lineages = new Map(
    found.columns.filter((column) => column.table === name).map(({ column, lineage }) => [column, lineage]),
  )
  const isMasked = ({ treatments }: Origin) => treatments.some((treatment) => treatment.name === 'masked')
  const masked = [...lineages.values()].flat().filter((origin) => isMasked(origin) && origin.privacy === 'personal')
  for (const column of columns) {
    if (!column.isUnique && !(column.name === primaryKeyOf(table) && isTextual(column.type))) continue
    const clear = lineages
      .get(column.name)
      ?.filter(
        ({ privacy, treatments }) =>
          privacy === 'indirect' && treatments.every((treatment) => treatment.name === 'because'),
      )
    const beside = masked.find(({ table }) => clear?.some((origin) => origin.table === table))
    if (beside === undefined) continue
    found.warnings.push({
      place: `${name}.${column.name}`,
      detail: `it is unique, and not masked where ${beside.table}.${beside.column} is`,
      remedy: 'mask both with maskedGroup, unless nobody can look it up',
    })
  }
}

function checkAccepted({ accepts }: PublishedColumn, say: Say): void {
  for (const [index, { pattern, reason }] of accepts.entries()) {
    if (!PATTERN_NAMES.includes(pattern))
      say('it accepts an unknown pattern', `accept one of ${PATTERN_NAMES.join(', ')}`)
    else if (isBlank(reason)) say(`it accepts ${pattern} without a reason`, 'say why it may stand there')
    else if (accepts.some((other, at) => at < index && other.pattern === pattern))
      say(`it accepts ${pattern} twice`, 'accept it once')
  }
}

function checkColumn(column: PublishedColumn, say: Say): void {
  const { comment, type, value, isPrimaryKey, isNullable } = column
  checkAccepted(column, say)
  if (isBlank(comment)) say('it has no comment', 'say what the value means')
  if (type.length !== null && !(Number.isInteger(type.length) && type.length >= 1)) {
    say('its length is not a whole number of characters', 'give varchar a length of at least 1')
  }
  if (isPrimaryKey && isNullable) say('a primary key cannot be nullable', 'remove .nullable()')
  if (value.kind === 'sql') return
  const { values, computation } = value.computed
  if (!isRuleKind(type.kind)) say(`no rule gives ${type.name}`, 'compute it in SQL, or declare another type')
  const longest = Math.max(0, ...(values ?? []).map((text) => [...text].length))
  if (type.length !== null && longest > type.length) {
    say(`a category of ${longest} characters does not fit ${type.name}`, 'widen the column')
  }
  const fault = boundFault(value.computed, type)
  if (fault !== null) say(...fault)
  if (values !== null && (!isTextual(type) || type.array))
    say('a category is text', 'declare the column as text or varchar')
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
  else if (key === null)
    say(`it refers to ${name}, whose primary key is not one column`, 'refer to a table that has such a key, or to none')
  else if (keyType !== type.name)
    say(`it refers to ${name}.${key}, of another type (${keyType})`, 'give both the same type')
}
