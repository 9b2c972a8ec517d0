/**
 * Asks the source which types the queries of a publication really give, before a row is read, and refuses a column whose
 * cast to its declared type would change values: a cast must be exact or fail. Gives the types of the rules' inputs, by
 * which they are decoded. Called by `vitrine check` and by the check phase of a run.
 */
import { type ErrorCode, type Problem, VitrineError } from '../base/errors.ts'
import { decoderFor } from '../copy/binary-decode.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { type Projection, projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { fits, type SourceType, TYPE_ELEMENT, TYPE_FACTS } from './source-type.ts'

interface Described {
  readonly table: PublishedTable
  readonly projection: Projection
  readonly oids: readonly number[]
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
  const types = await readTypes(
    source,
    described.flatMap(({ oids }) => oids),
  )
  const problems = described.flatMap((table) => [...columnProblems(table, types), ...inputProblems(table, types)])
  if (problems.length > 0) throw new VitrineError('SOURCE_TYPE_MISMATCH', { place: publication.name, problems })
  return new Map(described.map(({ table, projection, oids }) => [table.name, oids.slice(0, projection.inputFields)]))
}

/** A transaction that has failed answers every further query with this state, which says nothing of that query. */
const TRANSACTION_FAILED = '25P02'

async function describeAll(source: Session, tables: readonly PublishedTable[]): Promise<readonly Described[]> {
  const described: Described[] = []
  const failures: { readonly problem: Problem; readonly error: VitrineError }[] = []
  for (const table of tables) {
    const projection = projectionOf(table)
    try {
      const fields = await source.columnsOf(projection.uncastSql)
      described.push({ table, projection, oids: fields.map(({ oid }) => oid) })
    } catch (error) {
      if (!(error instanceof VitrineError) || !isRefusal(error)) throw error
      if (error.sqlState === TRANSACTION_FAILED && failures.length > 0) break
      failures.push({ problem: { place: table.name, detail: `SQLSTATE ${error.sqlState}` }, error })
    }
  }
  const [first] = failures
  if (first === undefined) return described
  const code: ErrorCode = first.error.code === 'PRIVILEGE_MISSING' ? 'PRIVILEGE_MISSING' : 'SOURCE_QUERY_FAILED'
  throw new VitrineError(code, {
    place: first.problem.place,
    problems: failures.map(({ problem }) => problem),
    cause: first.error,
    ...(first.error.sqlState === undefined ? {} : { sqlState: first.error.sqlState }),
  })
}

/** The query is at fault, not the server or the way to it: classes 0A, 22, 25, 42 and their like carry no retry. */
const isRefusal = ({ sqlState, kind }: VitrineError): boolean =>
  sqlState !== undefined && !kind.retry && !/^(?:08|28|53|55|57|58|XX)/.test(sqlState)

export async function readTypes(source: Session, oids: readonly number[]): Promise<ReadonlyMap<number, SourceType>> {
  const rows = await source.query<SourceType & { oid: number }>(
    `select t.oid, ${TYPE_FACTS} from pg_catalog.pg_type t ${TYPE_ELEMENT} where t.oid = any ($1::oid[])`,
    [[...new Set(oids)]],
  )
  return new Map(rows.map((type) => [type.oid, type]))
}

const unknownType = (oid: number): SourceType => ({ name: `type ${oid}`, element: null, isText: false })

function columnProblems({ table, projection, oids }: Described, types: ReadonlyMap<number, SourceType>): Problem[] {
  return projection.passed.flatMap((column, index) => {
    const oid = oids[projection.inputFields + index] ?? 0
    const found = types.get(oid) ?? unknownType(oid)
    if (fits(found, column.type)) return []
    const remedy = 'declare what the source gives, or convert it explicitly in the query'
    return [
      { place: `${table.name}.${column.name}`, detail: `declared ${column.type.name}, found ${found.name}`, remedy },
    ]
  })
}

/** Rules receive only types that have a decoder. */
function inputProblems({ table, projection, oids }: Described, types: ReadonlyMap<number, SourceType>): Problem[] {
  const read = projection.computations.flatMap(({ computation, fields }) =>
    computation.inputs.map(({ name }, index) => ({ name, oid: oids[fields[index] ?? 0] ?? 0 })),
  )
  return read.flatMap(({ name, oid }) => {
    if (decoderFor(oid) !== null) return []
    const found = types.get(oid) ?? unknownType(oid)
    const remedy = found.isText ? 'cast the input to text' : 'cast the input to a type that rules receive'
    return [{ place: `${table.name} (rule input ${name})`, detail: `rules cannot receive ${found.name}`, remedy }]
  })
}
