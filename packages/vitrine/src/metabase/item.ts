/** What can be compared: one thing in Metabase, by its name here, with attributes. */
import type { Value } from './answer.ts'

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
/** What people look at; archived where it is declared no longer. */
export const CONTENT: readonly Kind[] = ['collection', 'question', 'dashboard']
export type Attributes = Readonly<Record<string, Value>>

export interface Item {
  readonly kind: Kind
  /** What it is called here: `shop_customer.id` for a column. */
  readonly key: string
  readonly attributes: Attributes
}

export const nameOf = ({ kind, key }: Pick<Item, 'kind' | 'key'>): string => `${kind} ${key}`
