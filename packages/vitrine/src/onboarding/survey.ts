/**
 * Surveys a source that is not registered yet: its tables with their sizes, then the columns, keys
 * and comments of the chosen ones, and what a sample of their values looks like. Values never leave this file.
 */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { holdsPattern, PATTERNS, type PatternName } from '../publication/pattern.ts'
import { baseOf, type ColumnType, hasWord, TYPE_ELEMENT, TYPE_FACTS } from '../source/source-type.ts'
import { identifier, qualified } from '../sql/quote.ts'

/** A table as the list shows it. */
export interface ListedTable {
  readonly schema: string
  readonly name: string
  /** As the last ANALYZE counted; null where there was none. */
  readonly rows: number | null
  readonly bytes: number
  readonly isReadable: boolean
  /** A row security policy applies to the session's role. */
  readonly hidesRows: boolean
}

export interface SurveyedColumn extends ColumnType {
  readonly column: string
  /** With length and precision. */
  readonly fullName: string
  readonly isNullable: boolean
  readonly isReadable: boolean
  /** It is computed from other columns. */
  readonly isGenerated: boolean
  readonly isEnum: boolean
  readonly comment: string | null
  /** According to the server's statistics, all its values are different. */
  readonly isDistinct: boolean
  /** The extension of its type, if any, and its schema. */
  readonly extension: string | null
  readonly extensionSchema: string | null
  /** What the values of a sample look like. */
  readonly looks: PatternName | 'token' | null
}

export interface SurveyedReference {
  readonly columns: readonly string[]
  readonly table: string
  readonly to: readonly string[]
}

export interface SurveyedTable extends ListedTable {
  readonly primaryKey: readonly string[]
  /** To tables of the same schema. */
  readonly references: readonly SurveyedReference[]
  readonly columns: readonly SurveyedColumn[]
}

/** Tables and partitioned tables of every schema but PostgreSQL's own and those of extensions, largest first. Partitions are part of theirs. */
export const listTables = (source: Session): Promise<ListedTable[]> =>
  source.query<ListedTable>(
    `select n.nspname::text as schema, c.relname::text as name,
            case when c.reltuples >= 0 then c.reltuples::float8 end as rows,
            case c.relkind when 'p' then (select coalesce(sum(pg_total_relation_size(relid)), 0) from pg_partition_tree(c.oid))
                           else pg_total_relation_size(c.oid) end::float8 as bytes,
            has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select') as "isReadable",
            row_security_active(c.oid) as "hidesRows"
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
       and not exists (select from pg_catalog.pg_depend d
         where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
     order by bytes desc, schema, name`,
  )

/** These tables, with everything that a guess is made of. */
export async function surveyTables(source: Session, listed: readonly ListedTable[]): Promise<readonly SurveyedTable[]> {
  const schemas = [...new Set(listed.map(({ schema }) => schema))]
  const tables: SurveyedTable[] = []
  for (const schema of schemas) {
    const inIt = listed.filter((table) => table.schema === schema)
    tables.push(...(await surveySchema(source, schema, inIt)))
  }
  return tables
}

async function surveySchema(
  source: Session,
  schema: string,
  listed: readonly ListedTable[],
): Promise<readonly SurveyedTable[]> {
  const names = listed.map(({ name }) => name)
  const columns = await readColumns(source, schema, names)
  const keys = await readKeys(source, schema, names)
  const ofTable = new Map<string, CatalogueColumn[]>()
  for (const column of columns) ofTable.set(column.table, [...(ofTable.get(column.table) ?? []), column])
  const looks = await looksByColumn(
    source,
    listed.flatMap((table) => sampleOf(table, ofTable.get(table.name) ?? [])),
  )
  return listed.map((table) => {
    const own = ofTable.get(table.name) ?? []
    const itsKeys = keys.filter((key) => key.table === table.name)
    return {
      ...table,
      primaryKey: itsKeys.find(({ kind }) => kind === 'p')?.columns ?? [],
      references: itsKeys.flatMap(({ target, columns: from, to }) =>
        target === null ? [] : [{ table: target, columns: from, to }],
      ),
      columns: own.map((column) => ({ ...column, looks: looks.get(column) ?? null })),
    }
  })
}

type CatalogueColumn = Omit<SurveyedColumn, 'looks'> & { readonly table: string }

/** In a smaller table, different values say nothing about uniqueness. */
const TELLING_ROWS = 100

