/**
 * The relations of the published and of the kept version, with their shapes: written in the transaction that
 * switches versions, so that what leaves never depends on a later definition.
 */
import type { Target } from '../catalogue/target.ts'
import { ownViewNames } from '../publication/publication.ts'
import { shapesOf, type TableShape } from '../publication/shape.ts'
import { bookkeepingVersion } from './bookkeeping.ts'
import type { VersionOrigin } from './version-origin.ts'

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
  /** Quoted, ready for a statement. */
  readonly grantee: string
  readonly grantable: boolean
}

export interface RecordedVersion extends VersionContent {
  /** Rights at the time when it was retired; none for the published version, whose tables have them. */
  readonly rights: readonly TableRight[]
  /** False for the empty tables that `migrate` makes: there is no point in a rollback to them. */
  readonly filled: boolean
  /** Fingerprint of the key that made its pseudonyms; null where it has none, or where it was never recorded. */
  readonly pseudonymKey: string | null
  /** The state of the source that it shows; null when unknown, as in records of earlier versions of the tool. */
  readonly origin: VersionOrigin | null
}

/** The names of everything that is ours in a version. */
export const relationNames = ({ shapes, views }: VersionContent): readonly string[] => [
  ...shapes.map(({ name }) => name),
  ...views,
]

/** The first layout that records versions. Before, the last migrated definition is what is published. */
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
  // Earlier layouts recorded neither the views nor how history tables are filled: the definition tells.
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
 * Inside the switch: records the published version as the kept one, with the rights that it loses (unless an older one stays kept),
 * and the new one as published.
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

/** Without a switch: records what is in the published schema, when tables of another tool are taken over. */
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

/** Called in the transaction that changes the kept version: no rollback to it is possible any more. */
export const recordInPreparation = ({ session, publication }: Target) =>
  session.query(
    "update vitrine.version set filled = false, rights = '[]', origin = null where schema_name = $1 and kept",
    [publication.schema],
  )

/** The next run must not apply a delta to the kept version; a rollback to it is still possible. */
export const forgetKeptOrigin = ({ session, publication }: Target) =>
  session.query('update vitrine.version set origin = null where schema_name = $1 and kept', [publication.schema])

/** Inside the switch of a rollback: the two versions change places; an incomplete one is not kept. */
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
