/** Work on many items, so many at a time; the first failure stops the rest. Called by `egapro.ts`. */
import { setMaxListeners } from 'node:events'
import { FeedError } from './feed-error.ts'

/**
 * Returns when every started piece of work has ended, so that nothing goes on behind the caller's back.
 * @throws the first failure, or `FEED_INTERRUPTED` when the signal is aborted.
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController()
  // Every call under way listens; Node takes more than ten listeners for a leak.
  setMaxListeners(0, controller.signal)
  const stop = (): void => controller.abort()
  signal.addEventListener('abort', stop, { once: true })
  let failure: { readonly thrown: unknown } | null = signal.aborted ? { thrown: interrupted() } : null
  const queue = items.values()
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failure !== null) return
      try {
        await work(item, controller.signal)
      } catch (thrown) {
        failure ??= { thrown: signal.aborted ? interrupted() : thrown }
        controller.abort()
        return
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  } finally {
    signal.removeEventListener('abort', stop)
  }
  if (failure !== null) throw failure.thrown
}

const interrupted = (): FeedError => new FeedError('FEED_INTERRUPTED')
