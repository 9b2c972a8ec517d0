/** `sync`: publishes the next version now. */
import { asVitrineError, type ExitName, VitrineError } from '../../base/errors.ts'
import { instant } from '../../base/format.ts'
import type { Publication } from '../../publication/publication.ts'
import { chosenTables } from '../../run/request.ts'
import type { ScheduleEvent } from '../../schedule/loop.ts'
import { raiseAlarms } from '../alarms.ts'
import type { Call, Command } from '../command.ts'
import { type AroundRuns, DueRuns } from '../due-runs.ts'
import { publishNow, SCHEDULED, tellPublished, type Wish } from '../publishing.ts'

export const sync: Command = {
  name: 'sync',
  summary: 'publish the next version now',
  description:
    'Reads all tables at one instant, builds the next version beside the published one, checks it and switches. ' +
    'After any failure the previous version is served, whole.',
  options: {
    '--dry-run': 'do everything but the switch, and show what would change',
    '--only <tables...>': 'read only these tables again; the others stay as they are published',
    '--allow-shrink': 'accept that a table loses more rows than the publication allows',
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
  const wish = { only, dryRun: call.flag('dryRun'), allowShrink: call.flag('allowShrink') }
  if (call.flag('ifDue')) return syncIfDue(call, {}, { ...wish, trigger: 'schedule' })
  tellPublished(call, await publishNow(call, settings, { ...wish, trigger: 'command' }))
  return 'ok'
}

/** What `sync --if-due --json` prints when nothing was due. */
export interface NotDueAnswer {
  readonly due: false
  readonly nextDue: Date
}

/** One look and at most one try; the platform's cron is the loop. Also called by systems that prepare their source first. */
export async function syncIfDue(call: Call, around: AroundRuns, wish: Wish = SCHEDULED): Promise<ExitName> {
  if (wish.only !== null || wish.dryRun) {
    const detail = 'It publishes every table: a part or a rehearsal would leave the run due.'
    throw new VitrineError('USAGE', { place: '--if-due', detail })
  }
  const { publication } = call
  const settings = call.settings(NEEDS)
  const now = call.io.clock.now()
  const runs = new DueRuns(call, settings, wish, around)
  try {
    const found = await runs.look()
    const report = found.due ? await runs.run() : null
    if (report !== null) {
      await raiseAlarms(call, settings, { kind: 'published', due: runs.due, report }, runs.rows)
    } else {
      const answer: NotDueAnswer = { due: false, nextDue: found.next }
      call.answer(answer, () => `Not due: the next run is due at ${instant(found.next, publication.zone)}.\n`)
    }
    return 'ok'
  } catch (thrown) {
    const error = asVitrineError(thrown)
    const event = call.signal.aborted ? null : failureEvent(publication, error, runs, now)
    if (event !== null) await raiseAlarms(call, settings, event)
    throw error
  }
}

/** The event that a failure of `--if-due` raises. The cron comes again every few minutes, so most failures raise it once. */
function failureEvent(
  { limits }: Publication,
  error: VitrineError,
  { due, latest, heldSeconds }: DueRuns,
  now: Date,
): ScheduleEvent | null {
  if (error.code === 'RUN_IN_PROGRESS') {
    // The other run may publish; one that still has not after so long hangs, and nobody else would say so.
    const tolerance = limits.staleAfterMinutes * 60_000
    const hangs = now.getTime() - due.getTime() >= tolerance && (heldSeconds ?? -1) * 1_000 >= tolerance
    return hangs ? { kind: 'stale', due, tries: 0, error } : null
  }
  const told = latest !== null && latest.errorCode === error.code && latest.startedAt >= due
  return told ? null : { kind: 'failed', due, error, tries: 1, pauseMs: null }
}
