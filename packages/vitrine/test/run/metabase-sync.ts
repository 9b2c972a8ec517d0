/** The catalogue queries of a Metabase sync. */

/** What a JDBC driver asks for tables, columns and keys (`DatabaseMetaData`), and what Metabase asks besides. */
export const CATALOGUE_TABLES = `
  select n.nspname, c.relname, d.description,
         has_table_privilege(c.oid, 'select') as readable, pg_relation_size(c.oid) as size, c.reltuples
  from pg_catalog.pg_namespace n join pg_catalog.pg_class c on c.relnamespace = n.oid
  left join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass
  where c.relkind in ('r', 'p', 'v', 'f', 'm') and n.nspname = 'shop'`
export const CATALOGUE_COLUMNS = `
  select c.table_name, c.column_name, c.data_type, c.is_nullable, c.column_default, p.privilege_type
  from information_schema.columns c
  join information_schema.column_privileges p using (table_schema, table_name, column_name)
  where c.table_schema = 'shop'`
export const CATALOGUE_KEYS = `
  select t.table_name, t.constraint_type, k.column_name, pg_get_constraintdef(o.oid) as definition, x.indexdef
  from information_schema.table_constraints t
  join information_schema.key_column_usage k using (constraint_schema, constraint_name, table_name)
  join pg_catalog.pg_constraint o on o.conname = t.constraint_name
  left join pg_catalog.pg_indexes x on x.schemaname = t.table_schema and x.tablename = t.table_name
  where t.table_schema = 'shop'`
