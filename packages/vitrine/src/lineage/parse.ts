/**
 * The parse tree of a query, from PostgreSQL's own grammar. The query is parsed twice: as it runs, and with treatments as
 * calls of markers. With its markers expanded, the second must equal the first, so that what is analysed is what runs.
 */
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type { SelectStmt } from 'libpg-query'
import type { Projection, QueryText } from '../publication/select-text.ts'
import type { Mark } from '../publication/treatment.ts'
import { nodeOf } from './node-fields.ts'
import { refuse } from './query-rules.ts'
import { WrittenOut } from './written-out.ts'

export type Parser = Pick<typeof import('libpg-query'), 'parseSync' | 'scanSync'>

/** Loaded only by what checks a publication: it is a megabyte of WebAssembly. */
export async function loadParser(): Promise<Parser> {
  // V8 would optimise it in the background, and a short command would wait for that at its end. (--liftoff-only has no effect
  // from Node 24 on, once V8 has begun.)
  setFlagsFromString('--no-wasm-tier-up --no-wasm-dynamic-tiering')
  // Not `import`, which first reads the whole file to find the names of its exports.
  const library: typeof import('libpg-query') = createRequire(import.meta.url)('libpg-query')
  await library.loadModule()
  return library
}

/** The major version of PostgreSQL whose grammar this is. */
export const GRAMMAR = 18

/** A note for a source newer than the grammar, which may understand a query differently; null otherwise. */
export function grammarNote(serverVersion: number): string | null {
  const version = Math.floor(serverVersion / 10_000)
  if (version <= GRAMMAR) return null
  return `the source is PostgreSQL ${version}, and queries are proved by the grammar of ${GRAMMAR}: look for a newer version of this tool`
}

/** In characters. A longer text would take the parser seconds, and nobody writes such a query. */
const LONGEST_QUERY = 200_000
/** PostgreSQL cuts longer names silently (NAMEDATALEN - 1). */
export const IDENTIFIER_BYTES = 63

/** Syntax that makes it hard to tell where quotes end. */
const UNEVEN = /--|\/\*|;|\\|\$|u&"|""/i
/** Without that syntax: quoted values and names, and long words. */
const WORDS = /'[^']*'|"([^"]*)"|([\w\u0080-\uffff]{22,})/g

/** Whether the text may hold a comment, a semicolon or a long name: only then is it split into tokens. */
const isSuspect = (sql: string): boolean =>
  UNEVEN.test(sql) ||
  [...sql.matchAll(WORDS)].some(([, name = '', word = '']) => Buffer.byteLength(name || word) > IDENTIFIER_BYTES)

/** Refuses text that PostgreSQL would shorten, or that means something else inside another statement. */
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

/** Hides the parser's message, which may quote a value, and catches an overflow of its stack. */
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
 * The tree to analyse, with markers. Throws LineageProblem when it differs from what runs, has other columns, or differs
 * from `uncast` by more than the casts of its last columns.
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
