/** Measures two sides in alternation, and summarises figures as median, minimum and maximum. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Needs at least one figure. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  const low = sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? Number.NaN
  return { median: (low + high) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

export interface Sides<A, B> {
  readonly first: () => Promise<A>
  readonly second: () => Promise<B>
}

/** Runs A B A B …, so that other load on the machine affects both sides alike, after one warm-up of each. */
export async function alternate<A, B>(
  rounds: number,
  { first, second }: Sides<A, B>,
  warmedUp: () => Promise<void> = async () => undefined,
): Promise<readonly { readonly first: A; readonly second: B }[]> {
  await first()
  await second()
  await warmedUp()
  const pairs: { first: A; second: B }[] = []
  for (let round = 0; round < rounds; round++) pairs.push({ first: await first(), second: await second() })
  return pairs
}
