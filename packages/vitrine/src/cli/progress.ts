/**
 * The progress of a run on stderr: one live line on a terminal, plain lines elsewhere, so that a log file stays readable.
 * Called by the commands that run a sync.
 */

import type { Phase } from '../record/runs.ts'
import type { RunEvent, RunObserver } from '../run/observer.ts'
import type { Io } from './io.ts'
import { count, duration, type Language, megabytes } from './language.ts'

export interface ProgressWords {
  readonly phases: Readonly<Record<Phase, string>>
  readonly staged: (table: string, rows: string, time: string) => string
  readonly rows: (rows: string) => string
  readonly notice: string
}

export interface Progress {
  readonly observe: RunObserver
  /** Clears the live line. Call it before anything else is written. */
  end(): void
}

/** A terminal is not written to more often than this. */
const REDRAW_MS = 80

export function showProgress(io: Io, language: Language, words: ProgressWords): Progress {
  return io.stderr.isTerminal ? new LiveProgress(io, language, words) : new LineProgress(io, language, words)
}

function stagedText(event: Extract<RunEvent, { kind: 'table staged' }>, language: Language, words: ProgressWords) {
  return words.staged(event.table, count(language, event.rows), duration(language, event.milliseconds))
}

class LineProgress implements Progress {
  readonly #io: Io
  readonly #language: Language
  readonly #words: ProgressWords

  constructor(io: Io, language: Language, words: ProgressWords) {
    this.#io = io
    this.#language = language
    this.#words = words
  }

  observe = (event: RunEvent): void => {
    const line = this.#line(event)
    if (line !== null) this.#io.stderr.write(`${line}\n`)
  }

  end(): void {}

  #line(event: RunEvent): string | null {
    if (event.kind === 'phase') return this.#words.phases[event.phase]
    if (event.kind === 'table staged') return `  ${stagedText(event, this.#language, this.#words)}`
    return event.kind === 'notice' ? `${this.#words.notice}: ${event.text}` : null
  }
}

class LiveProgress implements Progress {
  readonly #io: Io
  readonly #language: Language
  readonly #words: ProgressWords
  readonly #bytes = new Map<string, number>()
  #phase: Phase = 'check'
  #underWay: readonly string[] = []
  #rows = 0
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(io: Io, language: Language, words: ProgressWords) {
    this.#io = io
    this.#language = language
    this.#words = words
  }

  observe = (event: RunEvent): void => {
    switch (event.kind) {
      case 'phase':
        this.#phase = event.phase
        this.#draw(true)
        break
      case 'table started':
        this.#underWay = [...this.#underWay, event.table]
        this.#draw(true)
        break
      case 'table progress':
        this.#bytes.set(event.table, event.bytes)
        this.#draw(false)
        break
      case 'table staged':
        this.#underWay = this.#underWay.filter((table) => table !== event.table)
        this.#rows += event.rows
        this.#draw(true)
        break
      case 'notice':
        this.end()
        this.#io.stderr.write(`${this.#words.notice}: ${event.text}\n`)
        this.#draw(true)
        break
    }
  }

  end(): void {
    // Back to the first column, and the line emptied.
    this.#io.stderr.write('\r\x1b[2K')
  }

  #draw(now: boolean): void {
    const time = this.#io.clock.monotonicMs()
    if (!now && time - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = time
    const total = [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0)
    const parts = [
      this.#words.phases[this.#phase],
      this.#underWay.join(', '),
      total === 0 ? '' : megabytes(this.#language, total),
      this.#rows === 0 ? '' : this.#words.rows(count(this.#language, this.#rows)),
    ]
    const line = parts.filter((part) => part !== '').join(' · ')
    // A line that wraps could not be emptied again.
    this.#io.stderr.write(`\r\x1b[2K${[...line].slice(0, Math.max(1, this.#io.stderr.columns - 1)).join('')}`)
  }
}
