/** Makes ready what the tool needs: the role that reads the source, and the database of Metabase. Called by `start`. */

import {
  type Call,
  type Provisioned,
  type ProvisionWish,
  provisionSourceRole,
  provisionTarget,
  type SourceWish,
  withWritableTarget,
} from 'vitrine/cli'
import { migrate } from 'vitrine/run'
import { step } from './step.ts'

/** Without a source where target and source are two by construction. */
export async function prepareTarget(call: Call, wish: ProvisionWish): Promise<void> {
  const { source, target, admin } = wish
  await provided(call, 'roles and rights in place', () => provisionTarget(call, wish))
  await step(call, 'published schema migrated', () =>
    withWritableTarget(call, { target, source: admin === null ? null : source }, async (session) =>
      migrate({ session, publication: call.publication }),
    ),
  )
}

/** Without an administrator the role of the source is as it is: the doctor says what it may do too much. */
export async function prepareSourceRole(call: Call, wish: SourceWish): Promise<void> {
  if (wish.sourceAdmin === null) return
  await provided(call, 'role of the source in place', () => provisionSourceRole(call, wish))
}

/** A right that somebody else must grant is printed and stops nothing: the run says what it lacks. */
const provided = (call: Call, text: string, work: () => Promise<Provisioned>): Promise<boolean> =>
  step(
    call,
    (done) => (done ? text : null),
    async () => {
      const { lack } = await work()
      if (lack !== null) call.tell(lack)
      return lack === null
    },
  )
