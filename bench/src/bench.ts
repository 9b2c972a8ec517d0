/** What every bench receives, and how to run the two sides that most of them compare: the tool and the reference. */

import { runNode, runPsql } from './child.ts'
import { publicationOf, type Subject } from './publication.ts'
import { referenceWork } from './reference.ts'
import { type Psql, scriptOf } from './reference-psql.ts'
import { type BenchServers, migrateTarget, type TargetName, withClient } from './servers.ts'
import { provideRows } from './source-data.ts'
import { schemaOf } from './tables.ts'
import { parseReport, type ToolReport } from './tool-report.ts'

export interface BenchContext {
  readonly servers: BenchServers
  /** Null without psql: the reference then runs over the driver's sockets. */
  readonly psql: Psql | null
  readonly rounds: number
  readonly scale: number
  /** Prints progress. */
  readonly say: (text: string) => void
}

export interface ToolMeasure extends ToolReport {
  readonly seconds: number
}

/** Creates `fullRows` source rows, times the scale, and returns their schema. */
export async function sourceOf(context: BenchContext, fullRows: number): Promise<string> {
  const rows = Math.max(600, Math.round(fullRows * context.scale))
  await withClient(context.servers.sourceUrl(), (client) => provideRows(client, rows, context.say))
  return schemaOf(rows)
}

export async function runTool(
  context: BenchContext,
  work: 'load' | 'sync' | 'full' | 'delta' | 'follow',
  subject: Subject,
  schema: string,
): Promise<ToolMeasure> {
  await context.servers.settle()
  const { seconds, output } = await runNode('tool.js', [work, subject, schema], context.servers.ends('tool'))
  return { seconds, ...parseReport(output) }
}

/** Returns seconds. */
export async function runReference(
  context: BenchContext,
  subject: Exclude<Subject, 'readers' | 'unwatched' | 'ranged'>,
  schema: string,
): Promise<number> {
  const { servers, psql } = context
  await servers.settle()
  const ends = servers.ends('reference')
  const { seconds } =
    psql === null
      ? await runNode('reference-driver.js', [subject, schema], ends)
      : await runPsql(scriptOf(referenceWork(subject, schema)), psql, ends)
  return seconds
}

/** Creates the tool's published schema. */
export const migrateTool = ({ servers }: BenchContext, subject: Subject, schema: string): Promise<void> =>
  migrateTarget(servers.targetUrl('tool'), publicationOf(subject, schema))

/** Per table: number and hash of its rows, its constraints and its number of indexes. */
function pictureOf(
  servers: BenchServers,
  side: TargetName,
  schema: string,
  tables: readonly string[],
): Promise<string> {
  return withClient(servers.targetUrl(side), async (client) => {
    const picture: unknown[] = []
    for (const table of tables) {
      const { rows } = await client.query(
        `select count(*), sum(hashtextextended(t::text, 0)),
           (select array_agg(contype order by contype) from pg_constraint where conrelid = '${schema}.${table}'::regclass and contype <> 'n'),
           (select count(*) from pg_index where indrelid = '${schema}.${table}'::regclass)
         from ${schema}.${table} t`,
      )
      picture.push([table, rows])
    }
    return JSON.stringify(picture)
  })
}

/** Throws when the two sides produced different tables: then comparing their times is meaningless. */
export async function requireSameResult(
  context: BenchContext,
  schema: string,
  tables: readonly string[],
): Promise<void> {
  const tool = await pictureOf(context.servers, 'tool', schema, tables)
  const reference = await pictureOf(context.servers, 'reference', schema, tables)
  if (tool !== reference) throw new Error(`tool and reference made different tables: ${tool} against ${reference}`)
}
