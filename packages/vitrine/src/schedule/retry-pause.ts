/** How long to wait between two tries of a run. */
import type { Limits } from '../base/limits.ts'

/**
 * Milliseconds before the try after the `failures`th failure: doubled each time up to the longest, then between half and
 * all of that by chance, so that machines that failed together do not come back together. `chance` is from 0 to 1.
 */
export function pauseAfter(
  failures: number,
  { retryFirstMs, retryLongestMs }: Pick<Limits, 'retryFirstMs' | 'retryLongestMs'>,
  chance: number,
): number {
  // Beyond 2^30 the power says nothing more and would grow to infinity.
  const whole = Math.min(retryLongestMs, retryFirstMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(whole * (0.5 + chance / 2))
}
