/**
 * Whether each published row is made of one row of one table of the source, and of nothing else: then a row that has not changed
 * there gives what it gave before. A closed list over PostgreSQL's parse tree; what is not on it has a reason in words.
 */
import type { A_Const, A_Expr, FuncCall, SelectStmt, TypeCast } from 'libpg-query'
import { nameIn, type Source } from '../publication/register.ts'
import { namesOf, nodeOf, PLACES } from './node-fields.ts'

export interface RowByRow {
  /** As the register names it. */
  readonly table: string
  /** By which the query names it. */
  readonly alias: string
  /** The columns that the query reads. */
  readonly columns: readonly string[]
}

/** What a query does that cannot be told row by row. */
class NotRowByRow extends Error {}
const not = (reason: string): never => {
  throw new NotRowByRow(reason)
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/**
 * Functions of pg_catalog that depend on their arguments, and on settings that are the same in all our sessions. Those that
 * read the server's time zones are not here: an update of the system changes them.
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
/** The same with two arguments: with another number they read the clock, or the time zones. */
const OF_TWO = words('date_trunc age to_char to_timestamp')
/** Of these, what they return is a time. */
const GIVE_TIME = words('date_trunc to_date to_timestamp make_date make_time make_timestamp')

/** Types whose text may be a word for the present, or name a time zone. */
const TIMES = words(
  'date time timetz timestamp timestamptz daterange tsrange tstzrange datemultirange tsmultirange tstzmultirange',
)
const TIME_KINDS: ReadonlySet<string> = new Set([...TIMES, 'timestamp with time zone', 'timestamp without time zone'])
/** As the parser of times reads them: between characters that are no letters. */
const PRESENT = /(?<![a-z])(?:now|today|tomorrow|yesterday)(?![a-z])/i
const WRITTEN_TIME = /^[-+0-9T:. ]*Z?$/

type Walk = (node: unknown) => void

class Reading {
  readonly columns = new Set<string>()
  readonly #source: Source
  readonly #table: string
  readonly #alias: string

  constructor(source: Source, table: string, alias: string) {
    this.#source = source
    this.#table = table
    this.#alias = alias
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
    ColumnRef: (node) => this.#column((node as { fields?: unknown }).fields),
    FuncCall: (node) => this.#call(node as FuncCall),
    List: this.#parts('items'),
    MinMaxExpr: this.#parts('args'),
    NullTest: this.#parts('arg'),
    SubLink: () => not('it has a subquery'),
    TypeCast: (node) => this.#cast(node as TypeCast),
  }

  #constant({ sval }: A_Const): void {
    if (PRESENT.test(sval?.sval ?? '')) not('a text in it may stand for the present time')
  }

  #kindOf(fields: unknown): string | undefined {
    const names = namesOf(fields)
    return this.#source.tables[this.#table]?.[names.at(-1) ?? '']?.type.kind
  }

  #column(fields: unknown): void {
    const names = namesOf(fields)
    const name = names.at(-1) ?? ''
    if (names.length > 2 || (names.length === 2 && names[0] !== this.#alias)) {
      not('a column of it is not one of its table')
    }
    if (this.#kindOf(fields) === undefined) not(`the register does not know the column ${name}`)
    this.columns.add(name)
  }

  #call(call: FuncCall): void {
    const { funcname, args, ...others } = call
    const name = namesOf(funcname)
      .join('.')
      .replace(/^pg_catalog\./, '')
    const more = Object.keys(others).filter(
      (field) => field !== 'funcformat' && !(PLACES as readonly string[]).includes(field),
    )
    const known = FUNCTIONS.has(name) || (OF_TWO.has(name) && args?.length === 2)
    if (!known || more.length > 0) not(`it calls ${name}, which is not told row by row`)
    this.walk(args)
  }

  #cast({ arg, typeName }: TypeCast): void {
    const type = namesOf(typeName?.names).at(-1) ?? ''
    if (TIMES.has(type) && !this.#isTime(arg)) not('it converts a text to a time, which may stand for the present')
    this.walk(arg)
  }

  /** Whether it is a time already, and no text that would be read as one. */
  #isTime(value: unknown): boolean {
    const node = nodeOf(value)
    const all = (nodes: readonly unknown[] | undefined) => (nodes ?? []).every((each) => this.#isTime(each))
    if (node.A_Const !== undefined) {
      return (
        node.A_Const.isnull === true ||
        (node.A_Const.sval !== undefined && WRITTEN_TIME.test(node.A_Const.sval.sval ?? ''))
      )
    }
    if (node.ColumnRef !== undefined) return TIME_KINDS.has(this.#kindOf(node.ColumnRef.fields) ?? '')
    if (node.TypeCast !== undefined) return TIMES.has(namesOf(node.TypeCast.typeName?.names).at(-1) ?? '')
    if (node.FuncCall !== undefined) {
      return GIVE_TIME.has((namesOf(node.FuncCall.funcname).at(-1) ?? '').replace(/^pg_catalog\./, ''))
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
    return (kind === 'AEXPR_NULLIF' || ['+', '-'].includes(operator)) && this.#isTime(lexpr)
  }
}

const PLAIN: ReadonlySet<string> = new Set(['targetList', 'fromClause', 'whereClause', 'limitOption', 'op'])

const CLAUSES: Readonly<Record<string, string>> = {
  distinctClause: 'it selects distinct rows',
  groupClause: 'it groups rows',
  groupDistinct: 'it groups rows',
  havingClause: 'it groups rows',
  windowClause: 'it looks at other rows',
  withClause: 'it has a subquery',
  limitCount: 'it takes some of the rows',
  limitOffset: 'it takes some of the rows',
}

/** What the query reads, or in words why its rows cannot be told one by one. */
export function rowByRow(query: SelectStmt, source: Source): RowByRow | string {
  try {
    for (const clause of Object.keys(query)) {
      if (!PLAIN.has(clause)) not(CLAUSES[clause] ?? `its ${clause} cannot be told row by row`)
    }
    if (query.op !== 'SETOP_NONE' || query.limitOption !== 'LIMIT_OPTION_DEFAULT') not('it is more than one query')
    const [from, more] = query.fromClause ?? []
    const range = nodeOf(from).RangeVar
    if (more !== undefined || range?.schemaname === undefined || range.relname === undefined) {
      return not('it reads more than one table')
    }
    const table = nameIn(source.schema, range.schemaname, range.relname)
    if (source.tables[table] === undefined) return not('its table is not registered')
    if (range.alias?.colnames !== undefined) not('the columns of its table are renamed')
    const alias = range.alias?.aliasname ?? range.relname
    const reading = new Reading(source, table, alias)
    reading.walk((query.targetList ?? []).map((target) => nodeOf(target).ResTarget?.val))
    reading.walk(query.whereClause)
    return { table, alias, columns: [...reading.columns].sort() }
  } catch (problem) {
    if (problem instanceof NotRowByRow) return problem.message
    throw problem
  }
}
