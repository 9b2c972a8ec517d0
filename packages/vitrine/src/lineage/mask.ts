/**
 * A mask shows a value only where its condition is certainly false. The proof uses SQL's three-valued logic: when a column
 * of the condition is NULL, the condition must not be false, whatever the other columns hold.
 */
import type { Mark } from '../publication/treatment.ts'
import { markerOf, namesOf, nodeOf, placeless } from './node-fields.ts'
import type { Lineage } from './origin.ts'
import { refuse } from './query-rules.ts'

/** A possible result of a condition; null is unknown. */
type Truth = boolean | null
type Truths = ReadonlySet<Truth>
const some = (...truths: readonly Truth[]): Truths => new Set(truths)
const ANY = some(true, false, null)

/** Functions that return NULL when their argument is NULL. */
const STRICT: ReadonlySet<string> = new Set('lower upper trim btrim left right substr substring length'.split(' '))
/** Comparisons that are NULL when their left side is NULL. */
const OF_THE_LEFT = /_(?:IN|(?:NOT_)?BETWEEN(?:_SYM)?|OP_ANY|OP_ALL)$/
const OF_BOTH = /^AEXPR_(?:OP|LIKE|ILIKE)$/

const and = (left: Truth, right: Truth): Truth =>
  left === false || right === false ? false : left === null || right === null ? null : true
const not = (truth: Truth): Truth => (truth === null ? null : !truth)
const or = (left: Truth, right: Truth): Truth => not(and(not(left), not(right)))
function combined(by: typeof and, [first = ANY, ...others]: readonly Truths[]): Truths {
  let all = first
  for (const part of others) all = new Set([...all].flatMap((left) => [...part].map((right) => by(left, right))))
  return all
}

/** Every reference to a column in a part of the tree. */
function columnsIn(node: unknown): readonly unknown[] {
  if (typeof node !== 'object' || node === null) return []
  return nodeOf(node).ColumnRef === undefined ? Object.values(node).flatMap(columnsIn) : [node]
}

class Condition {
  readonly #column: string
  readonly #marks: readonly Mark[]

  /** `column` is the reference that is NULL. */
  constructor(column: string, marks: readonly Mark[]) {
    this.#column = column
    this.#marks = marks
  }

  /** The possible results of a part. */
  truths(node: unknown): Truths {
    const { BoolExpr: joined, NullTest: test, BooleanTest: truth, A_Expr: compared } = nodeOf(node)
    if (joined !== undefined) {
      const parts = (joined.args ?? []).map((part) => this.truths(part))
      if (joined.boolop === 'NOT_EXPR') return new Set([...(parts[0] ?? ANY)].map(not))
      return combined(joined.boolop === 'AND_EXPR' ? and : or, parts)
    }
    if (test !== undefined) return this.#isNull(test.arg) ? some(test.nulltesttype === 'IS_NULL') : some(true, false)
    if (truth !== undefined) {
      const [, negated, asked] = /^IS_(NOT_)?(\w+)$/.exec(truth.booltesttype ?? '') ?? []
      const wanted = asked === 'UNKNOWN' ? null : asked === 'TRUE'
      return new Set([...this.truths(truth.arg)].map((each) => (each === wanted) !== (negated !== undefined)))
    }
    if (compared?.kind?.endsWith('DISTINCT') === true) {
      const sides = [compared.lexpr, compared.rexpr]
      const isDecided = sides.some((side) => this.#isNull(side)) && sides.some(isConstant)
      return isDecided ? some(compared.kind === 'AEXPR_DISTINCT') : some(true, false)
    }
    return this.#isNull(node) ? some(null) : ANY
  }

  /** Whether a part is NULL because the column is. */
  #isNull(node: unknown): boolean {
    const {
      ColumnRef: column,
      TypeCast: cast,
      CollateClause: collated,
      FuncCall: call,
      A_Expr: compared,
    } = nodeOf(node)
    if (column !== undefined) return placeless(node) === this.#column
    if (cast !== undefined) return this.#isNull(cast.arg)
    if (collated !== undefined) return this.#isNull(collated.arg)
    if (call !== undefined) {
      const mark = this.#marks[markerOf(call) ?? -1]
      const name = mark === undefined ? namesOf(call.funcname).at(-1) : mark.treatment.name
      return (name === 'because' || STRICT.has(name ?? '')) && (call.args ?? []).some((part) => this.#isNull(part))
    }
    // `||` may append to an array.
    if (compared?.kind === undefined || namesOf(compared.name).at(-1) === '||') return false
    if (OF_THE_LEFT.test(compared.kind)) return this.#isNull(compared.lexpr)
    return OF_BOTH.test(compared.kind) && [compared.lexpr, compared.rexpr].some((side) => this.#isNull(side))
  }
}

function isConstant(node: unknown): boolean {
  const { A_Const: constant, TypeCast: cast } = nodeOf(node)
  return cast === undefined ? constant !== undefined && constant.isnull !== true : isConstant(cast.arg)
}

/** The parts of a condition that `and`, `or` and `not` join. */
const termsOf = (condition: unknown): readonly unknown[] =>
  nodeOf(condition).BoolExpr?.args?.flatMap(termsOf) ?? (condition === undefined ? [] : [condition])

/** Whether a term certainly has the same result in every row. */
function isSame(term: unknown, canBeNull: (part: unknown) => boolean): boolean {
  const { NullTest: test, BooleanTest: truth, A_Expr: compared } = nodeOf(term)
  const asksNull = test !== undefined || truth?.booltesttype?.endsWith('UNKNOWN') === true
  if (asksNull) return !canBeNull(term)
  const { kind, lexpr, rexpr } = compared ?? {}
  const isItself = lexpr !== undefined && placeless(lexpr) === placeless(rexpr)
  const hasNothing = /"A_ArrayExpr":\{\}/.test(placeless(term)) || (/_OP_A/.test(kind ?? '') && isConstant(rexpr))
  return isItself || hasNothing || columnsIn(term).length === 0
}

/** Refuses a condition under which a mask could show a value that nobody decided to show. */
export function requireSureMask(condition: unknown, flow: (column: unknown) => Lineage, marks: readonly Mark[]): void {
  if (JSON.stringify(condition ?? null).includes('"SelectStmt":')) refuse('nested mask')
  const columns = new Map(columnsIn(condition).map((column) => [placeless(column), flow(column)]))
  const canBeNull = (part: unknown) =>
    columnsIn(part).some((column) => columns.get(placeless(column))?.some(({ isNullable }) => isNullable))
  const terms = termsOf(condition)
  if (terms.length === 0 || terms.some((term) => isSame(term, canBeNull))) refuse('constant mask')
  for (const [column, lineage] of columns) {
    const name = (origin: Lineage[number] | undefined) => [`${origin?.table}.${origin?.column}`]
    const hidden = lineage.find(({ privacy }) => privacy === 'personal' || privacy === 'secret')
    if (hidden !== undefined) refuse('personal mask', name(hidden))
    const isNullable = lineage.length === 0 || lineage.some((origin) => origin.isNullable)
    if (isNullable && new Condition(column, marks).truths(condition).has(false)) refuse('silent mask', name(lineage[0]))
  }
}
