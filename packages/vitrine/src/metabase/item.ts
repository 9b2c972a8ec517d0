/** An item: one thing in Metabase with its key in the definition and attributes to compare. */
import type { Value } from './read-answer.ts'

export type Kind =
  | 'setting'
  | 'source'
  | 'table'
  | 'column'
  | 'group'
  | 'rights'
  | 'collection'
  | 'access'
  | 'question'
  | 'dashboard'
/** Kinds that people look at: they are archived when no longer declared. */
export const CONTENT: readonly Kind[] = ['collection', 'question', 'dashboard']
export type Attributes = Readonly<Record<string, Value>>

export interface Item {
  readonly kind: Kind
  /** Its name in the definition: `shop_customer.id` for a column. */
  readonly key: string
  readonly attributes: Attributes
}

export const nameOf = ({ kind, key }: Pick<Item, 'kind' | 'key'>): string => `${kind} ${key}`
