/** How Metabase shows a column: its label, its meaning, the format of its values. Said beside the column, by `.shown(…)`. */

/** What a column means to Metabase (`type/…`), where keys and closed lists do not say it already. */
export type SemanticType =
  | 'Category'
  | 'City'
  | 'Country'
  | 'CreationDate'
  | 'CreationTimestamp'
  | 'Currency'
  | 'Description'
  | 'Duration'
  | 'Name'
  | 'Percentage'
  | 'Quantity'
  | 'Score'
  | 'State'
  | 'Title'
  | 'URL'
  | 'ZipCode'

/** Metabase's own settings of a column, by their names. */
export interface ShownFormat {
  readonly number_style?: 'decimal' | 'percent' | 'scientific' | 'currency'
  /** ISO 4217, such as EUR. */
  readonly currency?: string
  readonly decimals?: number
  readonly prefix?: string
  readonly suffix?: string
  readonly date_style?: 'MMMM D, YYYY' | 'D MMMM, YYYY' | 'dddd, MMMM D, YYYY' | 'M/D/YYYY' | 'D/M/YYYY' | 'YYYY/M/D'
}

export interface Shown {
  /** Instead of what Metabase makes of the name. */
  readonly label?: string
  readonly as?: SemanticType
  readonly format?: ShownFormat
  /** Not offered to people who ask questions; SQL reads it all the same. */
  readonly hidden?: boolean
}
