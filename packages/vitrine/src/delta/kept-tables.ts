/** Whether the tables of the kept version stand as they were made: what somebody has altered is no base for changes. */
import { isDeepStrictEqual } from 'node:util'
import { readTables } from '../catalogue/live-shape.ts'
import type { Target } from '../catalogue/target.ts'
import { retiredSchema } from '../publication/publication.ts'
import { shapeOf, type TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { ownRelations } from '../record/made.ts'
import { alteredTables } from '../version/carry-parts.ts'

const sorted = (shape: TableShape) => ({
  ...shape,
  constraints: shape.constraints.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  indexes: shape.indexes.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
})

/** The names of the tables that stand in the kept version exactly as the definition makes them. */
export async function unalteredTables(target: Target, tables: readonly PublishedTable[]): Promise<ReadonlySet<string>> {
  const { session, publication } = target
  const schema = retiredSchema(publication)
  const own = new Set((await ownRelations(target, [schema])).filter(({ built }) => built).map(({ oid }) => oid))
  const live = await readTables(session, schema, publication.writer)
  const shapes = new Map(tables.map((table) => [table.name, shapeOf(table, { ...publication, schema })]))
  const same = live.filter(({ oid, shape, owned, extras }) => {
    const wanted = shapes.get(shape.name)
    return (
      own.has(oid) &&
      owned &&
      extras.length === 0 &&
      wanted !== undefined &&
      isDeepStrictEqual(sorted(shape), sorted(wanted))
    )
  })
  const oids = same.map(({ oid }) => oid)
  const altered = await alteredTables(target, [...shapes.values()], oids)
  const attached = await session.query<{ oid: string }>(
    `select tgrelid::text as oid from pg_catalog.pg_trigger where tgrelid = any ($1::oid[]) and not tgisinternal
     union select ev_class::text from pg_catalog.pg_rewrite where ev_class = any ($1::oid[])
     union select polrelid::text from pg_catalog.pg_policy where polrelid = any ($1::oid[])
     union select oid::text from pg_catalog.pg_class where oid = any ($1::oid[]) and relforcerowsecurity`,
    [oids],
  )
  const withMore = new Set(attached.map(({ oid }) => oid))
  const unaltered = same.filter(({ oid, shape }) => !altered.has(shape.name) && !withMore.has(oid))
  return new Set(unaltered.map(({ shape }) => shape.name))
}
