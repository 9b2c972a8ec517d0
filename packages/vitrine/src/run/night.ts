/** Asks the target what decides how tables are read: for a run, and for a forecast of one. */
import { relationsIn } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { changeableAtOnce } from '../delta/apply-delta.ts'
import { decide, type Night, type TableFacts } from '../delta/decide.ts'
import { keptTables } from '../delta/kept-tables.ts'
import { hasStandby } from '../postgres/standby.ts'
import { publishedNames } from '../publication/publication.ts'
import { erasureSince } from '../record/erasures.ts'
import { recordedVersion } from '../record/versions.ts'
import { isWhole, keptVersion } from '../version/kept.ts'
import { switchWayOf } from '../version/staging.ts'
import type { SyncRequest } from './request.ts'

type Wish = Pick<SyncRequest, 'only' | 'dryRun' | 'full' | 'trigger'>

/** First facts, before the source is asked. What is not asked yet has the value that speaks for reading only changes. */
export async function targetFacts(target: Target, { only, dryRun, full = false, trigger }: Wish): Promise<Night> {
  const { session, publication } = target
  const published = await recordedVersion(target, 'published')
  const standing = (await relationsIn(session, [publication.schema])).map(({ name }) => name)
  const isPublished = published?.filled === true && isWhole(published, standing)
  return {
    full,
    dryRun,
    partly: only !== null,
    between: trigger === 'follow',
    limits: publication.limits,
    kept: (await keptVersion(target)).version,
    published: isPublished ? published : null,
    erased: false,
    renames: (await switchWayOf(session)) === 'rename',
    standby: false,
    unaltered: new Set(publishedNames(publication)),
    held: false,
    source: null,
    snapshot: null,
    reading: false,
    most: Number.POSITIVE_INFINITY,
  }
}

/** Adds the facts that cost the target more work, if any table may still be read as changes. */
export async function looked(target: Target, night: Night, tables: readonly TableFacts[]): Promise<Night> {
  const candidates = decide(night, tables).filter(({ base }) => base !== null)
  if (candidates.length === 0) return night
  const there = await keptTables(
    target,
    candidates.map(({ table }) => table),
  )
  const { session } = target
  const [erased, standby] = [(await erasureSince(target)) !== null, await hasStandby(session)]
  return { ...night, ...there, erased, standby, most: await changeableAtOnce(session) }
}

/** Stands for the instant of the run before it is known: it changes a query's text, but not the tables and columns that it reads. */
export const TIMELESS = new Date(0)
