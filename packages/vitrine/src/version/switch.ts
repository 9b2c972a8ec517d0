/**
 * The switch: the next version takes the place of the published one in one transaction, by renaming schemas
 * (`switch-by-rename.ts`) or, where they cannot be renamed, by moving tables (`switch-by-move.ts`). It tries first without
 * ever waiting for a lock, then within a budget, so that new readers never wait long behind us; then it gives up and names
 * who is in the way. The version that leaves is kept out of sight for a rollback, or removed.
 */

import { asVitrineError, VitrineError } from '../base/errors.ts'
import { namingBlockers } from '../postgres/blockers.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import type { SwitchResult, SwitchWay } from '../record/outcome.ts'
import { identifier } from '../sql/quote.ts'
import type { CarryPlan } from './carry.ts'
import { clearWorkSchema, findWorkSchemas, lastingSchemas } from './staging.ts'
import { switchByMove } from './switch-by-move.ts'
import { switchByRename } from './switch-by-rename.ts'
import { boundedWithin } from './switch-strategy.ts'

/** What is known of a switch that succeeded without our hearing of it. */
export const unheardSwitch = (way: SwitchWay): SwitchResult => ({ way, tries: 0, held: false, milliseconds: 0 })

/** A wait that readers do not notice, in milliseconds: PostgreSQL takes 0 for no limit. */
const QUIET_WAIT_MS = 1

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Makes the incoming schema, staged or kept, the published one. `record` writes what belongs to the same moment (freshness,
 * the run) and runs in the same transaction, before the first lock, so that as little as possible stands between the locks
 * and the commit. Tries again while a lock cannot be had; throws SWITCH_BLOCKED, which names the sessions in the way, when
 * the budget is used up. The previous version is then published as before.
 */
export async function switchVersions(
  target: Session,
  publication: Publication,
  incoming: string,
  carry: CarryPlan,
  record: () => Promise<void>,
): Promise<SwitchResult> {
  const { limits } = publication
  const { way } = carry
  const strategy = await (way === 'rename' ? switchByRename : switchByMove)(target, publication, incoming, carry)
  const begun = performance.now()
  let tries = 0
  // The record of success is written durably after the switch, and makes it durable: here it would only lengthen the wait.
  const begin = `begin; set local lock_timeout = ${limits.switchLockTimeoutMs}; set local synchronous_commit = off; set local search_path = ''`
  await target.execute(begin)
  try {
    await record()
    await target.execute('savepoint before_switch')
    for (;;) {
      tries += 1
      const quiet = tries <= limits.switchQuietTries
      const bounded = boundedWithin(quiet ? QUIET_WAIT_MS : limits.switchLockTimeoutMs)
      const started = performance.now()
      try {
        await target.execute([...strategy.attempt(quiet, bounded), 'commit'].join('; '))
        return { way, tries, held: quiet || strategy.holds === 'always', milliseconds: performance.now() - started }
      } catch (error) {
        if (!isBlocked(error) || tries >= limits.switchQuietTries + limits.switchTries) throw error
        await target.execute('rollback to savepoint before_switch')
        await pause(quiet ? limits.switchQuietPauseMs : limits.switchPauseMs)
      }
    }
  } catch (error) {
    await target.execute('rollback').catch(() => undefined)
    throw await namingBlockers(target, error, strategy.locked, { tries, milliseconds: performance.now() - begun })
  }
}

/** XX000, `tuple concurrently updated`: a right on the schema was given or taken in the same moment. */
const isBlocked = (error: unknown): boolean =>
  error instanceof VitrineError &&
  (error.code === 'SWITCH_BLOCKED' || error.code === 'SERIALIZATION' || error.sqlState === 'XX000')

/**
 * Takes every right on the retired versions away. Not in the switch itself: a reader that has just looked up the published
 * schema under its old name would be refused, in the instant between its look-up and its lock. Until this is done, readers
 * may still enter the version that has left, which is theirs to read anyway.
 */
export async function hideRetired(target: Session, publication: Publication): Promise<void> {
  const schemas = (await findWorkSchemas(target, publication)).filter(({ ours }) => ours).map(({ name }) => name)
  const rights = await target.query<{ schema: string; grantee: string | null }>(
    `select distinct n.nspname as schema, r.rolname as grantee
     from pg_catalog.pg_namespace n cross join lateral aclexplode(n.nspacl) a
     left join pg_catalog.pg_roles r on r.oid = a.grantee
     where n.nspname = any ($1) and a.grantee <> n.nspowner and pg_has_role(current_user, n.nspowner, 'usage')`,
    [schemas],
  )
  for (const { schema, grantee } of rights) {
    const role = grantee === null ? 'public' : identifier(grantee)
    await target.execute(`revoke all on schema ${identifier(schema)} from ${role}`)
  }
}

/** What a run that died after its switch left to do. The next run does it first, because it needs the space. */
export async function finishSwitch(target: Session, publication: Publication): Promise<void> {
  await hideRetired(target, publication)
  await dropUnkept(target, publication)
}

/**
 * After a switch, and before the next: removes the retired versions that no rollback needs. Gives the names of those that
 * cannot be removed yet, with the code of what keeps them; the next run tries again.
 */
export async function dropUnkept(target: Session, publication: Publication): Promise<readonly string[]> {
  const kept = publication.limits.versionsKept === 0 ? null : retiredSchema(publication)
  const lasting = await lastingSchemas(target, publication)
  const read: string[] = []
  for (const { name, ours, empty } of await findWorkSchemas(target, publication)) {
    if (!ours || name === stagingSchema(publication) || name === kept || (empty && lasting.includes(name))) continue
    await clearWorkSchema(target, publication, name).catch((error: unknown) =>
      read.push(`${name} (${asVitrineError(error).code})`),
    )
  }
  return read
}
