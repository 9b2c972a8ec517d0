/** What is known while collections, questions and dashboards are written. */
import { VitrineError } from '../base/errors.ts'
import type { Metabase } from './client.ts'
import { contentIdentity } from './content-items.ts'
import type { Kind } from './item.ts'
import type { Numbers } from './query.ts'
import type { Entity } from './read-answer.ts'
import type { Wanted } from './wanted.ts'

export interface Content {
  readonly metabase: Metabase
  readonly wanted: Wanted
  readonly sourceId: number | null
  /** What Metabase answered last about each of ours, by `nameOf`. */
  readonly raw: Map<string, Entity>
  readonly numberOf: (kind: Kind, key: string) => number
  readonly made: (kind: Kind, key: string, id: number) => Promise<void>
}

export const wantedAs = <T extends { readonly key: string }>(all: readonly T[], key: string): T => {
  const found = all.find((each) => each.key === key)
  if (found === undefined) throw new VitrineError('INTERNAL', { place: key })
  return found
}

/** The number of the collection that a question or a dashboard stands in. */
export function homeOf({ wanted, numberOf }: Content, kind: Kind, key: string): { readonly collection_id: number } {
  const item = wanted.items.find((each) => each.kind === kind && each.key === key)
  return { collection_id: numberOf('collection', String(item?.attributes['collection'])) }
}

export const numbersOf = ({ numberOf, wanted }: Content, key = ''): Numbers => ({
  column: (name) => numberOf('column', name),
  table: (name) => numberOf('table', name),
  identity: (name) => contentIdentity(wanted.publication, `${key}/${name}`),
})

/** Metabase tells small letters from large ones where nobody says otherwise; the page does not. */
export const optionsOf = (type: string): object =>
  type === 'string/contains' ? { options: { 'case-sensitive': false } } : {}
