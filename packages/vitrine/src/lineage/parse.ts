/**
 * The parse tree of a query, from PostgreSQL's own grammar. The query is parsed twice: as it runs, and with its treatments as
 * calls of markers. The second must be the first once its markers are written out, so that what is analysed is what runs.
 */
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type { SelectStmt } from 'libpg-query'
import type { Projection, QueryText } from '../publication/select-text.ts'
import type { Mark } from '../publication/treatment.ts'
import { nodeOf } from './node-fields.ts'
import { refuse } from './rules.ts'
import { WrittenOut } from './written-out.ts'

export type Parser = Pick<typeof import('libpg-query'), 'parseSync' | 'scanSync'>

/** Loaded by what checks a publication alone: it is a megabyte of WebAssembly. */
export async function loadParser(): Promise<Parser> {
  // V8 would optimise it beside the command, which then waits at its end for longer than it ran. (--liftoff-only changes nothing
  // from Node 24 on, once V8 has begun.)
  setFlagsFromString('--no-wasm-tier-up --no-wasm-dynamic-tiering')
  // Not `import`, which first reads all of it for the names of its exports.
  const library: typeof import('libpg-query') = createRequire(import.meta.url)('libpg-query')
  await library.loadModule()
  return library
}

/** The major version of PostgreSQL whose grammar this is. */
export const GRAMMAR = 18

/** What to say about a source that may read a query otherwise; null where it reads no more than the parser does. */
export function grammarNote(serverVersion: number): string | null {
  const version = Math.floor(serverVersion / 10_000)
  if (version <= GRAMMAR) return null
  return `the source is PostgreSQL ${version}, and queries are proved by the grammar of ${GRAMMAR}: look for a newer version of this tool`
}

/** In characters. More would take the parser seconds, and is no query that a person wrote. */
const LONGEST_QUERY = 200_000
/** PostgreSQL cuts longer names silently (NAMEDATALEN - 1). */
export const IDENTIFIER_BYTES = 63

/** What of a text a quotation mark may not close, or what may hold any. */
const UNEVEN = /--|\/\*|;|\\|\$|u&"|""/i
/** Where nothing is uneven: values and names in quotation marks, and long words. */
const WORDS = /'[^']*'|"([^"]*)"|([\w\u0080-\uffff]{22,})/g

/** Whether a comment, a semicolon or a long name may be there: only then is it worth asking for the words. */
const isSuspect = (sql: string): boolean =>
  UNEVEN.test(sql) ||
  [...sql.matchAll(WORDS)].some(([, name = '', word = '']) => Buffer.byteLength(name || word) > IDENTIFIER_BYTES)

/** Text that PostgreSQL would not read as it stands, or that means something else inside another statement. */
function requireReadable(parser: Parser, sql: string): void {
  if (sql.includes('\0') || !sql.isWellFormed()) refuse('characters')
  if (sql.length > LONGEST_QUERY) refuse('length')
  for (const { text } of isSuspect(sql) ? attempted(() => parser.scanSync(sql)).tokens : []) {
    if (/^(?:--|\/\*|;)/.test(text)) refuse('comment')
    if (/^u&"/i.test(text)) refuse('escaped name')
    const name = text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
    if (/^["\p{L}_]/u.test(text) && !/^\w'/.test(text) && Buffer.byteLength(name) > IDENTIFIER_BYTES)
      refuse('long name')
  }
}

/** The parser's message may quote a value, and depth may be more than its stack holds. */
function attempted<T>(work: () => T): T {
  try {
    return work()
  } catch {
    return refuse('syntax')
  }
}

function parseOne(parser: Parser, sql: string): SelectStmt {
  const [first, more] = attempted(() => parser.parseSync(sql)).stmts ?? []
  const query = nodeOf(first?.stmt).SelectStmt
  return query === undefined || more !== undefined ? refuse('statement') : query
}

/** The tree of a text that is one SELECT without comments. Throws LineageProblem. */
export function parsedText(parser: Parser, sql: string): SelectStmt {
  requireReadable(parser, sql)
  return parseOne(parser, sql)
}

const templates = new Map<string, unknown>()

/** The tree of a treatment's SQL around parameters. Treatments are few, and the same in every publication. */
function templateOf(parser: Parser, { fragments }: Mark): unknown {
  const text = fragments.map((fragment, index) => (index === 0 ? fragment : `$${index}${fragment}`)).join('')
  const [target] = templates.has(text) ? [] : (parseOne(parser, `select ${text}`).targetList ?? [])
  if (target !== undefined) templates.set(text, nodeOf(target).ResTarget?.val)
  return templates.get(text)
}

function requireSame(parser: Parser, run: SelectStmt, marked: unknown, marks: readonly Mark[]): void {
  const writtenOut = new WrittenOut(marks, (mark) => templateOf(parser, mark))
  if (run !== marked && !attempted(() => writtenOut.isThatOf(run, marked))) refuse('open treatment')
}

/** The query without the casts that end the columns after the first. */
function withoutCasts({ targetList, ...query }: SelectStmt, first: number): unknown {
  const targets = targetList?.map((node, index) => {
    const { ResTarget: target } = nodeOf(node)
    return index < first ? node : { ResTarget: { ...target, val: nodeOf(target?.val).TypeCast?.arg } }
  })
  return targets === undefined ? query : { ...query, targetList: targets }
}

/**
 * The tree to analyse, with markers. Throws LineageProblem when it is not what runs, or has other columns than these, or is not
 * `uncast` but for the casts of its last columns.
 */
export function parsedQuery(
  parser: Parser,
  { sql, markedSql, marks, uncast, hiddenFields = 0 }: QueryText & Partial<Pick<Projection, 'uncast' | 'hiddenFields'>>,
  columns: readonly string[],
): SelectStmt {
  requireReadable(parser, sql)
  const marked = parseOne(parser, markedSql)
  const run = sql === markedSql ? marked : attempted(() => parseOne(parser, sql))
  requireSame(parser, run, marked, marks)
  const names = (marked.targetList ?? []).map((node) => nodeOf(node).ResTarget?.name)
  if (names.length !== columns.length || names.some((name, index) => name !== columns[index])) refuse('other columns')
  if (uncast !== undefined) {
    requireReadable(parser, uncast)
    requireSame(parser, parseOne(parser, uncast), withoutCasts(run, hiddenFields), [])
  }
  return marked
}
