/**
 * `vitrine/testing`: for a team that tests its own publication. The whole of it, on a server that passes away with the test; or
 * one table at a time, without roles, a version or a run: the text that reads it, and its rows in a schema of a test database.
 */
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Secret } from './base/secret.ts'
import { openAs, prepareDemonstration, sqlFilesIn } from './cli/demonstration.ts'
import { startPassing } from './cli/embedded-server.ts'
import { copyRows } from './copy/copy.ts'
import { rowsThrough } from './copy/row-rewrite.ts'
import { provedProjection } from './lineage/lineage.ts'
import { registered } from './lineage/origin.ts'
import type { Session } from './postgres/connect.ts'
import type { Publication } from './publication/publication.ts'
import { projectionOf } from './publication/select-text.ts'
import type { PublishedTable } from './publication/table.ts'
import type { SyncReport } from './run/observer.ts'
import { sync } from './run/sync.ts'
import { checkProjections } from './source/projection-types.ts'
import { identifier, qualified } from './sql/quote.ts'
import { stagedShape } from './version/build.ts'
import { checkedSql, createTableSql, requiredSql } from './version/ddl.ts'

export { type InventedRun, inventRuns } from './record/invented-runs.ts'

/**
 * The SELECT that a run reads a table with, without parameters: for `explain`, or for a snapshot of it in a test. The inputs
 * of the rules come first, then the columns that are published as they are.
 */
export const selectText = (table: PublishedTable): string => projectionOf(table).sql

export interface TableToLoad {
  readonly publication: Publication
  /** One of the publication's. */
  readonly table: PublishedTable
  readonly source: Session
  readonly target: Session
  /** A schema of the target that exists and has no table of this name. */
  readonly schema: string
  /** What `runDay` and its like take for now; the source's clock if absent. */
  readonly at?: Date
  /** Needed by the treatment `pseudonym` alone. */
  readonly pseudonymKey?: Secret
}

/**
 * Creates one table of the publication in a schema and fills it from the source, rules included, as a run does before it
 * adds keys and references. Returns the number of rows. Throws a VitrineError, `SOURCE_TYPE_MISMATCH` among others.
 */
export async function loadOneTable({
  publication,
  table,
  source,
  target,
  schema,
  at,
  pseudonymKey,
}: TableToLoad): Promise<number> {
  const types = await checkProjections(source, { ...publication, tables: [table] })
  const moment = at === undefined ? null : { instant: at }
  const projection = await provedProjection(registered(publication.source), table, moment, types.get(table.name))
  const columns = [...projection.passed, ...projection.computed].map(({ name }) => identifier(name))
  const load = async () => {
    const shape = stagedShape(table, publication)
    await target.execute(`${createTableSql(schema, shape)}; ${requiredSql(schema, shape)}`)
    const { written } = await copyRows({
      source: source.client,
      target: target.client,
      select: projection.sql,
      into: `${qualified(schema, table.name)} (${columns.join(', ')})`,
      freeze: true,
      rows: rowsThrough(table, projection, pseudonymKey ?? null),
    })
    await target.execute(checkedSql(schema, shape))
    return written
  }
  return target.transaction(() => source.transaction(load, 'begin read only'))
}

export interface Sample {
  readonly publication: Publication
  /** A folder of SQL files that make the source: tables and rows. */
  readonly sql: URL
}

export interface PublishedSample {
  /** As the owner of its tables: a test may change rows, and publish again. */
  readonly source: Session
  /** As the reader of the publication, whose schema unqualified names are looked up in. */
  readonly reader: Session
  /** As the owner of the target's server, for `loadOneTable`. */
  readonly target: Session
  readonly pseudonymKey: Secret
  /** A run like that of every night. Throws what `sync` throws; the version before is then served. */
  publish(): Promise<SyncReport>
  /** Nothing remains. */
  end(): Promise<void>
}

/**
 * Publishes what SQL files make, on an embedded PostgreSQL of its own: roles, rights, approval and a run, as everywhere. Takes about
 * two seconds. Throws EMBEDDED_MISSING without the package `@vitrine/embedded-postgres`, SAMPLE_FAILED, and what `sync` throws.
 */
export async function publishSample({ publication, sql }: Sample): Promise<PublishedSample> {
  const folder = fileURLToPath(sql)
  const files = sqlFilesIn(folder, dirname(folder))
  const server = await startPassing(folder)
  const sessions: Session[] = []
  const end = async () => {
    for (const session of sessions) await session.end()
    await server.stop()
  }
  try {
    const made = await prepareDemonstration(server, publication, files)
    const pseudonymKey = new Secret(randomBytes(32).toString('hex'))
    const publish = () =>
      sync({ publication, source: made.source, target: made.target, pseudonymKey, allowShrink: true })
    await publish()
    const source = await openAs(publication, 'source', made.sourceAdmin)
    sessions.push(source)
    const target = await openAs(publication, 'target', made.targetAdmin)
    sessions.push(target)
    const reader = await openAs(publication, 'target', made.reader, true)
    sessions.push(reader)
    return { source, reader, target, pseudonymKey, publish, end }
  } catch (error) {
    await end()
    throw error
  }
}
