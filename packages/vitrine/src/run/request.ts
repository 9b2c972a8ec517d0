/** The request for a run, and the checks of it that need no connection. */
import { VitrineError } from '../base/errors.ts'
import { requireStrongKey } from '../base/key-strength.ts'
import type { Secret } from '../base/secret.ts'
import type { Target } from '../catalogue/target.ts'
import { keyFingerprint } from '../copy/pseudonym.ts'
import type { Address } from '../postgres/address.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import { shapeOf, type TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { lastMilliseconds, type Trigger } from '../record/runs.ts'
import { recordedVersion } from '../record/versions.ts'
import type { RunObserver } from './observer.ts'

export interface SyncRequest {
  readonly publication: Publication
  readonly source: Address
  readonly target: Address
  /** Names of the tables to read again; null for all. The others are carried over as published. */
  readonly only: readonly string[] | null
  /** A rehearsal: everything up to the switch; then the staged version is compared and removed. */
  readonly dryRun: boolean
  readonly allowShrink: boolean
  /** Read every table whole, and prove that deltas would have given the same rows. */
  readonly full?: boolean
  /** The instant that rules and dated figures use as now; null for the snapshot's, by the source's clock. */
  readonly at: Date | null
  readonly pseudonymKey: Secret | null
  /**
   * Identifies the code of the publication's rules and everything that it imports. Null or absent when not known:
   * tables with rules are then read whole.
   */
  readonly code?: string | null
  /** Accept a key that differs from that of the published pseudonyms. */
  readonly rotateKey?: boolean
  readonly trigger: Trigger
  readonly observer: RunObserver
  readonly signal: AbortSignal
}

/** Required and optional settings; the defaults are those of `vitrine sync`. */
export type SyncWish = Pick<SyncRequest, 'publication' | 'source' | 'target'> & Partial<SyncRequest>

/** The complete request, and the key that it needs. Throws TABLE_UNKNOWN and what `requirePseudonymKey` throws. */
export function requestOf(asked: SyncWish): { readonly request: SyncRequest; readonly key: Secret | null } {
  const request: SyncRequest = {
    ...{ only: null, dryRun: false, allowShrink: false, at: null, pseudonymKey: null, trigger: 'command' },
    ...{ observer: () => undefined, signal: new AbortController().signal },
    ...asked,
  }
  const key = requirePseudonymKey(request)
  chosenTables(request.publication, request.only)
  return { request, key }
}

/** Whether there is nothing to do. Called first, with the session that holds the run lock. */
export type IsDone = (target: Session) => Promise<boolean>

/**
 * The tables in `only`, in the publication's order; a history table may be among them, and is computed. Throws
 * TABLE_UNKNOWN.
 */
export function chosenTables(publication: Publication, only: readonly string[] | null): readonly PublishedTable[] {
  if (only === null) return publication.tables
  const names = publishedRelations(publication).map(({ name }) => name)
  const unknown = only.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    const known = names.join(', ')
    throw new VitrineError('TABLE_UNKNOWN', { place: unknown.join(', '), detail: `The published tables are ${known}.` })
  }
  return publication.tables.filter(({ name }) => only.includes(name))
}

/**
 * The chosen tables, and those whose published shape differs from the definition: they cannot be carried over.
 * The slowest of the last run come first, so that no stream is left alone with a long table at the end.
 */
export async function tablesToRead(
  { publication, only }: SyncRequest,
  target: Target,
  notice: (text: string) => void,
): Promise<readonly PublishedTable[]> {
  const chosen = chosenTables(publication, only)
  const published = await recordedVersion(target, 'published')
  const before = new Map(published?.shapes.map((shape) => [shape.name, columnsOf(shape)]))
  const isSame = (table: PublishedTable) => before.get(table.name) === columnsOf(shapeOf(table, publication))
  const changed = publication.tables.filter((table) => !chosen.includes(table) && !isSame(table))
  for (const { name } of changed) notice(`${name} is included: its definition has changed`)
  const tables = publication.tables.filter((table) => chosen.includes(table) || changed.includes(table))
  const took = await lastMilliseconds(target.session, publication.schema)
  return tables.toSorted((a, b) => (took.get(b.name) ?? 0) - (took.get(a.name) ?? 0))
}

const columnsOf = ({ columns }: TableShape): string => columns.map(({ name, type }) => `${name} ${type}`).join('\n')

/**
 * The key of the pseudonyms; null where none is published. Throws PSEUDONYM_KEY_MISSING, and PSEUDONYM_KEY_WEAK for one that
 * could be guessed.
 */
function requirePseudonymKey({ publication, pseudonymKey }: SyncRequest): Secret | null {
  const used = publication.tables.some((table) =>
    table.columns.some(({ value }) => value.kind === 'computed' && value.computed.computation.kind === 'pseudonym'),
  )
  if (!used) return null
  if (pseudonymKey === null) throw new VitrineError('PSEUDONYM_KEY_MISSING')
  requireStrongKey(pseudonymKey.reveal())
  return pseudonymKey
}

/**
 * Throws PSEUDONYM_KEY_OTHER when the published pseudonyms were made with another key and `rotateKey` is not given: the new ones would
 * not join with the old ones. Throws USAGE for `rotateKey` with `only`: some tables would keep the old key.
 */
export async function requireSameKey(
  { rotateKey = false, only }: SyncRequest,
  target: Target,
  key: Secret | null,
): Promise<void> {
  if (rotateKey && only !== null) {
    const detail = 'It makes all pseudonyms anew: it reads every table.'
    throw new VitrineError('USAGE', { place: '--rotate-key', detail })
  }
  const published = await recordedVersion(target, 'published')
  const before = published?.pseudonymKey ?? null
  if (key === null || before === null || rotateKey || before === keyFingerprint(key)) return
  throw new VitrineError('PSEUDONYM_KEY_OTHER', { place: 'VITRINE_PSEUDONYM_KEY' })
}
