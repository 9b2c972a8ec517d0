/**
 * The switch: schema renames in one transaction. It first tries to hold all published tables for the instant of the
 * renames, without ever waiting for one, so that no statement finds one table before and another after; when readers keep
 * some table, it renames without. Neither a long query nor an idle transaction of a reader holds it up. What it carries
 * over besides (views, relations of the team) waits for locks within a budget. The version that leaves is kept out of
 * sight for a rollback, or dropped.
 */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { literal } from '../publication/select-text.ts'
import { identifier, qualified } from '../publication/shape.ts'
import type { CarryPlan } from './carry.ts'
import { dropWorkSchema, findWorkSchemas, markOf } from './staging.ts'

export interface SwitchResult {
  readonly tries: number
  /** Whether all published tables were held during the renames; otherwise a reader kept one of them. */
  readonly held: boolean
  /** From the first lock to the end of the commit: as long as a reader may have waited. */
  readonly milliseconds: number
}

/**
 * The version that leaves takes the retired name. Where the one that comes has it, the two change places; where an older
 * version has it, that one is set aside first, so that a switch that fails has lost nothing.
 */
function renames(publication: Publication, incoming: string, aside: string | null): readonly string[] {
  const rename = (from: string, to: string) => `alter schema ${identifier(from)} rename to ${identifier(to)}`
  const [current, staging, retired] = [publication.schema, stagingSchema(publication), retiredSchema(publication)]
  if (incoming === retired) return [rename(current, staging), rename(retired, current), rename(staging, retired)]
  const free = aside === null ? [] : [rename(retired, aside)]
  return [...free, rename(current, retired), rename(incoming, current)]
}

function switchStatements(
  publication: Publication,
  incoming: string,
  aside: string | null,
  carry: CarryPlan,
): readonly string[] {
  const [current, retired] = [publication.schema, retiredSchema(publication)].map(identifier)
  return [
    ...renames(publication, incoming, aside),
    `comment on schema ${retired} is ${literal(markOf(publication, 'retired'))}`,
    `comment on schema ${current} is ${literal(carry.comment)}`,
    ...carry.grantees.map((grantee) => `revoke all on schema ${retired} from ${grantee}`),
    ...carry.schemaGrants,
    ...carry.defaults,
    ...carry.moves,
    ...carry.views,
  ]
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Makes the incoming schema, staged or kept, the published one. `record` writes what belongs to the same moment (freshness,
 * the run) and runs in the same transaction, before the renames, so that nothing but they stands between the locks and the
 * commit. Tries again while a lock cannot be had; throws SWITCH_BLOCKED when the budget is used up.
 */
export async function switchVersions(
  target: Session,
  publication: Publication,
  incoming: string,
  carry: CarryPlan,
  record: () => Promise<void>,
): Promise<SwitchResult> {
  const { limits } = publication
  const aside = await nameAside(target, publication)
  const renaming = switchStatements(publication, incoming, aside, carry)
  // The record of success is written durably after the switch, and makes it durable: here it would only lengthen the wait.
  const begin = `begin; set local lock_timeout = ${limits.switchLockTimeoutMs}; set local synchronous_commit = off; set local search_path = ''`
  await target.execute(begin)
  try {
    await record()
    await target.execute('savepoint before_renames')
    for (let attempt = 1; ; attempt++) {
      const held = attempt <= limits.switchQuietTries
      const statements = held ? [await holdTables(target, publication), ...renaming] : renaming
      const started = performance.now()
      try {
        await target.execute([...statements, 'commit'].join('; '))
        return { tries: attempt, held, milliseconds: performance.now() - started }
      } catch (error) {
        if (!isBlocked(error) || attempt >= limits.switchQuietTries + limits.switchTries) throw error
        await target.execute('rollback to savepoint before_renames')
        await pause(held ? limits.switchQuietPauseMs : limits.switchPauseMs)
      }
    }
  } catch (error) {
    await target.execute('rollback').catch(() => undefined)
    throw error
  }
}

const isBlocked = (error: unknown): boolean =>
  error instanceof VitrineError && (error.code === 'SWITCH_BLOCKED' || error.code === 'SERIALIZATION')

/**
 * Takes every table of the published version, or none, at once. PostgreSQL looks up each name of a statement by itself, so
 * a rename between two look-ups would show two versions in one statement; a reader that finds a table held looks it up
 * again afterwards. Waiting is not an option: whoever comes behind us would wait as well.
 */
async function holdTables(target: Session, { schema }: Publication): Promise<string> {
  const rows = await target.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind = 'r' and pg_has_role(current_user, c.relowner, 'usage') order by c.oid`,
    [schema],
  )
  if (rows.length === 0) return 'select'
  return `lock table ${rows.map(({ name }) => qualified(schema, name)).join(', ')} in access exclusive mode nowait`
}

/** A free name for the version that has the retired name; null when none has it. */
async function nameAside(target: Session, publication: Publication): Promise<string | null> {
  const name = retiredSchema(publication)
  const found = new Set((await findWorkSchemas(target, publication)).map((schema) => schema.name))
  if (!found.has(name)) return null
  let number = 1
  while (found.has(`${name}_${number}`)) number += 1
  return `${name}_${number}`
}

/**
 * After a switch: drops the retired versions that no rollback needs. Gives the names of those that cannot be dropped yet,
 * because they are still read; the next switch tries again.
 */
export async function dropUnkept(target: Session, publication: Publication): Promise<readonly string[]> {
  const kept = publication.limits.versionsKept === 0 ? null : retiredSchema(publication)
  const read: string[] = []
  for (const { name, ours } of await findWorkSchemas(target, publication)) {
    if (!ours || name === stagingSchema(publication) || name === kept) continue
    await dropWorkSchema(target, name).catch(() => read.push(name))
  }
  return read
}
