/**
 * The switch: two schema renames in one transaction. It locks no table, so neither a long query nor an idle transaction of
 * a reader can hold it up; what it carries over besides (views, relations of the team) waits for locks only within a
 * budget. The retired version is dropped afterwards, when nobody reads it any more.
 */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { literal } from '../publication/select-text.ts'
import { identifier } from '../publication/shape.ts'
import type { CarryPlan } from './carry.ts'
import { dropWorkSchema, findWorkSchemas, markOf } from './staging.ts'

export interface SwitchResult {
  readonly tries: number
  /** How long the successful transaction took. */
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
 * inside the transaction. Retries while a lock cannot be had; throws SWITCH_BLOCKED when the budget is used up.
 */
export async function switchVersions(
  target: Session,
  publication: Publication,
  carry: CarryPlan,
  record: () => Promise<void>,
): Promise<SwitchResult> {
  const { limits } = publication
  const statements = [
    `set local lock_timeout = ${limits.switchLockTimeoutMs}`,
    "set local search_path = ''",
    ...switchStatements(publication, carry),
  ].join('; ')
  for (let attempt = 1; ; attempt++) {
    const started = performance.now()
    try {
      await target.transaction(async () => {
        await target.execute(statements)
        await record()
      })
      return { tries: attempt, milliseconds: performance.now() - started }
    } catch (error) {
      const blocked =
        error instanceof VitrineError && (error.code === 'SWITCH_BLOCKED' || error.code === 'SERIALIZATION')
      if (!blocked || attempt >= limits.switchTries) throw error
      await pause(limits.switchPauseMs)
    }
  }
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
