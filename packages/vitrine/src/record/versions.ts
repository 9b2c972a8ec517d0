/**
 * Which relations of the published and of the kept version are ours, and of which shape: written in the transaction that
 * switches versions, so that a later definition, or another one, never decides what leaves.
 */
import type { Target } from '../catalogue/target.ts'
import { ownViewNames } from '../publication/publication.ts'
import { shapesOf, type TableShape } from '../publication/shape.ts'
import { bookkeepingVersion } from './bookkeeping.ts'
import type { VersionOrigin } from './origin.ts'

/** What stands in a version. */
export interface VersionContent {
  readonly shapes: readonly TableShape[]
  /** Our views about the runs. */
  readonly views: readonly string[]
}

/** A right that somebody other than the owner has on a table or a view of a version, or on a column of it. */
export interface TableRight {
  readonly name: string
  readonly column: string | null
  readonly privilege: string
  /** As it stands in a statement. */
  readonly grantee: string
  readonly grantable: boolean
}

export interface RecordedVersion extends VersionContent {
  /** Those that a version had when it left; none for the published one, whose tables have them. */
  readonly rights: readonly TableRight[]
  /** False for the empty tables of `migrate`, to which nobody wants to go back. */
  readonly filled: boolean
  /** Fingerprint of the key that made its pseudonyms; null where it has none, or where it was never recorded. */
  readonly pseudonymKey: string | null
  /** Of which state of the source it is; null where that is not known, as for a version of an earlier tool. */
  readonly origin: VersionOrigin | null
}

/** The names of everything that is ours in a version. */
export const namesOf = ({ shapes, views }: VersionContent): readonly string[] => [
  ...shapes.map(({ name }) => name),
  ...views,
]

/** The layout of the bookkeeping that records versions; before it, what was migrated last is what is published. */
const VERSIONED = 7

/** Null when nothing was ever published or taken over. */
export async function recordedVersion(target: Target, which: 'published' | 'kept'): Promise<RecordedVersion | null> {
  const { session, publication } = target
  const layout = await bookkeepingVersion(session)
  if (layout === 0 || (layout < VERSIONED && which === 'kept')) return null
  const [row] = await session.query<RecordedVersion>(
    layout < VERSIONED
      ? `select applied as shapes, '{}'::text[] as views, true as filled, '[]'::jsonb as rights, null as "pseudonymKey", null as origin from vitrine.installation where schema_name = $1 and not $2::boolean`
      : `select shapes, views, filled, coalesce(to_jsonb(v) -> 'rights', '[]') as rights, to_jsonb(v) ->> 'pseudonym_key' as "pseudonymKey", to_jsonb(v) -> 'origin' as origin from vitrine.version v where schema_name = $1 and kept = $2`,
    [publication.schema, which === 'kept'],
  )
  if (row === undefined) return null
  // Earlier layouts knew neither the views nor what fills a history table: those of the definition then count.
  const known = new Map(shapesOf(publication).map((shape) => [shape.name, shape]))
  const shapes = row.shapes.map((shape) => ({
    ...shape,
    history: shape.history ?? known.get(shape.name)?.history ?? null,
  }))
  const views = row.views.length === 0 && row.filled ? ownViewNames(publication) : row.views
  return { ...row, shapes, views }
}

/** A version of the definition as it is now. */
export const versionOf = (
  publication: Target['publication'],
  filled: boolean,
  pseudonymKey: string | null = null,
  origin: VersionOrigin | null = null,
): RecordedVersion => ({
  shapes: shapesOf(publication),
  views: ownViewNames(publication),
  filled,
  rights: [],
  pseudonymKey,
  origin,
})

/**
 * Inside the switch: the published version becomes the kept one, with the rights that it loses, unless the kept one stays,
 * and another one is published.
 */
export async function recordSwitch(
  { session, publication }: Target,
  next: RecordedVersion,
  taken: readonly TableRight[],
  sparesKept: boolean,
): Promise<void> {
  const { schema } = publication
  if (!sparesKept) {
    await session.query('delete from vitrine.version where schema_name = $1 and kept', [schema])
    await session.query('update vitrine.version set kept = true, rights = $2 where schema_name = $1', [
      schema,
      JSON.stringify(taken),
    ])
  }
  await recordPublished({ session, publication }, next)
}

/** What stands in the published schema, without a switch: tables that another tool made are taken over. */
export async function recordPublished({ session, publication }: Target, version: RecordedVersion): Promise<void> {
  await session.query('delete from vitrine.version where schema_name = $1 and not kept', [publication.schema])
  await session.query(
    'insert into vitrine.version (schema_name, kept, shapes, views, filled, pseudonym_key, origin) values ($1, false, $2, $3, $4, $5, $6)',
    [
      publication.schema,
      JSON.stringify(version.shapes),
      version.views,
      version.filled,
      version.pseudonymKey,
      version.origin === null ? null : JSON.stringify(version.origin),
    ],
  )
}

/** In the transaction that changes the kept version: it is no version to go back to any more, and has no rights of its own. */
export const recordInPreparation = ({ session, publication }: Target) =>
  session.query(
    "update vitrine.version set filled = false, rights = '[]', origin = null where schema_name = $1 and kept",
    [publication.schema],
  )

/** The kept version is no base for changes any more; a rollback may still bring it back. */
export const forgetKeptOrigin = ({ session, publication }: Target) =>
  session.query('update vitrine.version set origin = null where schema_name = $1 and kept', [publication.schema])

/** Inside the switch of a rollback: the two versions change places; one that is not whole any more is not kept. */
export async function recordExchange(
  { session, publication }: Target,
  taken: readonly TableRight[],
  isWhole: boolean,
): Promise<void> {
  const { schema } = publication
  await session.query(
    `update vitrine.version set kept = not kept, rights = case when kept then '[]' else $2::jsonb end where schema_name = $1`,
    [schema, JSON.stringify(taken)],
  )
  if (!isWhole) await session.query('delete from vitrine.version where schema_name = $1 and kept', [schema])
}
