/**
 * Expressions that give the same result for the same rows at any time: a closed list over PostgreSQL's parse tree. For what is
 * not listed, the reason is given in words. Columns and subqueries are left to the query around (`row-query.ts`).
 */
import type { A_Const, A_Expr, FuncCall, SelectStmt, SubLink, TypeCast } from 'libpg-query'
import type { RegisteredColumn } from '../publication/register.ts'
import { namesOf, nodeOf, PLACES } from './node-fields.ts'

/** Why the rows of a query do not depend on single source rows. */
export class NotRowByRow extends Error {}
export const not = (reason: string): never => {
  throw new NotRowByRow(reason)
}

/** What is known of a column of a table or a subquery. */
export interface KnownColumn {
  /** The registered type, when it is a plain column. */
  readonly type: RegisteredColumn['type'] | null
  readonly isTime: boolean
}

/** What an expression asks of the query around it. */
export interface Surroundings {
  /** Throws NotRowByRow when the name does not mean exactly one column. */
  column(fields: unknown): KnownColumn
  subquery(query: SelectStmt): void
  /** Called for an aggregate whose result depends on the order of its rows; `by`: what they are ordered by. */
  ordered(by: readonly unknown[]): void
  /** Called for an aggregate; `work` walks its arguments. Throws when they belong to another query. */
  gathers(work: () => void): void
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/**
 * Functions of pg_catalog that depend only on their arguments and on settings that all our sessions share. Those that
 * use time zones are not here: an update of the operating system can change zones.
 */
const FUNCTIONS = words(`
  lower upper initcap trim btrim ltrim rtrim left right substr substring replace translate overlay reverse
  regexp_replace regexp_count regexp_like regexp_substr regexp_instr similar_to_escape like_escape split_part
  concat concat_ws length char_length character_length octet_length bit_length position strpos lpad rpad repeat
  starts_with md5 sha256 ascii chr to_hex encode decode convert_to convert_from normalize is_normalized
  abs round ceil ceiling floor trunc sign mod div power sqrt cbrt exp ln log width_bucket gcd lcm factorial
  degrees radians pi min_scale scale trim_scale num_nulls num_nonnulls
  date_part extract make_date make_time make_timestamp make_interval to_number to_date isfinite justify_days justify_hours
  justify_interval overlaps
  jsonb_array_length jsonb_typeof jsonb_extract_path jsonb_extract_path_text jsonb_strip_nulls
  json_array_length json_typeof json_extract_path json_extract_path_text
  array_length array_lower array_upper array_ndims cardinality array_to_string array_position array_positions
  isempty lower_inc upper_inc lower_inf upper_inf host abbrev family masklen netmask network broadcast get_bit get_byte bit_count
  string_to_array array_append array_prepend array_cat array_remove array_replace trim_array
`)
/** The same, but only with two arguments: otherwise they use the clock or time zones. */
const OF_TWO = words('date_trunc age to_char to_timestamp')
/** Those that return a time. */
const GIVE_TIME = words('date_trunc to_date to_timestamp make_date make_time make_timestamp')

/** Types whose text may be a word like `now`, or name a time zone. */
const TIMES = words(
  'date time timetz timestamp timestamptz daterange tsrange tstzrange datemultirange tsmultirange tstzmultirange',
)
export const TIME_KINDS: ReadonlySet<string> = new Set([
  ...TIMES,
  'timestamp with time zone',
  'timestamp without time zone',
])
/** Such words, as PostgreSQL's parser of times finds them: with no letter before or after. */
const PRESENT = /(?<![a-z])(?:now|today|tomorrow|yesterday)(?![a-z])/i
const WRITTEN_TIME = /^[-+0-9T:. ]*Z?$/

/** UTC is the one zone that no update changes. */
const isInUtc = (name: string, args: readonly unknown[] | undefined): boolean =>
  name === 'timezone' && args?.length === 2 && nodeOf(args[0]).A_Const?.sval?.sval === 'UTC'

type Walk = (node: unknown) => void

/** Types whose equal values have equal bytes. */
const EXACT = words('smallint integer bigint boolean text varchar uuid date timestamp timestamptz')
const WHOLE = words('smallint integer bigint numeric')
export const isExact = ({ type }: KnownColumn): boolean => type !== null && !type.array && EXACT.has(type.kind)

/** Aggregates that do not depend on the order of rows. */
const COUNTING = words('count bool_and bool_or every bit_and bit_or')
const CHOOSING = words('min max')
const SUMMING = words('sum avg')
/** Aggregates that keep the order of rows, and therefore need an ORDER BY. */
const LISTING = words('string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg')
const AGGREGATE_PARTS = words('agg_star agg_distinct agg_order agg_filter')

export class RowExpressions {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** An expression, or a list of them. */
  readonly walk: Walk = (value) => {
    if (value === undefined || value === null) return
    for (const item of Array.isArray(value) ? value : []) this.walk(item)
    if (Array.isArray(value)) return
    const [type = '', fields] = Object.entries(value)[0] ?? []
    const reader = this.#nodes[type] ?? not(`a part of it (${type}) cannot be told row by row`)
    reader(fields)
  }

  /** The parts named are expressions; the others hold no column. */
  #parts(...names: readonly string[]): Walk {
    return (fields) => {
      // sound because a node is an object.
      for (const name of names) this.walk((fields as Record<string, unknown>)[name])
    }
  }

