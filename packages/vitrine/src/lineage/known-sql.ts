/**
 * The functions, operators and types of PostgreSQL that a publication may use: they compute on their arguments alone.
 * Whatever reads tables, files, settings or the clock, or runs SQL text, is not here.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Aggregate and window functions. */
export const AGGREGATES = words(`
  count sum avg min max bool_and bool_or every bit_and bit_or array_agg string_agg any_value
  jsonb_agg jsonb_object_agg json_agg json_object_agg
  stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_slope regr_intercept regr_r2
  percentile_cont percentile_disc mode range_agg range_intersect_agg
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
`)

/** All from pg_catalog. A result may hold whatever the arguments hold. `transaction_timestamp` stands for the run's instant. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...words(`
  lower upper initcap trim btrim ltrim rtrim left right substr substring replace translate overlay reverse
  regexp_replace regexp_count regexp_like regexp_substr regexp_instr regexp_match similar_to_escape like_escape split_part
  concat concat_ws format length char_length character_length octet_length bit_length position strpos lpad rpad repeat
  starts_with md5 sha256 ascii chr to_hex encode decode convert_to convert_from normalize is_normalized
  abs round ceil ceiling floor trunc sign mod div power sqrt cbrt exp ln log width_bucket gcd lcm factorial
  degrees radians pi min_scale scale trim_scale num_nulls num_nonnulls
  date_trunc date_part date_bin extract timezone make_date make_time make_timestamp make_timestamptz make_interval age
  to_char to_number to_date to_timestamp isfinite justify_days justify_hours justify_interval overlaps
  transaction_timestamp
  jsonb_array_length jsonb_typeof jsonb_extract_path jsonb_extract_path_text jsonb_build_object jsonb_build_array
  jsonb_strip_nulls jsonb_path_exists jsonb_path_match jsonb_path_query_first jsonb_path_query_array jsonb_object to_jsonb
  json_array_length json_typeof json_extract_path json_extract_path_text json_build_object json_build_array to_json
  array_length array_lower array_upper array_ndims cardinality array_to_string array_position array_positions
  int4range int8range numrange daterange tsrange tstzrange isempty lower_inc upper_inc lower_inf upper_inf range_merge
  host abbrev family masklen netmask network broadcast get_bit get_byte bit_count
  string_to_array regexp_split_to_array array_append array_prepend array_cat array_remove array_replace trim_array
`),
  ...AGGREGATES,
])

/** Functions of the current time. */
export const CLOCKS = words('now clock_timestamp statement_timestamp timeofday')

/** Functions that return rows: their number reveals something, too. */
export const SETS = words(`
  generate_series generate_subscripts unnest regexp_matches regexp_split_to_table string_to_table jsonb_array_elements
  jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys jsonb_path_query json_array_elements
  json_array_elements_text json_each json_each_text json_object_keys jsonb_to_record jsonb_to_recordset json_to_record
  json_to_recordset
`)

/** The last four are names that the grammar gives to special syntax. */
export const OPERATORS: ReadonlySet<string> = new Set([
  ...words(
    '= <> < > <= >= + - * / % ^ || ~ ~* !~ !~* ~~ !~~ ~~* !~~* -> ->> #> #>> @> <@ ? ?| ?& && @? @@ | & # << >> ^@ -|- &< &>',
  ),
  ...['BETWEEN', 'NOT BETWEEN', 'BETWEEN SYMMETRIC', 'NOT BETWEEN SYMMETRIC'],
])

export const TYPES = words(`
  int2 int4 int8 numeric float4 float8 bool text varchar bpchar uuid date time timetz timestamp timestamptz interval json
  jsonb bytea jsonpath inet cidr macaddr macaddr8 int4range int8range numrange daterange tsrange tstzrange int4multirange
  int8multirange nummultirange datemultirange tsmultirange tstzmultirange
`)
