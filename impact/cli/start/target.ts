/** Makes the database of Metabase ready: roles, rights, published schema. Called by `start` in both modes. */

import type { Call } from 'vitrine/cli'
import { withWritableTarget } from 'vitrine/cli'
import type { Address } from 'vitrine/run'
import { applyProvision, migrate, planProvision, VitrineError } from 'vitrine/run'
import publication from '../../publication/index.ts'
import { timed } from './timing.ts'
import { startWords } from './words.ts'

export interface TargetWish {
  /** To be proved another database than the target; null when it is one by construction. */
  readonly source: Address | null
  readonly target: Address
  /** Null to provision as the writer, as far as it may. */
  readonly admin: Address | null
  readonly reader: Address | null
}

export async function prepareTarget(call: Call, wish: TargetWish): Promise<void> {
  const { source, target, admin } = wish
  const { steps } = startWords
  await timed(
    call,
    (done) => (done ? steps.provisioned : null),
    () => provision(call, wish),
  )
  await timed(
    call,
    () => steps.published,
    () =>
      withWritableTarget(call, publication, target, admin === null ? null : source, async (session) =>
        migrate({ session, publication }),
      ),
  )
}

/** What may be done is done. What is left to somebody else is told and stops nothing: the run itself says what it lacks. */
async function provision(call: Call, { source, target, admin, reader }: TargetWish): Promise<boolean> {
  const passwords = { writerPassword: target.password, readerPassword: reader?.password ?? null }
  return withWritableTarget(call, publication, admin ?? target, source, async (session) => {
    try {
      await applyProvision(session, await planProvision(session, publication, passwords))
      return true
    } catch (error) {
      if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
      call.tell(error)
      return false
    }
  })
}
