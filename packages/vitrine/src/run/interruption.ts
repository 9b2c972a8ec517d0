/** The interrupt of one run: a schedule has one signal for all its runs, and each must leave no listener of its own behind. */
import { VitrineError } from '../base/errors.ts'

export interface Interruption {
  /** Rejects with INTERRUPTED when the signal aborts while the run may still stop. Never resolves. */
  readonly happened: Promise<never>
  forget(): void
}

export function interruption(signal: AbortSignal, mayStop: () => boolean): Interruption {
  const listening = new AbortController()
  const happened = new Promise<never>((_, reject) => {
    const stop = () => {
      if (mayStop()) reject(new VitrineError('INTERRUPTED'))
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true, signal: listening.signal })
  })
  return { happened, forget: () => listening.abort() }
}
