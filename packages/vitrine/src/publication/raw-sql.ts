/**
 * Raw SQL inside a publication, and the functions it may call. A fragment is accepted only when every word in it is a
 * known keyword, type or function, so that it cannot name a column, a table or a function that reads other data.
 * Interpolated parts (`sql.ref`, expressions, values) are nodes and are analysed as such by `lineage.ts`.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const KEYWORDS = words(`
  case when then else end is not null true false and or in between like ilike similar to distinct from as cast at time
  zone interval extract year month day hour minute second quarter week dow isodow doy epoch all any some asc desc nulls
  first last over partition by order filter where within group rows range unbounded preceding following current row
  symmetric escape array collate using for
`)

const TYPES = words(`
  smallint integer bigint int int2 int4 int8 numeric decimal real double precision float4 float8 boolean bool text
  varchar character varying char uuid date timestamp timestamptz jsonb json interval
`)

/** Functions that compute on their arguments alone. Whatever reads tables, files or runs SQL text is not here. */
export const SAFE_FUNCTIONS = words(`
  coalesce nullif greatest least
  lower upper initcap trim btrim ltrim rtrim left right substr substring replace translate regexp_replace split_part
  concat concat_ws length char_length octet_length position strpos lpad rpad repeat reverse starts_with md5 ascii
  convert_to
  abs round ceil ceiling floor trunc sign mod div power sqrt exp ln log width_bucket
  date_trunc date_part timezone make_date make_interval age to_char to_number to_date to_timestamp isfinite justify_days
  jsonb_array_length jsonb_typeof jsonb_extract_path jsonb_extract_path_text jsonb_build_object jsonb_build_array
  jsonb_strip_nulls jsonb_path_exists jsonb_path_query_first jsonb_path_query_array json_build_object json_build_array
  jsonb_object to_jsonb to_json
  array_length cardinality array_to_string array_position string_to_array array_append array_prepend array_cat
  array_remove
  count sum avg min max bool_and bool_or every array_agg string_agg jsonb_agg jsonb_object_agg json_agg json_object_agg
  row_number rank dense_rank percent_rank ntile lag lead first_value last_value nth_value
  percentile_cont percentile_disc mode stddev variance
`)

/**
 * Why a raw fragment is refused, or null. Never quotes the fragment's literals. `isName` tells which words are columns or
 * aliases at that place: a column called `date` would otherwise pass for the type.
 */
export function rawProblem(fragment: string, isName: (word: string) => boolean): string | null {
  // E'…', B'…', U&'…': their escapes could spell what the words below are searched for.
  const prefixed = [...fragment.matchAll(/([\w&]?)'(?:[^']|'')*'/g)].some((match) => match[1] !== '')
  if (prefixed) return 'it holds a prefixed string literal'
  const bare = fragment.replace(/'(?:[^']|'')*'/g, ' ')
  if (bare.includes("'")) return 'it holds an unfinished string literal'
  if (/["$;\\`]|--|\/\*/.test(bare)) return 'it holds quoted identifiers, comments or dollar quotes'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: sound because the range is "every character of ASCII".
  if (/[^\x00-\x7f]/.test(bare)) return 'it holds characters outside ASCII'
  for (const match of bare.matchAll(/[A-Za-z_]\w*/g)) {
    const word = match[0].toLowerCase()
    const known = KEYWORDS.has(word) || TYPES.has(word) || SAFE_FUNCTIONS.has(word)
    if (!known || isName(word)) return `the word «${match[0]}» may name a column`
  }
  return null
}
