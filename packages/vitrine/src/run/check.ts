/**
 * The check phase: all that can be refused before the source is read. Two servers are asked, at the same time. Called by
 * `sync.ts`.
 */

import { requireMigrated } from '../migration/migrate.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { requireNoDrift } from '../source/drift.ts'
import { checkProjections } from '../source/projection-types.ts'
import { planCarry } from '../version/carry.ts'
import { requireWorkSchemas } from '../version/staging.ts'
import { finishSwitch } from '../version/switch.ts'
import { checkHistories } from './histories.ts'
import { both, type Stream } from './sessions.ts'

/**
 * Gives the types of the rules' inputs, by table. Throws what `requireMigrated`, `requireNoDrift` and the others throw: what is
 * wrong with the target before what is wrong with the source. A stream that is open already helps with the target.
 */
export async function check(
  target: Session,
  source: Session,
  publication: Publication,
  opening: Promise<readonly Stream[]>,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const [, inputTypes] = await both(checkTarget(target, publication, opening), checkSource(source, publication))
  return inputTypes
}

async function checkTarget(
  target: Session,
  publication: Publication,
  opening: Promise<readonly Stream[]>,
): Promise<void> {
  const helper = opening.then(
    ([stream]) => stream?.target,
    () => undefined,
  )
  const surroundings = helper.then((session) => session && checkSurroundings(session, publication))
  surroundings.catch(() => undefined)
  await requireMigrated(target, publication)
  await requireWorkSchemas(target, publication)
  await surroundings
  // That no stream could be opened is told when one is needed, after what is wrong with the two sides.
  if ((await helper) === undefined) await checkSurroundings(target, publication)
  // Last, because it changes something: nothing may vanish while it is looked at.
  await finishSwitch(target, publication)
}

async function checkSurroundings(target: Session, publication: Publication): Promise<void> {
  // Read once now, so that what cannot be carried over is told before the long part; read again before the switch.
  await planCarry(target, publication, publication.schema)
  await checkHistories(target, publication)
}

async function checkSource(source: Session, publication: Publication): Promise<ReadonlyMap<string, readonly number[]>> {
  await requireNoDrift(source, publication.source, publication.tables)
  return checkProjections(source, publication)
}
