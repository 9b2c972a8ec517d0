/** How clients list what a database holds: the texts that they send. */

const NAME = `'"' || replace(t.schemaname, '"', '""') || '"."' || replace(t.objectname, '"', '""') || '"'`
const anyColumn = (right: string) =>
  `pg_catalog.has_any_column_privilege(current_user, ${NAME}, '${right}') as ${right}`

/** Metabase: by the names that it has just read, so that a name must not go away meanwhile. */
const METABASE_PRIVILEGES = `
  with table_privileges as (
    select null as role, t.schemaname as schema, t.objectname as "table", ${['update', 'select', 'insert'].map(anyColumn).join(', ')},
           pg_catalog.has_table_privilege(current_user, ${NAME}, 'delete') as delete
    from (select schemaname, tablename as objectname from pg_catalog.pg_tables
          union select schemaname, viewname from pg_catalog.pg_views
          union select schemaname, matviewname from pg_catalog.pg_matviews) t
    where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema'
      and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage'))
  select t.* from table_privileges t where t.select or t.update or t.insert or t.delete`

/** Metabase: the columns of tables, with what belongs to a primary key. */
export const METABASE_FIELDS = `
  select c.column_name as name, c.udt_name as "database-type", c.table_schema as "table-schema", c.table_name as "table-name",
         pk.column_name is not null as "pk?", col_description(cast(cast(format('%I.%I', c.table_schema, c.table_name) as text) as regclass), c.ordinal_position) as comment
  from information_schema.columns c
  left join (select tc.table_schema, tc.table_name, kc.column_name
             from information_schema.table_constraints tc
             join information_schema.key_column_usage kc
               on tc.constraint_name = kc.constraint_name and tc.table_schema = kc.table_schema and tc.table_name = kc.table_name
             where tc.constraint_type = 'PRIMARY KEY') pk
    on c.table_schema = pk.table_schema and c.table_name = pk.table_name and c.column_name = pk.column_name
  where c.table_schema !~ '^information_schema|catalog_history|pg_' and c.table_schema in ('shop')
  order by 4, c.ordinal_position`

/** Metabase: the foreign keys. */
export const METABASE_KEYS = `
  select fk_ns.nspname as "fk-table-schema", fk_table.relname as "fk-table-name", fk_column.attname as "fk-column-name",
         pk_table.relname as "pk-table-name", pk_column.attname as "pk-column-name"
  from pg_catalog.pg_constraint c
  join pg_catalog.pg_class fk_table on c.conrelid = fk_table.oid join pg_catalog.pg_namespace fk_ns on c.connamespace = fk_ns.oid
  join pg_catalog.pg_attribute fk_column on c.conrelid = fk_column.attrelid
  join pg_catalog.pg_class pk_table on c.confrelid = pk_table.oid join pg_catalog.pg_attribute pk_column on c.confrelid = pk_column.attrelid
  where fk_ns.nspname !~ '^information_schema|catalog_history|pg_' and c.contype = 'f'
    and fk_column.attnum = any (c.conkey) and pk_column.attnum = any (c.confkey) and fk_ns.nspname in ('shop')`

/**
 * What must never fail; which names it gives is not looked at, because those of the catalogue are open to everybody. What has
 * PostgreSQL write an expression of a table asks for the published schema alone: of one that is dropped meanwhile it fails.
 */
export const LISTINGS: readonly string[] = [
  METABASE_PRIVILEGES,
  METABASE_FIELDS,
  METABASE_KEYS,
  // psqlODBC: SQLTables, SQLColumns.
  `select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n
   where relkind in ('r', 'v', 'm', 'f', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1')
     and n.oid = relnamespace order by nspname, relname`,
  `select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules,
          c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod
   from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'shop')
   inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid)
   inner join pg_catalog.pg_type t on t.oid = a.atttypid)
   left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum`,
  // SQLAlchemy: get_schema_names, get_table_names, get_columns, get_pk_constraint, get_indexes.
  "select nspname from pg_catalog.pg_namespace where nspname not like 'pg/_%' escape '/' order by nspname",
  `select c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind = any (array['r', 'p', 'f', 'v', 'm']) and pg_catalog.pg_table_is_visible(c.oid) and n.nspname <> 'pg_catalog'`,
  `select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, c.relname, pg_catalog.col_description(c.oid, a.attnum)
   from pg_catalog.pg_class c left outer join pg_catalog.pg_attribute a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
   join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = any (array['r', 'v']) and n.nspname = 'shop'`,
  `select r.conname, pg_catalog.pg_get_constraintdef(r.oid, true), r.conrelid::regclass::text, n.nspname
   from pg_catalog.pg_constraint r join pg_catalog.pg_class c on c.oid = r.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'shop'`,
  `select pg_catalog.pg_get_indexdef(i.indexrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid), pg_catalog.pg_relation_size(i.indexrelid)
   from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'shop'`,
]
