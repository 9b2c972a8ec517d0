/** Makes the database of Metabase ready: roles, rights, published schema. Called by `start` in both modes. */

import { type Call, type ProvisionWish, provisionTarget, withWritableTarget } from 'vitrine/cli'
import { migrate } from 'vitrine/run'
import { step } from './step.ts'

/** Without a source where target and source are two by construction. */
export async function prepareTarget(call: Call, wish: ProvisionWish): Promise<void> {
  const { source, target, admin } = wish
  await step(
    call,
    (done) => (done ? 'roles and rights in place' : null),
    async () => {
      // A right that somebody else must grant is printed and stops nothing: the run says what it lacks.
      const { lack } = await provisionTarget(call, wish)
      if (lack !== null) call.tell(lack)
      return lack === null
    },
  )
  await step(call, 'published schema migrated', () =>
    withWritableTarget(call, { target, source: admin === null ? null : source }, async (session) =>
      migrate({ session, publication: call.publication }),
    ),
  )
}
