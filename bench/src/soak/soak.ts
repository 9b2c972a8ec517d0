/**
 * The soak: processes of the tool killed one after another at instants by chance, under readers and users who never stop,
 * and a good run now and then, which must need no help. Judges nothing: it counts.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Crowd, type Seen } from './crowd.ts'
import { SoakInstallation } from './installation.ts'
import { chance, type SoakOptions } from './options.ts'
import { type Command, type Moment, run } from './victim.ts'

export interface SoakResult {
  readonly seen: Seen
  /** Kills by command and phase. */
  readonly kills: ReadonlyMap<string, number>
  readonly goodRuns: number
  /** Processes that ended before the moment of their kill. */
  readonly survivors: number
  /** What a good run left, and sessions of killed processes that stayed. */
  readonly leftovers: readonly string[]
  /** Commands that failed by themselves: each would need somebody. */
  readonly repairs: readonly string[]
  /** Good runs that read of some table only what had changed. */
  readonly deltas: number
  readonly seconds: number
}

const READERS = 2
/** A rollback among so many runs. */
const ROLLBACKS = 0.2
/** Kills between two good runs, at most. */
const KILLS_IN_A_ROW = 4
/** How long the session of a killed process may stay: a server looks every two seconds. */
const SESSIONS_GONE_MS = 10_000
const PHASES: Readonly<Record<Command, readonly string[]>> = {
  sync: ['check', 'snapshot', 'stage', 'verify', 'publish', 'describe', 'record'],
  rollback: ['check', 'stage', 'publish', 'describe', 'record'],
}

/** Half of the moments anywhere in a run's usual time, half soon after a phase has begun: most phases are short. */
function momentOf(command: Command, usualMs: number, random: () => number): Moment {
  if (random() < 0.5) return { after: 'started', milliseconds: random() * usualMs }
  const phases = PHASES[command]
  return { after: phases[Math.floor(random() * phases.length)] ?? 'check', milliseconds: random() * 15 }
}

async function goneWithin(installation: SoakInstallation): Promise<readonly string[]> {
  for (const end = performance.now() + SESSIONS_GONE_MS; ; await pause(20)) {
    const left = await installation.sessions()
    if (left.length === 0 || performance.now() > end) return left
  }
}

export async function soak(options: SoakOptions, say: (text: string) => void): Promise<SoakResult> {
  const random = chance(options.seed)
  const started = performance.now()
  const over = () => options.seconds !== null && performance.now() - started > options.seconds * 1000
  const installation = await SoakInstallation.create()
  const kills = new Map<string, number>()
  const [leftovers, repairs]: [string[], string[]] = [[], []]
  const usual: Record<Command, number> = { sync: 0, rollback: 0 }
  let [goodRuns, survivors, killed, deltas, crowd] = [0, 0, 0, 0, null as Crowd | null]

  const goodRun = async (command: Command) => {
    leftovers.push(...(await goneWithin(installation)))
    const { complaint, milliseconds, deltas: read } = await run(command, installation.urls, null, options.delta)
    if (read.length > 0) deltas += 1
    usual[command] = milliseconds
    goodRuns += 1
    if (complaint !== null) repairs.push(complaint)
    leftovers.push(...(await goneWithin(installation)), ...(await installation.remains()))
  }

  try {
    // Two versions, so that there is one to go back to, before anybody looks.
    for (const command of ['sync', 'sync', 'rollback'] as const) await goodRun(command)
    crowd = await Crowd.gather(installation.urls, READERS, options.delta)
    await goodRun('sync')
    while (killed < options.kills && !over() && repairs.length === 0) {
      for (let row = Math.ceil(random() * KILLS_IN_A_ROW); row > 0 && killed < options.kills && !over(); row--) {
        const command = random() < ROLLBACKS ? 'rollback' : 'sync'
        const death = await run(command, installation.urls, momentOf(command, usual[command], random), options.delta)
        const at = `${command} ${death.phase}`
        if (death.killed) kills.set(at, (kills.get(at) ?? 0) + 1)
        if (death.killed) killed += 1
        else survivors += 1
        // It came to its end before its moment, and that end was no good one.
        // A run that was killed while it changed the kept version has left none to go back to.
        const hasNone =
          options.delta && command === 'rollback' && death.complaint?.includes('VERSION_NOT_KEPT') === true
        if (death.complaint !== null && !hasNone) repairs.push(death.complaint)
        leftovers.push(...(await goneWithin(installation)))
      }
      await goodRun('sync')
      // The night after a killed one may have to read everything; the next need not.
      if (options.delta) await goodRun('sync')
      if (options.delta) await goodRun('sync')
      say(`${killed} of ${options.kills} killed, ${goodRuns} good runs`)
    }
    await crowd.leave()
    const seconds = (performance.now() - started) / 1000
    return { seen: crowd.seen, kills, goodRuns, survivors, leftovers, repairs, deltas, seconds }
  } finally {
    await crowd?.leave()
    await installation.remove()
  }
}
