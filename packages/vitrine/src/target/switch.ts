/**
 * The switch: two schema renames in one transaction. It first tries to hold all published tables for the instant of the
 * renames, without ever waiting for one, so that no statement finds one table before and another after; when readers keep
 * some table, it renames without. Neither a long query nor an idle transaction of a reader holds it up. What it carries
 * over besides (views, relations of the team) waits for locks within a budget. The retired version is dropped afterwards.
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

function switchStatements(publication: Publication, carry: CarryPlan): readonly string[] {
  const [current, staging, retired] = [publication.schema, stagingSchema(publication), retiredSchema(publication)].map(
    identifier,
  )
  return [
    `alter schema ${current} rename to ${retired}`,
    `alter schema ${staging} rename to ${current}`,
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
 * Makes the staged schema the published one. `record` writes what belongs to the same moment (freshness, the run) and runs
 * in the same transaction, before the renames, so that nothing but they stands between the locks and the commit. Tries
 * again while a lock cannot be had; throws SWITCH_BLOCKED when the budget is used up.
 */
export async function switchVersions(
  target: Session,
  publication: Publication,
  carry: CarryPlan,
  record: () => Promise<void>,
): Promise<SwitchResult> {
  const { limits } = publication
  const renames = switchStatements(publication, carry)
  // The record of success is written durably after the switch, and makes it durable: here it would only lengthen the wait.
  const begin = `begin; set local lock_timeout = ${limits.switchLockTimeoutMs}; set local synchronous_commit = off; set local search_path = ''`
  await target.execute(begin)
  try {
    await record()
    await target.execute('savepoint before_renames')
    for (let attempt = 1; ; attempt++) {
      const held = attempt <= limits.switchQuietTries
      const statements = held ? [await holdTables(target, publication), ...renames] : renames
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

/** Drops retired versions that nobody reads any more; one that is still read waits for the next run. Never throws. */
export async function dropRetired(target: Session, publication: Publication): Promise<readonly string[]> {
  const kept: string[] = []
  const staging = stagingSchema(publication)
  for (const { name, ours } of await findWorkSchemas(target, publication)) {
    if (!ours || name === staging) continue
    await dropWorkSchema(target, name).catch(() => kept.push(name))
  }
  return kept
}

/** Frees the retired name before a switch: a version still being read is set aside under another name of ours. */
export async function clearRetiredName(target: Session, publication: Publication): Promise<void> {
  await dropRetired(target, publication)
  const name = retiredSchema(publication)
  const left = await findWorkSchemas(target, publication)
  if (!left.some((schema) => schema.name === name)) return
  const taken = new Set(left.map((schema) => schema.name))
  let number = 1
  while (taken.has(`${name}_${number}`)) number += 1
  await target.execute(`alter schema ${identifier(name)} rename to ${identifier(`${name}_${number}`)}`)
}
