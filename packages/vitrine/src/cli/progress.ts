/**
 * The progress of a run on stderr: one live line on a terminal, plain lines elsewhere, so that a log file stays readable.
 * Called by the commands that run a sync.
 */

import { countText, duration, megabytes } from '../base/format.ts'
import type { Phase } from '../record/runs.ts'
import type { RunEvent, RunObserver } from '../run/observer.ts'
import type { Io } from './io.ts'

export const PHASE_NAMES: Readonly<Record<Phase, string>> = Object.freeze({
  check: 'checking',
  snapshot: 'opening the snapshot',
  stage: 'staging',
  verify: 'verifying',
  publish: 'publishing',
  describe: 'describing',
  record: 'recording',
})

/** A terminal is not written to more often than this. */
const REDRAW_MS = 80
/** Back to the first column, and the line emptied. */
const CLEAR = '\r\x1b[2K'

/** Runs `work` with a progress line, which is cleared before other output. */
export async function showing<T>(io: Io, work: (observer: RunObserver) => Promise<T>): Promise<T> {
  const progress = new Progress(io)
  return work(progress.observe).finally(() => progress.end())
}

export class Progress {
  readonly #io: Io
  readonly #bytes = new Map<string, number>()
  readonly #underWay = new Set<string>()
  #phase: Phase = 'check'
  #rows = 0
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(io: Io) {
    this.#io = io
  }

  observe = (event: RunEvent): void => {
    if (!this.#io.stderr.isTerminal) {
      const line = lineOf(event)
      if (line !== null) this.#io.stderr.write(`${line}\n`)
      return
    }
    if (event.kind === 'phase') this.#phase = event.phase
    else if (event.kind === 'table started') this.#underWay.add(event.table)
    else if (event.kind === 'table progress') this.#bytes.set(event.table, event.bytes)
    else if (event.kind === 'table staged') {
      this.#underWay.delete(event.table)
      this.#rows += event.rows
    } else this.#io.stderr.write(`${CLEAR}${lineOf(event)}\n`)
    this.#draw(event.kind !== 'table progress')
  }

  /** Clears the live line. Call it before anything else is written. */
  end(): void {
    if (this.#io.stderr.isTerminal) this.#io.stderr.write(CLEAR)
  }

  #draw(now: boolean): void {
    const time = this.#io.clock.monotonicMs()
    if (!now && time - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = time
    const total = [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0)
    const parts = [
      PHASE_NAMES[this.#phase],
      [...this.#underWay].join(', '),
      total === 0 ? '' : megabytes(total),
      this.#rows === 0 ? '' : `${countText(this.#rows)} rows`,
    ]
    const line = parts.filter((part) => part !== '').join(' · ')
    // A wrapped line could not be cleared.
    this.#io.stderr.write(`${CLEAR}${[...line].slice(0, Math.max(1, this.#io.stderr.columns - 1)).join('')}`)
  }
}

/** The log line of an event, or null. */
function lineOf(event: RunEvent): string | null {
  if (event.kind === 'phase') return PHASE_NAMES[event.phase]
  if (event.kind === 'table staged')
    return `  ${event.table}: ${countText(event.rows)} rows in ${duration(event.milliseconds)}`
  return event.kind === 'notice' ? `note: ${event.text}` : null
}
