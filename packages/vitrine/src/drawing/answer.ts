/** What a question answered, or why it did not: the rows as the page read them, and nothing of where they came from. */
import type { ErrorCode } from '../base/errors.ts'

export type Cell = string | number | boolean | null

export interface AnswerColumn {
  readonly name: string
  readonly kind: 'number' | 'text' | 'boolean' | 'date' | 'instant'
}

/**
 * Dates and instants as PostgreSQL writes them in ISO style. An instant that ends with its offset is written in the zone of who
 * reads; one without is a local time and stays as it is. A number that JavaScript cannot hold exactly comes as text.
 */
export interface Answer {
  readonly columns: readonly AnswerColumn[]
  readonly rows: readonly (readonly Cell[])[]
  /** There were more rows than the bound. */
  readonly isCut: boolean
}

export type WhyEmpty = 'no rows' | 'filtered away' | 'unknown' | 'small groups' | 'nothing published'

export type TileState =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** `reasons` are those that the run recorded, with the number of rows: a source that was down is one of them. */
  | { readonly kind: 'empty'; readonly why: WhyEmpty; readonly reasons?: Readonly<Record<string, number>> }
  | { readonly kind: 'failed'; readonly code: ErrorCode }

/** Beyond it no picture says anything, and sums overflow; the table still has it. */
const LARGEST = 1e100

/** A cell as a figure that can be drawn; null where it is unknown or no number. */
export function figureOf(cell: Cell | undefined): number | null {
  if (cell === null || cell === undefined || cell === '' || typeof cell === 'boolean') return null
  const figure = Number(cell)
  return Math.abs(figure) <= LARGEST ? figure : null
}