const readColumns = (source: Session, schema: string, names: readonly string[]): Promise<CatalogueColumn[]> =>
  source.query<CatalogueColumn>(
    `select c.relname::text as table, a.attname::text as "column",
            format_type(t.oid, m.modifier) as "fullName", ${TYPE_FACTS},
            case when t.typname in ('varchar', 'bpchar') and m.modifier > 0 then m.modifier - 4 end as length,
            not m.strict as "isNullable", a.attgenerated <> '' as "isGenerated",
            coalesce(e.typtype, t.typtype) = 'e' as "isEnum", col_description(c.oid, a.attnum) as comment,
            has_column_privilege(c.oid, a.attnum, 'select') as "isReadable",
            c.reltuples >= ${TELLING_ROWS} and coalesce(s.n_distinct <= -0.99 or s.n_distinct >= 0.99 * c.reltuples, false) as "isDistinct",
            x.extname::text as extension, xn.nspname::text as "extensionSchema"
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     cross join lateral ${baseOf('a.atttypid', 'a.atttypmod', 'a.attnotnull')} m
     join pg_catalog.pg_type t on t.oid = m.oid ${TYPE_ELEMENT}
     left join pg_catalog.pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname and not s.inherited
     left join pg_catalog.pg_depend p on p.classid = 'pg_catalog.pg_type'::regclass and p.objid = coalesce(e.oid, t.oid) and p.deptype = 'e'
     left join pg_catalog.pg_extension x on x.oid = p.refobjid
     left join pg_catalog.pg_namespace xn on xn.oid = x.extnamespace
     where n.nspname = $1 and c.relname = any ($2::text[]) order by c.oid, a.attnum`,
    [schema, names],
  )

interface Key {
  readonly table: string
  readonly kind: 'p' | 'f'
  readonly columns: readonly string[]
  readonly target: string | null
  readonly to: readonly string[]
}

const readKeys = (source: Session, schema: string, names: readonly string[]): Promise<Key[]> =>
  source.query<Key>(
    `select c.relname::text as table, k.contype::text as kind, ${namesOf('k.conrelid', 'k.conkey')} as columns,
            case when f.relnamespace = c.relnamespace then f.relname::text end as target, ${namesOf('k.confrelid', 'k.confkey')} as to
     from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace left join pg_catalog.pg_class f on f.oid = k.confrelid
     where n.nspname = $1 and c.relname = any ($2::text[]) and k.contype in ('p', 'f') order by k.oid`,
    [schema, names],
  )

const namesOf = (relation: string, numbers: string): string =>
  `array(select a.attname::text from unnest(${numbers}) with ordinality u (number, place)
         join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = u.number order by u.place)`

const SAMPLE_ROWS = 200
const SAMPLE_CHARACTERS = 400

/** Tables sampled by one statement, to save round trips. */
const SAMPLE_TABLES = 20

interface Sample {
  readonly looked: readonly CatalogueColumn[]
  readonly sql: string
}

/** What a few values of each column look like, by table and column. Tables that cannot be read quickly are left out. */
async function looksByColumn(
  source: Session,
  samples: readonly Sample[],
): Promise<Map<CatalogueColumn, SurveyedColumn['looks']>> {
  const looks = new Map<CatalogueColumn, SurveyedColumn['looks']>()
  const ask = async (some: readonly Sample[]): Promise<void> => {
    const asked = some.map(
      ({ sql }, index) => `select ${index} as number, (select json_agg(row) from (${sql}) row) as rows`,
    )
    const answers = await source
      .query<{ number: number; rows: readonly Readonly<Record<string, string | null>>[] | null }>(
        asked.join(' union all '),
      )
      .catch((error: unknown) => {
        // A failing view, a damaged value, a slow table: a guess works without a sample.
        if (error instanceof VitrineError && error.kind.exit !== 'connection') return null
        throw error
      })
    if (answers === null && some.length > 1) for (const each of some) await ask([each])
    for (const { number, rows } of answers ?? []) {
      for (const [index, column] of (some[number]?.looked ?? []).entries()) {
        looks.set(column, looksOf((rows ?? []).flatMap((row) => row[`c${index}`] ?? [])))
      }
    }
  }
  for (let at = 0; at < samples.length; at += SAMPLE_TABLES) await ask(samples.slice(at, at + SAMPLE_TABLES))
  return looks
}

function sampleOf(
  { schema, name, isReadable, hidesRows }: ListedTable,
  columns: readonly CatalogueColumn[],
): readonly Sample[] {
  const looked = columns.filter((each) => each.isReadable && hasWord(each))
  if (!isReadable || hidesRows || looked.length === 0) return []
  const texts = looked.map(
    ({ column }, index) => `left(${identifier(column)}::text, ${SAMPLE_CHARACTERS}) as c${index}`,
  )
  return [{ looked, sql: `select ${texts.join(', ')} from ${qualified(schema, name)} limit ${SAMPLE_ROWS}` }]
}

const SECRETS: readonly string[] = ['JWT', 'password hash']
/** Long, without a space, letters and digits mixed. A UUID has its own type, and is no more than a key. */
const TOKEN = /^(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[\w+/=.$:-]{24,}$/
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The first pattern that a value matches; `token` when all values look like tokens. */
export function looksOf(values: readonly string[]): SurveyedColumn['looks'] {
  const found = PATTERNS.filter((pattern) =>
    values.some((value) => holdsPattern(pattern, Buffer.from(value, 'utf8').toString('latin1'))),
  ).map(({ name }) => name)
  const secret = found.find((name) => SECRETS.includes(name))
  if (secret !== undefined) return secret
  const told = values.filter((value) => value !== '')
  if (told.length > 0 && told.every((value) => TOKEN.test(value) && !UUID.test(value))) return 'token'
  return found[0] ?? null
}
