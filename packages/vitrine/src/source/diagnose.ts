/**
 * Finds which column of a table could not be read or written, why, and in how many rows if they can be counted. Runs on
 * the source, in the run's snapshot, after a failure. It names and counts; it never reads a value.
 */
import { asVitrineError, type Problem, VitrineError } from '../base/errors.ts'
import { counted } from '../base/format.ts'
import { own } from '../base/own.ts'
import { neededColumns } from '../lineage/lineage.ts'
import type { Session } from '../postgres/connect.ts'
import { placeOf, type Source } from '../publication/register.ts'
import { type Projection, projectionOf } from '../publication/select-text.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { isTextual } from '../sql/sql-type.ts'
import { fieldPlace } from './projection-types.ts'

/** A condition in SQL, and what it means when it is true for a row. */
type Check = readonly [condition: string, says: string]

export interface Refusal {
  readonly source: Session
  readonly register: Source
  readonly table: PublishedTable
  readonly instant: Date
  /** Of the target, as `server_encoding`. */
  readonly encoding: string
  readonly error: VitrineError
}

/** Valid UTF-8 as pairs of hexadecimal digits (RFC 3629, section 4), for a source that takes any bytes. */
const UTF8 =
  '^([0-7].|(c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9a-cef][89ab].[89ab].|ed[89].[89ab].|' +
  'f0[9ab].([89ab].){2}|f[1-3]([89ab].){3}|f48.([89ab].){2})*$'

/** The conditions under which either side refuses a value of a column. */
function checksOf({ name, type, minimum }: PublishedColumn, { error, encoding }: Refusal): readonly Check[] {
  const column = identifier(name)
  const length = type.array ? null : type.length
  if (error.code === 'ENCODING_MISMATCH') {
    if (!isTextual(type) || type.array) return []
    const bytes = `encode(convert_to(${column}, 'SQL_ASCII'), 'hex')`
    return [
      [`getdatabaseencoding() = 'SQL_ASCII' and ${bytes} !~ '${UTF8}'`, 'bytes that are no UTF-8'],
      ...(encoding === 'LATIN1'
        ? [[`${column} ~ '[^\\u0001-\\u00ff]'`, 'a character that LATIN1 has not'] as const]
        : []),
    ]
  }
  return [
    ...(length === null ? [] : [[`char_length(${column}) > ${length}`, `more than ${length} characters`] as const]),
    ...(minimum === null ? [] : [[`${column} < ${minimum}`, `less than ${minimum}`] as const]),
  ]
}

/** One problem for each column with refused values. Empty when the cause is another. Runs in the open snapshot. */
export async function diagnoseRefusedRows(refusal: Refusal): Promise<readonly Problem[]> {
  const { source, table, instant } = refusal
  const projection = projectionOf(table, { instant })
  const rows = `(${projection.sql}) as rows_read`
  const checks = projection.passed.flatMap((column) =>
    checksOf(column, refusal).map((check) => ({ place: `${table.name}.${column.name}`, check })),
  )
  const found = await attempt(source, () => countChecks(source, rows, checks))
  return found instanceof VitrineError || found.length === 0 ? failingFields(refusal, projection, rows) : found
}

interface PlacedCheck {
  readonly place: string
  readonly check: Check
}

async function countChecks(source: Session, rows: string, checks: readonly PlacedCheck[]): Promise<readonly Problem[]> {
  if (checks.length === 0) return []
  const counts = checks.map(({ check: [condition] }) => `count(*) filter (where ${condition})`)
  const [row] = await source.query<{ counts: readonly number[] }>(
    `select json_build_array(${counts.join(', ')}) as counts from ${rows}`,
  )
  return checks.flatMap(({ place, check: [, says] }, index) => {
    const count = row?.counts[index] ?? 0
    return count === 0 ? [] : [{ place, detail: `${counted(count, 'row')}: ${says}` }]
  })
}

/** The meaning of each SQLSTATE, in our words: those of the server may quote a value. */
const CAUSES: Readonly<Record<string, string>> = {
  '0A000': 'a conversion that its values do not allow, such as that of infinity',
  '21000': 'a subquery gives more than one row',
  '22001': 'a text is too long',
  '22003': 'a number is outside the range of its type',
  '22007': 'a text is no date or time',
  '22008': 'a date or a time is out of range',
  '22012': 'a division by zero',
  '2201B': 'a regular expression is wrong',
  '22023': 'an argument of a function is wrong',
  '22P02': 'a text is no value of the type that it is converted to',
  '22P05': 'an escape such as \\u0000 has no character',
}

/** Computes each field of the query alone: the planner skips those that are not selected. */
async function failingFields(refusal: Refusal, projection: Projection, rows: string): Promise<readonly Problem[]> {
  const { source, table, error } = refusal
  const fails = async (count: string) => {
    const answer = await attempt(source, () => source.query(`select count(${count}) from ${rows}`))
    return answer instanceof VitrineError && answer.sqlState === error.sqlState
  }
  const detail = own(CAUSES, error.sqlState ?? '') ?? 'it cannot be computed'
  if (await fails('*')) return [{ place: `${table.name} (rows)`, detail: `the conditions of its query: ${detail}` }]
  const problems: Problem[] = []
  const hidden = Array.from({ length: projection.hiddenFields }, (_, index) => `input_${index + 1}`)
  for (const [index, name] of [...hidden, ...projection.passed.map((column) => column.name)].entries()) {
    if (!(await fails(identifier(name)))) continue
    const odd = await attempt(source, () => oddSources(refusal, name))
    const told = odd instanceof VitrineError ? [] : odd.map((each) => `${each.place}: ${each.detail}`)
    problems.push({ place: fieldPlace(table, projection, index), detail: [detail, ...told].join('; ') })
  }
  return problems
}

/** Unusual values of a source column on which an expression may fail. */
function oddities(type: string, column: string): readonly Check[] {
  if (/^(?:date|timestamp)/.test(type)) return [[`not isfinite(${column})`, 'infinity']]
  return type === 'jsonb' ? [[`${column}::text ~ '(^|[^\\\\])(\\\\\\\\)*\\\\u0000'`, 'the escape \\u0000']] : []
}

/** Rows of the source's own tables, in the columns that the published column is made of. */
async function oddSources({ source, register, table }: Refusal, name: string): Promise<readonly Problem[]> {
  const columns = table.columns.filter((column) => column.name === name)
  // For a rule's input, all columns of the query are examined.
  const needed = await neededColumns(register, [columns.length === 0 ? table : { ...table, columns }])
  const problems: Problem[] = []
  for (const [origin, names] of needed) {
    const checks = [...names].flatMap((column) =>
      oddities(own(own(register.tables, origin) ?? {}, column)?.type.name ?? '', identifier(column)).map((check) => ({
        place: `${origin}.${column}`,
        check,
      })),
    )
    problems.push(...(await countChecks(source, qualified(...placeOf(register, origin)), checks)))
  }
  return problems
}

/** Uses a savepoint, so that the transaction survives a failure, which is returned. */
async function attempt<T>(source: Session, work: () => Promise<T>): Promise<T | VitrineError> {
  await source.execute('savepoint attempt')
  try {
    return await work()
  } catch (error) {
    await source.execute('rollback to savepoint attempt')
    return asVitrineError(error)
  }
}
