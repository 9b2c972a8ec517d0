/** Makes the database of Metabase ready: roles, rights, published schema. Called by `start` in both modes. */

import { type Call, withWritableTarget } from 'vitrine/cli'
import { type Address, applyProvision, migrate, planProvision, VitrineError } from 'vitrine/run'
import { step } from './step.ts'

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
  await step(
    call,
    (done) => (done ? 'roles and rights in place' : null),
    () => provision(call, wish),
  )
  await step(call, 'published schema migrated', () =>
    withWritableTarget(call, { target, source: admin === null ? null : source }, async (session) =>
      migrate({ session, publication: call.publication }),
    ),
  )
}

/** Does what may be done. A right that somebody else must grant is printed and stops nothing: the run says what it lacks. */
async function provision(call: Call, { source, target, admin, reader }: TargetWish): Promise<boolean> {
  const passwords = { writerPassword: target.password, readerPassword: reader?.password ?? null }
  return withWritableTarget(call, { target: admin ?? target, source }, async (session) => {
    try {
      await applyProvision(session, await planProvision(session, call.publication, passwords))
      return true
    } catch (error) {
      if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
      call.tell(error)
      return false
    }
  })
}
