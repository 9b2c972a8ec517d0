/** Reads the figures of an installation for monitors, in one short session. Called for each answer of the listener. */
import type { Address } from '../postgres/address.ts'
import type { Session } from '../postgres/connect.ts'
import { runLockHolder } from '../postgres/lock.ts'
import type { Publication } from '../publication/publication.ts'
import { bookkeepingVersion } from '../record/bookkeeping.ts'
import { freshnessOf } from '../record/runs.ts'
import type { Figures } from '../schedule/metrics.ts'
import type { Call } from './command.ts'
import { statusOf } from './commands/status.ts'
import { withSession } from './sessions.ts'

/** Throws VitrineError when the target cannot be asked. */
export const readFigures = (call: Call, publication: Publication, target: Address): Promise<Figures> =>
  withSession(call, publication, { side: 'target', address: target, readOnly: true }, async (session) => {
    const { schema } = publication
    const migrated = (await bookkeepingVersion(session)) > 0
    const freshness = migrated ? await freshnessOf(session, schema) : []
    const holder = await runLockHolder(session, schema)
    const at = call.io.clock.now()
    const { state, due, nextDue, tables } = statusOf(publication, freshness, [], holder, at)
    const runs = migrated ? await runFigures(session, schema) : NO_RUNS
    return { at, state, due, nextDue, underWay: holder !== null, tables, ...runs }
  })

type RunFigures = Pick<Figures, 'lastSuccess' | 'lastRunMs' | 'failuresInARow' | 'runs'>

const NO_RUNS: RunFigures = { lastSuccess: null, lastRunMs: null, failuresInARow: 0, runs: {} }

async function runFigures(session: Session, schema: string): Promise<RunFigures> {
  const [row] = await session.query<RunFigures>(
    `with run as (select id, state, started_at, published_at, finished_at from vitrine.run where schema_name = $1),
          published as (select id, published_at from run where published_at is not null order by id desc limit 1)
     select (select published_at from published) as "lastSuccess",
            (select (extract(epoch from finished_at - started_at) * 1000)::float8 from run
             where finished_at is not null order by id desc limit 1) as "lastRunMs",
            (select count(*)::integer from run
             where state = 'failed' and id > coalesce((select id from published), 0)) as "failuresInARow",
            (select coalesce(jsonb_object_agg(state, runs), '{}')
             from (select state, count(*) as runs from run group by state order by state) as counted) as runs`,
    [schema],
  )
  return row ?? NO_RUNS
}
