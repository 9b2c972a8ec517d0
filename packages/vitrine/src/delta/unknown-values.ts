/**
 * Keeps track of the rows with unknown values when only changes are read. Published rows do not show it, so each version records
 * digests of the keys of these rows. Digests of removed and changed rows are dropped, and those of new rows added.
 */
import type { Target } from '../catalogue/target.ts'
import { type CopyRows, DIGEST_LETTERS, keysOfUnknown } from '../copy/rows.ts'
import { stagingSchema } from '../publication/publication.ts'
import type { PublishedTable } from '../publication/table.ts'
import type { TableOrigin } from '../record/version-origin.ts'
import { qualified } from '../sql/quote.ts'
import type { Changes } from './changes.ts'
import { digestSql } from './keys.ts'

type Keys = Readonly<Record<string, readonly string[]>>

interface Unknown {
  /** Number of rows per reason. */
  readonly unknown: Readonly<Record<string, number>>
  readonly unknownKeys: Keys | null
}

/** The reason to read a table whole when its rules are not pure. */
export const LOOKS_BEYOND = 'a rule of it looks at more than its inputs: at the time, at chance or at the environment'

/** The recorded form: per reason, all digests in one text. */
export const packed = (keys: Keys | null): Readonly<Record<string, string>> | null =>
  keys === null ? null : mapped(keys, (digests) => digests.join(''))

const unpacked = (digests: string): readonly string[] => digests.match(new RegExp(`.{${DIGEST_LETTERS}}`, 'gs')) ?? []

const mapped = <From, To>(of: Readonly<Record<string, From>>, to: (from: From) => To): Readonly<Record<string, To>> =>
  Object.fromEntries(Object.entries(of).map(([reason, from]) => [reason, to(from)]))

/**
 * The unknown values of the kept rows with their staged changes. `changed` is what rules found in the changed rows. Or in words why
 * the table must be read whole.
 */
export async function unknownOf(
  target: Target,
  table: PublishedTable,
  { unknownKeys: recorded }: TableOrigin,
  changes: Changes,
  changed: readonly CopyRows[],
): Promise<Unknown | string> {
  if (changed.some(({ looksBeyond }) => looksBeyond)) return LOOKS_BEYOND
  const before = mapped(recorded ?? {}, unpacked)
  const left = new Set(await leaving(target, table, changes, Object.values(before).flat()))
  const stay = mapped(before, (digests) => digests.filter((digest) => !left.has(digest)))
  const come = changed.flatMap(({ unknown }) => [...unknown])
  const reasons = new Set([...Object.keys(stay), ...come.map(([reason]) => reason)])
  const counts = [...reasons].map((reason): [string, number] => [
    reason,
    come.reduce((sum, [of, rows]) => sum + (of === reason ? rows : 0), stay[reason]?.length ?? 0),
  ])
  const keys = keysOfUnknown([...changed.map(({ unknownKeys }) => unknownKeys), new Map(Object.entries(stay))])
  return { unknown: Object.fromEntries(counts.filter(([, rows]) => rows > 0)), unknownKeys: keys }
}

/** The digests of rows that are removed or changed. */
async function leaving(
  { session, publication }: Target,
  table: PublishedTable,
  { changed, gone }: Changes,
  digests: readonly string[],
): Promise<readonly string[]> {
  const parts = [changed, gone].flatMap((name) =>
    name === null
      ? []
      : [`select ${digestSql(table, 'r')} as digest from ${qualified(stagingSchema(publication), name)} as r`],
  )
  if (parts.length === 0 || digests.length === 0) return []
  const rows = await session.query<{ digest: string }>(
    `select digest from (${parts.join(' union all ')}) as d where digest = any ($1)`,
    [digests],
  )
  return rows.map(({ digest }) => digest)
}
