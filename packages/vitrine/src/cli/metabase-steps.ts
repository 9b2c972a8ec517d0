/** What the commands about Metabase and the runs share: the client, what is wanted, and an application that is recorded. */

import { asVitrineError, VitrineError } from '../base/errors.ts'
import { counted } from '../base/format.ts'
import type { Secret } from '../base/secret.ts'
import { requireSoundDashboards, withSoundDashboards } from '../dashboards/dashboard-check.ts'
import { brokenQuestions } from '../metabase/broken-questions.ts'
import { Metabase } from '../metabase/client.ts'
import { applyPlan, planMetabase } from '../metabase/metabase-apply.ts'
import type { Applied, Change } from '../metabase/metabase-plan.ts'
import { probeMetabase } from '../metabase/metabase-server.ts'
import { type Wanted, wantedFrom } from '../metabase/wanted.ts'
import type { Address } from '../postgres/address.ts'
import { isSocket } from '../postgres/address.ts'
import type { Session } from '../postgres/connect.ts'
import { takeRunLock } from '../postgres/lock.ts'
import type { Publication } from '../publication/publication.ts'
import { appliedToMetabase, recordMadeInMetabase, recordMetabase } from '../record/applied-items.ts'
import { requireBookkeeping } from '../record/bookkeeping.ts'
import { ownRecord } from '../record/installation.ts'
import type { SyncRequest } from '../run/request.ts'
import { metabaseAlarm } from '../schedule/alarms/alarm.ts'
import { dueAround } from '../schedule/due.ts'
import { raiseAlarm } from './alarms.ts'
import type { Call } from './command.ts'
import type { SettingsFor } from './environment.ts'
import type { MetabaseSettings } from './metabase-settings.ts'
import { writing } from './sessions.ts'

export const METABASE_NEEDS = { target: 'required', reader: 'optional', seen: 'optional' } as const

export type MetabaseWish = Pick<
  SettingsFor<typeof METABASE_NEEDS & { readonly metabase: 'required' }>,
  'target' | 'reader' | 'seen' | 'metabase'
>

export const clientOf = (
  call: Call,
  { url }: MetabaseSettings,
  key: Secret | null,
  ...signals: readonly AbortSignal[]
): Metabase =>
  new Metabase({
    url,
    login: key === null ? null : { header: 'X-API-KEY', value: key },
    limits: call.publication.limits,
    signal: AbortSignal.any([call.signal, call.fault, ...signals]),
  })

/** Throws SETTINGS_INVALID when nothing says where Metabase finds the published database. */
export function wantedOf(
  { publication }: Pick<Call, 'publication'>,
  { seen, reader }: Pick<MetabaseWish, 'seen' | 'reader'>,
): Wanted {
  const address: Address | null = seen ?? reader
  const place = 'METABASE_SOURCE_URL'
  if (address === null) {
    const remedy = 'set it, or METABASE_READER_URL where Metabase reaches the database in the same way'
    throw new VitrineError('SETTINGS_INVALID', { problems: [{ place, detail: 'it is missing', remedy }] })
  }
  if (isSocket(address)) {
    const problems = [{ place, detail: 'it names a socket', remedy: 'name a host: Metabase knows no sockets' }]
    throw new VitrineError('SETTINGS_INVALID', { problems })
  }
  const { host, port, database, user, password, sslMode, sslRootCert } = address
  const file = sslRootCert === 'system' ? null : sslRootCert
  return wantedFrom(publication, { host, port, database, user, password, sslMode, sslRootCert: file })
}

/** Throws TARGET_NOT_MIGRATED, TARGET_OTHER_INSTALLATION. */
export async function recordedIn(session: Session, publication: Publication): Promise<readonly Applied[]> {
  await requireBookkeeping(session, publication.schema)
  await ownRecord({ session, publication })
  return appliedToMetabase<Applied>(session, publication.schema)
}

/** Applies the plan to Metabase, one application at a time, and records it. Returns the differences found. */
export const applyAll = (
  call: Call,
  wish: MetabaseWish,
  client: Metabase,
  force: boolean,
): Promise<readonly Change[]> =>
  writing(call, 'target', wish.target, async (session) => {
    const { publication } = call
    const wanted = wantedOf(call, wish)
    const { schema } = publication
    await takeRunLock(session, `metabase ${schema}`)
    const plan = await planMetabase(client, wanted, await recordedIn(session, publication), force)
    await applyPlan(client, wanted, plan, {
      all: (applied) => recordMetabase(session, schema, applied),
      made: (kind, key, id) => recordMadeInMetabase(session, schema, { kind, key, id }),
    })
    return plan.changes
  })

/** The publication, without its dashboards where `check` refuses them: each reason is told. */
export async function tellUnsound(call: Call): Promise<Pick<Call, 'publication'>> {
  const { problems, publication } = await withSoundDashboards(call.publication)
  for (const { place, detail } of problems) call.say(`warning: ${place}: ${detail}`)
  return { publication }
}

/**
 * Reports what a new definition would break: our questions and dashboards and, if a key is set, those that people made in
 * Metabase. What fails there is told.
 */
export async function tellBroken(call: Call, session: Session): Promise<void> {
  const sound = await tellUnsound(call)
  try {
    const { metabase } = call.settings({ metabase: 'optional' })
    if (metabase === null || metabase.key === null) return
    const wanted = wantedOf(sound, call.settings(METABASE_NEEDS))
    const client = clientOf(call, metabase, metabase.key)
    const { state } = await planMetabase(client, wanted, await recordedIn(session, call.publication))
    const broken = await brokenQuestions(client, wanted, state)
    for (const question of broken) call.say(`warning: a question in Metabase would break: ${question}`)
  } catch (thrown) {
    if (call.signal.aborted) throw thrown
    call.say(`note: Metabase could not be asked which questions would break: ${asVitrineError(thrown).code}`)
  }
}

/** After a run: if a key is set, applies the plan to Metabase. A failure there is reported, and does not fail the run. */
export async function keepInStep(call: Call, trigger: SyncRequest['trigger']): Promise<void> {
  const { publication, io } = call
  const { metabaseSyncMs } = publication.limits
  const late = AbortSignal.timeout(metabaseSyncMs)
  try {
    const { metabase } = call.settings({ metabase: 'optional' })
    if (metabase === null || metabase.key === null) return
    const wish = call.settings(METABASE_NEEDS)
    await requireSoundDashboards(publication)
    const client = clientOf(call, metabase, metabase.key, late)
    const { unknown } = await probeMetabase(client)
    if (unknown !== null) call.say(unknown)
    const changes = await applyAll(call, { ...wish, metabase }, client, false)
    const byHand = changes.filter((change) => change.byHand.length > 0)
    if (byHand.length > 0) call.say(`${counted(byHand.length, 'thing')} in Metabase was changed by hand, and left so.`)
  } catch (thrown) {
    if (call.signal.aborted || call.fault.aborted) return
    const lateError = new VitrineError('METABASE_SYNC_LATE', { detail: `It took longer than ${metabaseSyncMs} ms.` })
    const error = late.aborted ? lateError : asVitrineError(thrown)
    call.tell(error)
    if (trigger !== 'schedule') return
    const now = io.clock.now()
    const alarm = metabaseAlarm(error, publication, dueAround(publication, now).last, now)
    await raiseAlarm(call, call.settings({ target: 'required' }), alarm)
  }
}
