/** What `trace` and `erase` share: the value from standard input, where it still stands, and what is to be done elsewhere. */
import { type ExitName, VitrineError } from '../base/errors.ts'
import { counted, countText } from '../base/format.ts'
import { Secret } from '../base/secret.ts'
import { searchOf, type Trace, type TracedValue, type TraceHit } from '../run/trace.ts'
import type { Call } from './command.ts'
import type { Settings } from './environment.ts'
import { textTable } from './text-table.ts'

/** The value that the command is about. Throws USAGE, TABLE_UNKNOWN and PSEUDONYM_KEY_MISSING, before any connection. */
export async function tracedValue(call: Call, { pseudonymKey }: Pick<Settings, 'pseudonymKey'>): Promise<TracedValue> {
  const [table = '', column = null] = call.parameters
  searchOf(call.publication, { table, column, value: new Secret('') }, pseudonymKey)
  if (call.io.ask !== null) call.say('Type the value, then the end of the input (Ctrl-D on a line of its own):')
  const value = (await call.io.input()).replace(/\r?\n$/, '')
  if (value !== '' && !/[\r\n]/.test(value)) return { table, column, value: new Secret(value) }
  const detail = value === '' ? 'It is empty: the value is read from there.' : 'It has several lines: give one value.'
  throw new VitrineError('USAGE', { place: 'standard input', detail })
}

/** What `--json` prints of a trace: counts, never values. */
export interface TraceAnswer {
  readonly table: string
  readonly column: string
  readonly hits: readonly TraceHit[]
  /** Tables in which it could not be looked for. */
  readonly unread: readonly string[]
  /** Columns whose values Metabase may have cached: they are discarded there. */
  readonly metabase: readonly string[]
}

export const traceAnswer = ({ table, column, hits, unread, metabase }: Trace): TraceAnswer => ({
  table,
  column,
  hits,
  unread,
  metabase,
})

export function traceText({ hits, unread, metabase }: Trace): string {
  const rows = hits.map((hit) => [hit.place, `${hit.schema}.${hit.table}.${hit.column}`, countText(hit.count)])
  return [
    hits.length === 0
      ? 'No hit in the published version, the kept one, staging, versions left behind, the history and the statistics.\n'
      : textTable(['in', 'where', { right: 'hits' }], rows),
    ...unread.map((table) => `Not searched, because the writer may not read it: ${table}\n`),
    'To discard in Metabase, which may have cached values (docs/operating/erasure.md says how):\n',
    ...metabase.map((column) => `  ${column}\n`),
  ].join('')
}

/** The exit status of a trace; what is left is told as an error. */
export function toldLeft(call: Call, { hits, unread }: Trace): ExitName {
  if (hits.length + unread.length === 0) return 'ok'
  const sum = hits.reduce((all, hit) => all + hit.count, 0)
  const detail = `${counted(sum, 'hit')}, ${counted(unread.length, 'table')} not searched.`
  const left = new VitrineError('VALUE_LEFT', { place: call.publication.schema, detail })
  call.tell(left)
  return left.kind.exit
}
