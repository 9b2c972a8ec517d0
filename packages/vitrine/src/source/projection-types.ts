/**
 * Asks the source for the types of a publication's queries before any row is read, and refuses a column whose cast to its
 * declared type could change values: a cast must be exact or fail. Returns the types of the rules' inputs, which tell how to
 * decode them. Called by `vitrine check` and by the check phase of a run.
 */
import { asVitrineError, type Problem, VitrineError } from '../base/errors.ts'
import { decoderFor } from '../copy/binary-decode.ts'
import type { Session } from '../postgres/connect.ts'
import { refusalOf } from '../postgres/server-error.ts'
import type { Publication } from '../publication/publication.ts'
import { type Projection, projectionOf } from '../publication/select-text.ts'
import { type PublishedTable, writtenAt } from '../publication/table.ts'
import { oidOf } from '../sql/sql-type.ts'
import { fits, type SourceType, TYPE_ELEMENT, TYPE_FACTS } from './source-type.ts'

/** The type of a field of a query. */
interface FoundType extends SourceType {
  readonly oid: number
}

interface Described {
  readonly table: PublishedTable
  readonly projection: Projection
  readonly types: readonly FoundType[]
}

/**
 * The OIDs of the input fields of each published table, by table name. Throws SOURCE_QUERY_FAILED or PRIVILEGE_MISSING
 * when the source refuses a query, SOURCE_TYPE_MISMATCH with every column that does not fit.
 */
export async function checkProjections(
  source: Session,
  publication: Publication,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const described = await describeAll(source, publication.tables)
  const misfits = described.map((each) => ({ ...each, problems: [...columnProblems(each), ...inputProblems(each)] }))
  const problems = misfits.flatMap((each) => each.problems)
  if (problems.length > 0) {
    const wrong = misfits.filter((each) => each.problems.length > 0).map(({ table }) => table)
    throw new VitrineError('SOURCE_TYPE_MISMATCH', { place: publication.name, problems, detail: writtenAt(wrong) })
  }
  return new Map(
    described.map(({ table, projection, types }) => [
      table.name,
      types.slice(0, projection.inputFields).map(receivedAs),
    ]),
  )
}

/** The type by which a rule's input is decoded: an enumeration and the like are sent as text. */
function receivedAs({ oid, isText, element }: FoundType): number {
  if (!isText || decoderFor(oid) !== null) return oid
  return element === null ? oidOf('text') : TEXT_ARRAY
}
const TEXT_ARRAY = 1009

/** The types of the fields of a query, in their order. Nothing is read. */
export async function typesOf(session: Session, sql: string): Promise<readonly FoundType[]> {
  const fields = await session.columnsOf(sql)
  const types = await session.query<FoundType>(
    `select t.oid, ${TYPE_FACTS} from pg_catalog.pg_type t ${TYPE_ELEMENT} where t.oid = any ($1::oid[])`,
    [fields.map(({ oid }) => oid)],
  )
  const unknown = (oid: number): FoundType => ({ oid, name: `type ${oid}`, element: null, isText: false })
  return fields.map(({ oid }) => types.find((type) => type.oid === oid) ?? unknown(oid))
}

/** The SQLSTATE of every query after a failure in the same transaction: it says nothing about the query. */
const TRANSACTION_FAILED = '25P02'

async function describeAll(source: Session, tables: readonly PublishedTable[]): Promise<readonly Described[]> {
  const described: Described[] = []
  const failures: (Problem & { readonly error: VitrineError; readonly table: PublishedTable })[] = []
  for (const table of tables) {
    const projection = projectionOf(table)
    try {
      described.push({ table, projection, types: await typesOf(source, projection.uncast) })
    } catch (error) {
      if (!(error instanceof VitrineError) || !isRefusal(error)) throw error
      if (error.sqlState === TRANSACTION_FAILED && failures.length > 0) break
      failures.push({ ...(await refusalProblem(source, table, projection, error)), error, table })
    }
  }
  const [first] = failures
  if (first === undefined) return described
  const { code, sqlState } = first.error
  throw new VitrineError(code === 'PRIVILEGE_MISSING' ? code : 'SOURCE_QUERY_FAILED', {
    place: first.place,
    detail: writtenAt(failures.map(({ table }) => table)),
    problems: failures.map(({ place, detail }) => ({ place, detail })),
    cause: first.error,
    ...(sqlState === undefined ? {} : { sqlState }),
  })
}

/** Parses the query without planning it: then the server's message can quote only the query, and its position is known. */
async function refusalProblem(
  source: Session,
  table: PublishedTable,
  projection: Projection,
  error: VitrineError,
): Promise<Problem> {
  const parse = 'prepare vitrine_parsed as '
  const refused = await source
    .execute(`${parse}${projection.uncast}; deallocate vitrine_parsed`)
    .then(() => null, asVitrineError)
  const said = refused !== null && refused.sqlState === error.sqlState ? refusalOf(refused) : null
  const item = said === null ? null : itemAt(projection.uncast, said.position - 1 - parse.length)
  return {
    place: item === null ? table.name : fieldPlace(table, projection, item),
    detail: said?.words ?? error.detail ?? '',
  }
}

/** The index of the select list's expression at a character; null outside the list. */
function itemAt(sql: string, character: number): number | null {
  const at = [...sql].slice(0, Math.max(0, character)).join('').length
  let [depth, item] = [0, -1]
  for (const { 0: token, index } of sql.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[(),]|\b(?:select|from)\b/g)) {
    if (index > at) break
    if (token === '(') depth += 1
    else if (token === ')') depth -= 1
    else if (depth > 0) continue
    else if (token === 'select') item = 0
    else if (token === 'from') return null
    else if (token === ',' && item >= 0) item += 1
  }
  return item < 0 || character < 0 ? null : item
}

/** Names a field of the query in problems: the published column, or the input of a rule. */
export function fieldPlace(table: PublishedTable, projection: Projection, field: number): string {
  const column = projection.passed[field - projection.hiddenFields]
  if (column !== undefined) return `${table.name}.${column.name}`
  const names = projection.computations.flatMap(({ computation, fields }) =>
    computation.inputs.filter((_, index) => fields[index] === field).map(({ name }) => name),
  )
  return `${table.name} (rule input ${names[0]})`
}

/** The query is at fault, not the server or the way to it: classes 0A, 22, 25, 42 and their like carry no retry. */
const isRefusal = ({ sqlState, kind }: VitrineError): boolean =>
  sqlState !== undefined && !kind.retry && !/^(?:08|28|53|55|57|58|XX)/.test(sqlState)

function columnProblems({ table, projection, types }: Described): readonly Problem[] {
  return projection.passed.flatMap((column, index) => {
    const found = types[projection.inputFields + index]
    if (found !== undefined && fits(found, column.type)) return []
    const detail = `declared ${column.type.name}, found ${found?.name}`
    const remedy = 'declare what the source gives, or convert it explicitly in the query'
    return [{ place: `${table.name}.${column.name}`, detail, remedy }]
  })
}

/** Rules receive only types that have a decoder. */
function inputProblems({ table, projection, types }: Described): readonly Problem[] {
  return projection.computations.flatMap(({ computation, fields }) =>
    computation.inputs.flatMap(({ name }, index) => {
      const found = types[fields[index] ?? -1]
      if (found !== undefined && decoderFor(receivedAs(found)) !== null) return []
      const remedy = 'cast the input to a type that rules receive'
      return [{ place: `${table.name} (rule input ${name})`, detail: `rules cannot receive ${found?.name}`, remedy }]
    }),
  )
}
