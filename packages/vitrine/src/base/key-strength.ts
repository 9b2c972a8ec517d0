/**
 * Whether a key looks random: long, many different characters, no repetition, no words. A key that looks random may
 * not be; a key refused here could be guessed by trying.
 */
import { deflateRawSync } from 'node:zlib'
import { VitrineError } from './errors.ts'

const SHORTEST = 32
/** 32 random hexadecimal digits have fewer than 8 different ones once in ten million times. */
const FEWEST_DIFFERENT = 8

/** The commonest pairs of letters of English and French: about two thirds of those in a text, a twelfth of random ones. */
const PAIRS = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ' +
    'ra ce li ch ll be ma si om ur la un qu ai ie em et us tr pa au ss wo rd pe ss sw ke ey ec cr'
  ).split(' '),
)

/** Neighbours in the alphabet, among the figures or on a keyboard, in either direction. */
const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'azertyuiop',
  'asdfghjkl',
  'qsdfghjklm',
  'zxcvbnm',
  'wxcvbn',
]
const NEIGHBOURS = new Set(
  ROWS.flatMap((row) =>
    [...row].flatMap((one, at) => (at === 0 ? [] : [`${row[at - 1]}${one}`, `${one}${row[at - 1]}`])),
  ),
)

/** Among the pairs of characters that match the pattern, the share found in the set; 0 when there are only a few pairs. */
function share(text: string, set: ReadonlySet<string>, pattern: RegExp): number {
  const pairs = Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2)).filter((pair) =>
    pattern.test(pair),
  )
  return pairs.length < 8 ? 0 : pairs.filter((pair) => set.has(pair)).length / pairs.length
}

/** What is wrong with a key, without a character of it; null for one that looks random. */
function keyWeakness(key: string): string | null {
  const text = key.toLowerCase()
  if (key.length < SHORTEST) return `It has ${key.length} characters, and ${SHORTEST} are wanted.`
  if (new Set(key).size < FEWEST_DIFFERENT) return `It has only ${new Set(key).size} different characters.`
  // A random text cannot be written shorter than in half its length (hexadecimal digits have four bits each).
  if (deflateRawSync(text).length < text.length * 0.55) return 'It repeats itself.'
  if (share(text, NEIGHBOURS, /../) > 0.4) return 'It follows the alphabet, the figures or a keyboard.'
  // In a hexadecimal key most letter pairs are common ones by chance, and words are hardly possible: it is not tested.
  if (!/^[0-9a-f-]*$/.test(text) && share(text, PAIRS, /[a-z]{2}/) > 0.4) return 'It looks like words.'
  return null
}

/** Throws PSEUDONYM_KEY_WEAK. */
export function requireStrongKey(key: string): void {
  const detail = keyWeakness(key)
  if (detail !== null) throw new VitrineError('PSEUDONYM_KEY_WEAK', { place: 'VITRINE_PSEUDONYM_KEY', detail })
}