  readonly #nodes: Readonly<Record<string, Walk>> = {
    A_ArrayExpr: this.#parts('elements'),
    A_Const: (node) => this.#constant(node as A_Const), // sound, here and below, because the key is the type of the node.
    A_Expr: (node) => this.#parts('lexpr', 'rexpr')(node),
    A_Indices: this.#parts('lidx', 'uidx'),
    A_Indirection: (node) => {
      const { indirection } = node as { indirection?: readonly unknown[] }
      if (indirection?.some((step) => nodeOf(step).A_Indices === undefined))
        not('it reads a field of a composite value')
      this.#parts('arg', 'indirection')(node)
    },
    BoolExpr: this.#parts('args'),
    BooleanTest: this.#parts('arg'),
    CaseExpr: this.#parts('arg', 'args', 'defresult'),
    CaseWhen: this.#parts('expr', 'result'),
    CoalesceExpr: this.#parts('args'),
    CollateClause: this.#parts('arg'),
    ColumnRef: (node) => this.#around.column((node as { fields?: unknown }).fields),
    FuncCall: (node) => this.#call(node as FuncCall),
    List: this.#parts('items'),
    MinMaxExpr: this.#parts('args'),
    NullTest: this.#parts('arg'),
    SortBy: this.#parts('node'),
    SubLink: (node) => this.#subquery(node as SubLink),
    TypeCast: (node) => this.#cast(node as TypeCast),
  }

  #constant({ sval }: A_Const): void {
    if (PRESENT.test(sval?.sval ?? '')) not('a text in it may stand for the present time')
  }

  #subquery({ subLinkType, testexpr, operName, subselect }: SubLink): void {
    const isKnown = ['EXISTS_SUBLINK', 'ANY_SUBLINK', 'EXPR_SUBLINK'].includes(subLinkType ?? '')
    if (!isKnown || operName !== undefined) not('it has a subquery of a kind that is not told row by row')
    this.walk(testexpr)
    this.#around.subquery(nodeOf(subselect).SelectStmt ?? not('it has a subquery that is no query'))
  }

  #call(call: FuncCall): void {
    const { funcname, args, ...others } = call
    const name = namesOf(funcname)
      .join('.')
      .replace(/^pg_catalog\./, '')
    const more = Object.keys(others).filter(
      (field) => field !== 'funcformat' && !(PLACES as readonly string[]).includes(field),
    )
    if (more.includes('over')) not('it looks at other rows')
    if ([COUNTING, CHOOSING, SUMMING, LISTING].some((names) => names.has(name))) {
      this.#aggregate(name, call, more)
      return
    }
    const known = FUNCTIONS.has(name) || (OF_TWO.has(name) && args?.length === 2) || isInUtc(name, args)
    if (!known || more.length > 0) not(`it calls ${name}, which is not told row by row`)
    this.walk(args)
  }

  #aggregate(
    name: string,
    { args, agg_order: order, agg_distinct: distinct, agg_filter: filter }: FuncCall,
    parts: readonly string[],
  ): void {
    const strange = parts.find((part) => !AGGREGATE_PARTS.has(part))
    if (strange !== undefined) not(`it calls ${name} in a way that is not told row by row`)
    this.#around.gathers(() => {
      this.walk(args)
      this.walk(order)
      this.walk(filter)
    })
    const [first] = args ?? []
    const given = nodeOf(first).ColumnRef
    const known = given === undefined ? null : this.#around.column(given.fields)
    if (CHOOSING.has(name) && (known === null || !isExact(known)))
      not(`it takes a ${name} of values that may be equal and differ`)
    if (SUMMING.has(name) && !(known?.type?.array === false && WHOLE.has(known.type.kind))) {
      not(`it takes a ${name} that may depend on the order of the rows`)
    }
    if (LISTING.has(name) && (order === undefined || distinct === true))
      not(`it calls ${name} without an order of the rows`)
    if (LISTING.has(name)) this.#around.ordered(order ?? [])
  }

  #cast({ arg, typeName }: TypeCast): void {
    const type = namesOf(typeName?.names).at(-1) ?? ''
    if (TIMES.has(type) && !this.isTime(arg)) not('it converts a text to a time, which may stand for the present')
    this.walk(arg)
  }

  /** Whether a value is a time, and not a text that would be parsed as one. */
  isTime(value: unknown): boolean {
    const node = nodeOf(value)
    const all = (nodes: readonly unknown[] | undefined) => (nodes ?? []).every((each) => this.isTime(each))
    if (node.A_Const !== undefined) {
      return (
        node.A_Const.isnull === true ||
        (node.A_Const.sval !== undefined && WRITTEN_TIME.test(node.A_Const.sval.sval ?? ''))
      )
    }
    if (node.ColumnRef !== undefined) return this.#around.column(node.ColumnRef.fields).isTime
    if (node.TypeCast !== undefined) return TIMES.has(namesOf(node.TypeCast.typeName?.names).at(-1) ?? '')
    if (node.FuncCall !== undefined) {
      const name = namesOf(node.FuncCall.funcname).at(-1) ?? ''
      return (
        GIVE_TIME.has(name) ||
        ((CHOOSING.has(name) || isInUtc(name, node.FuncCall.args)) && this.isTime(node.FuncCall.args?.at(-1)))
      )
    }
    if (node.CaseExpr !== undefined) {
      const { args, defresult } = node.CaseExpr
      const results = (args ?? []).map((when) => nodeOf(when).CaseWhen?.result)
      return all([...results, ...(defresult === undefined ? [] : [defresult])])
    }
    if (node.CoalesceExpr !== undefined) return all(node.CoalesceExpr.args)
    if (node.MinMaxExpr !== undefined) return all(node.MinMaxExpr.args)
    if (node.A_Expr !== undefined) return this.#isShifted(node.A_Expr)
    return false
  }

  #isShifted({ kind, name, lexpr }: A_Expr): boolean {
    const operator = namesOf(name).at(-1) ?? ''
    return (kind === 'AEXPR_NULLIF' || ['+', '-'].includes(operator)) && this.isTime(lexpr)
  }
}
