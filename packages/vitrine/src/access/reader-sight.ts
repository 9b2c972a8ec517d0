/**
 * Proves as the reader that it sees no version but the published one, nothing of the bookkeeping, and no other schema.
 * Called by `reader-proof.ts`, in a transaction that is rolled back.
 */

import type { Session } from '../postgres/connect.ts'
import { BOOKKEEPING_SCHEMA, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { identifier, qualified } from '../sql/quote.ts'
import {
  attempt,
  broken,
  type Finding,
  type Guarantee,
  holds,
  listed,
  probeName,
  type ReaderContext,
} from './finding.ts'

interface HiddenSchema {
  readonly name: string
  readonly usable: boolean
  readonly relations: readonly string[]
}

/** Which of the schemas the reader can look into, by the catalogue and by a select of each relation. */
async function openSchemas(reader: Session, condition: string, values: readonly string[]): Promise<readonly string[]> {
  const schemas = await reader.query<HiddenSchema>(
    `select n.nspname as name, has_schema_privilege(n.oid, 'USAGE') as usable,
            array(select c.relname::text from pg_catalog.pg_class c
                  where c.relnamespace = n.oid and c.relkind in ('r', 'v') order by 1) as relations
     from pg_catalog.pg_namespace n where ${condition} order by 1`,
    values,
  )
  const open: string[] = []
  for (const { name, usable, relations } of schemas) {
    // Without USAGE even the name of a table that does not exist is refused.
    const states: (string | null)[] = []
    for (const relation of relations.length === 0 ? [probeName()] : relations) {
      states.push(await attempt(reader, `select from ${qualified(name, relation)} limit 0`))
    }
    // A run may have renamed or dropped the schema meanwhile.
    if (usable || states.some((state) => state === null)) open.push(name)
  }
  return open
}

const closeSchema = (name: string, reader: string): string =>
  `revoke all on schema ${identifier(name)} from public, ${identifier(reader)};`

export async function seesNoWorkSchema(reader: Session, { publication }: ReaderContext): Promise<Finding> {
  const [staging, retired] = [stagingSchema(publication), retiredSchema(publication)]
  const guarantee: Guarantee = {
    name: 'reader-sees-no-staging',
    guarantee: `${publication.reader} sees neither the next version before the switch nor the last one after it.`,
    expected: `${staging} and ${retired} closed or absent`,
  }
  const condition = "n.nspname in ($1, $2) or starts_with(n.nspname, $2 || '_')"
  const open = await openSchemas(reader, condition, [staging, retired])
  return open.length === 0
    ? holds(guarantee)
    : broken(
        guarantee,
        `open: ${listed(open)}`,
        open.map((name) => closeSchema(name, publication.reader)),
      )
}

export async function seesNoBookkeeping(reader: Session, { publication }: ReaderContext): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'reader-sees-no-bookkeeping',
    guarantee: `${publication.reader} does not see the tool's own tables; how old the data is stands in ${publication.freshness.name}, the runs in ${publication.runs.name}.`,
    expected: `${BOOKKEEPING_SCHEMA} closed or absent`,
  }
  const open = await openSchemas(reader, 'n.nspname = $1', [BOOKKEEPING_SCHEMA])
  return open.length === 0
    ? holds(guarantee)
    : broken(guarantee, 'open', [closeSchema(BOOKKEEPING_SCHEMA, publication.reader)])
}

export async function readsNothingElse(reader: Session, { publication }: ReaderContext): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'reader-reads-nothing-else',
    guarantee: `${publication.reader} reads the published schema and no other.`,
    expected: 'no readable relation elsewhere, those of extensions aside',
  }
  const found = await reader.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> all ($1) and n.nspname <> 'information_schema'
       and not starts_with(n.nspname, 'pg_') and not starts_with(n.nspname, $2)
       and has_schema_privilege(n.oid, 'USAGE') and has_any_column_privilege(c.oid, 'SELECT')
       and not exists (select from pg_catalog.pg_depend d
                       where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
     order by 1, 2`,
    [[publication.schema, stagingSchema(publication), BOOKKEEPING_SCHEMA], retiredSchema(publication)],
  )
  if (found.length === 0) return holds(guarantee)
  const names = found.map(({ schema, name }) => qualified(schema, name))
  const repairs = names.map((name) => `revoke select on ${name} from public, ${identifier(publication.reader)};`)
  return broken(guarantee, `readable: ${listed(names)}`, repairs, 'warning')
}
