/** Prepares what the tool needs: the role that reads the source, and Metabase's database. Called by `start`. */

import {
  type Call,
  type Connections,
  type Provisioned,
  type ProvisionWish,
  provisionSourceRole,
  provisionTarget,
  publishNow,
  type SourceWish,
  withWritableTarget,
} from 'vitrine/cli'
import { dueAround, importHistory, migrate } from 'vitrine/run'
import { inventRuns } from 'vitrine/testing'
import { historique } from '../../database/historique.ts'
import { nuitsInventees } from '../../database/nuits.ts'
import { step } from './step.ts'

/** `source` may be null when target and source cannot be the same database. */
export async function prepareTarget(call: Call, wish: ProvisionWish): Promise<void> {
  const { source, target, admin } = wish
  await provided(call, 'roles and rights in place', () => provisionTarget(call, wish))
  await step(call, 'published schema migrated', () =>
    withWritableTarget(call, { target, source: admin === null ? null : source }, async (session) =>
      migrate({ session, publication: call.publication }),
    ),
  )
}

/** Without an administrator the source's role is not changed; `doctor` reports rights that it should not have. */
export async function prepareSourceRole(call: Call, wish: SourceWish): Promise<void> {
  if (wish.sourceAdmin === null) return
  await provided(call, 'role of the source in place', () => provisionSourceRole(call, wish))
}

/** Invents days and nights before the first one, so that the demonstration's curves have a past; only once. */
export async function inventHistory(call: Call, connections: Connections): Promise<void> {
  const { publication } = call
  const { target } = connections
  const days = await withWritableTarget(call, { target, source: null }, async (session) => {
    const [known] = await session.query<{ days: number }>('select count(*)::integer as days from impact.metabase_stats')
    if (known?.days !== 1) return 0
    const { last } = dueAround(publication, call.io.clock.now())
    const nuits = nuitsInventees(last, (debut) => dueAround(publication, new Date(debut.getTime() - 1)).last)
    await inventRuns({ session, publication }, nuits)
    const csv = await historique(session)
    const options = { replace: false, dryRun: false }
    return (await importHistory({ session, publication }, 'metabase_stats', csv, options)).days
  })
  if (days === 0) return
  await step(call, `invented history: ${days} days`, () => publishNow(call, connections, { only: ['metabase_stats'] }))
}

/** Prints rights that somebody else must grant, and goes on: the run itself reports what is missing. */
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
