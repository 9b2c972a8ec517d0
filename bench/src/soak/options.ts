/** The command line of the soak, checked before anything is started. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

export interface SoakOptions {
  /** How many processes are killed. */
  readonly kills: number
  /** After this long it ends, whatever has been killed; null for no limit. */
  readonly seconds: number | null
  /** The same seed gives the same commands, moments and changes; what they meet depends on the machine. */
  readonly seed: number
  /** Few rows change, and nights read those alone. */
  readonly delta: boolean
}

export const USAGE = `usage: npm run soak -- [--kills N] [--seconds S] [--seed N] [--delta]

  --kills N    processes killed, 1 to 100000 (default 300)
  --seconds S  end after this long, whatever has been killed (default: no limit)
  --seed N     repeat the commands and moments of another soak (default: by chance; it is printed)
  --delta      few rows change from night to night, and nights read those alone
`

/** Throws an Error that names the argument. */
export function parseOptions(args: readonly string[]): SoakOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '300' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      delta: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const kills = Number(values.kills)
  const seconds = values.seconds === undefined ? null : Number(values.seconds)
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  if (!Number.isInteger(kills) || kills < 1 || kills > 100_000)
    throw new Error('--kills takes a number from 1 to 100000')
  if (seconds !== null && !(seconds >= 1)) throw new Error('--seconds takes a number from 1')
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31)
    throw new Error('--seed takes a number from 0 to 2147483647')
  return { kills, seconds, seed, delta: values.delta }
}

/** Numbers from 0 to 1 by chance, the same for the same seed (mulberry32, public domain). */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
