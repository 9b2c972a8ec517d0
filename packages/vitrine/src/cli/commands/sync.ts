/** `sync`: publishes the next version now. */
import { asVitrineError, type ExitName, VitrineError } from '../../base/errors.ts'
import { instant } from '../../base/format.ts'
import type { Publication } from '../../publication/publication.ts'
import { chosenTables } from '../../run/request.ts'
import { dueAround } from '../../schedule/due.ts'
import type { ScheduleEvent } from '../../schedule/loop.ts'
import { missingError } from '../../schedule/monitor-facts.ts'
import { Alarms } from '../alarms.ts'
import type { Call, Command } from '../command.ts'
import { type AroundRuns, type DueLook, lookAt, publishDue } from '../due-runs.ts'
import { publishNow, tellPublished } from '../publishing.ts'

export const syncCommand: Command = {
  name: 'sync',
  summary: 'publish the next version now',
  description:
    'Reads all tables at one instant, builds the next version beside the published one, checks it and switches. ' +
    'After any failure the previous version is served, whole.',
  options: {
    '--dry-run': 'do everything but the switch, and show what would change',
    '--only <tables...>': 'read only these tables again; the others stay as they are published',
    '--allow-shrink': 'accept that a table loses more rows than the publication allows, or that every table is empty',
    '--full': 'read every table whole, and prove that reading what changed would have given the same',
    '--rotate-key':
      'accept once that VITRINE_PSEUDONYM_KEY is another than before: joins with earlier pseudonyms break, for everybody',
    '--if-due': 'publish only if nothing was since the last due time: for the cron of a platform',
  },
  examples: [
    { line: 'sync', says: 'publish now' },
    { line: 'sync --dry-run', says: 'rehearse: what would change?' },
    { line: 'sync --if-due', says: 'from a cron, every quarter of an hour: once a night all the same' },
    { line: 'sync --only shop_order shop_customer', says: 'two tables only' },
  ],
  run: (call) => syncTables(call, call.list('only')),
}

const NEEDS = { source: 'required', target: 'required' } as const

/** `sync` of these tables, or of all when null. Called by other command lines too, which choose tables in their own way. */
export async function syncTables(call: Call, only: readonly string[] | null): Promise<ExitName> {
  chosenTables(call.publication, only)
  const settings = call.settings(NEEDS)
  const dryRun = call.flag('dryRun')
  const allowShrink = call.flag('allowShrink')
  const rotateKey = call.flag('rotateKey')
  const full = call.flag('full')
  if (!call.flag('ifDue')) {
    if (rotateKey) call.say('note: everybody gets another pseudonym; nothing joins with those of before')
    tellPublished(call, await publishNow(call, settings, { only, dryRun, allowShrink, rotateKey, full }))
    return 'ok'
  }
  if (only === null && !dryRun && !rotateKey && !full) return syncIfDue(call, {}, allowShrink)
  const detail =
    'It publishes every table: a part or a rehearsal would leave the run due, and --rotate-key and --full are for a person.'
  throw new VitrineError('USAGE', { place: '--if-due', detail })
}

/** What `sync --if-due --json` prints when nothing was due. */
export interface NotDueAnswer {
  readonly due: false
  readonly nextDue: Date
}

/** One look and at most one try; the platform's cron is the loop. Also called by systems that prepare their source first. */
export async function syncIfDue(call: Call, around: AroundRuns, allowShrink = false): Promise<ExitName> {
  const { publication } = call
  const settings = call.settings(NEEDS)
  const alarms = new Alarms(call, settings)
  let found: DueLook | null = null
  try {
    found = await lookAt(call, settings.target, settings.alarms)
    await alarms.settle(found.alarms, found.last, false)
    const { due, last, next, rows, missing } = found
    const isMissing = missing.length > 0 ? missingError(publication, missing) : null
    if (isMissing !== null) await alarms.raise({ kind: 'unwell', due: last, error: isMissing })
    const report = due ? await publishDue(call, settings, { allowShrink }, around, found) : null
    if (report !== null) await alarms.raise({ kind: 'published', due: last, report }, rows)
    else if (isMissing !== null) throw isMissing
    else {
      const answer: NotDueAnswer = { due: false, nextDue: next }
      call.answer(answer, () => `Not due: the next run is due at ${instant(next, publication.zone)}.\n`)
    }
    const open = found.alarms.open + missing.length
    await alarms.settle(
      { open, undelivered: 0 },
      last,
      missing.every(({ mending }) => mending === 'sync'),
    )
    return 'ok'
  } catch (thrown) {
    const error = asVitrineError(thrown)
    const event = call.signal.aborted ? null : failureEvent(publication, error, found ?? unasked(call))
    if (event !== null) await alarms.raise(event)
    throw error
  }
}

/** By our own clock, for an alarm that says that the target could not even be asked. */
function unasked({ publication, io }: Call): Pick<DueLook, 'last' | 'now' | 'heldSeconds'> {
  const now = io.clock.now()
  return { last: dueAround(publication, now).last, now, heldSeconds: null }
}

/** The event that a failure of `--if-due` raises; that readers miss something was told before. */
function failureEvent(
  { limits }: Publication,
  error: VitrineError,
  { last: due, now, heldSeconds }: Pick<DueLook, 'last' | 'now' | 'heldSeconds'>,
): ScheduleEvent | null {
  if (error.code === 'VERSION_MISSING') return null
  if (error.code !== 'RUN_IN_PROGRESS') return { kind: 'failed', due, error, tries: 1, pauseMs: null }
  // The other run may publish; one that still has not after so long hangs, and nobody else would say so.
  const tolerance = limits.staleAfterMinutes * 60_000
  const hangs = now.getTime() - due.getTime() >= tolerance && (heldSeconds ?? -1) * 1_000 >= tolerance
  return hangs ? { kind: 'stale', due, tries: 0, error } : null
}
