/** Prints on stderr how long each step took. Called by the steps of `start`. */
import { type Call, duration } from 'vitrine/cli'

/** Runs a step, then prints what `says` returns for its result; nothing when that is null. */
export async function step<T>(
  call: Call,
  says: string | ((result: T) => string | null),
  work: () => Promise<T>,
): Promise<T> {
  const started = call.io.clock.monotonicMs()
  const result = await work()
  const text = typeof says === 'string' ? says : says(result)
  if (text !== null) call.say(`  ${text} (${duration(call.io.clock.monotonicMs() - started)})`)
  return result
}

/** Both results, or the first error after both have settled, so that nothing is still being opened when the caller cleans up. */
export async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second])
  if (a.status === 'rejected') throw a.reason
  if (b.status === 'rejected') throw b.reason
  return [a.value, b.value]
}
