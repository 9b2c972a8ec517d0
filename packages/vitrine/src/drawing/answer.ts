/** The answer to a question: the rows that the page read, or why there are none. */
import type { ErrorCode } from '../base/errors.ts'

export type Cell = string | number | boolean | null

export interface AnswerColumn {
  readonly name: string
  readonly kind: 'number' | 'text' | 'boolean' | 'date' | 'instant'
}

/**
 * Dates and instants are ISO texts of PostgreSQL. An instant with an offset is shown in the zone of the
 * reader; one without is a local time and stays as it is. A number that JavaScript cannot hold exactly is a text.
 */
export interface Answer {
  readonly columns: readonly AnswerColumn[]
  readonly rows: readonly (readonly Cell[])[]
  /** True when there were more rows than the limit. */
  readonly isCut: boolean
}

export type WhyEmpty = 'no rows' | 'filtered away' | 'unknown' | 'small groups' | 'nothing published'

export type TileState =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** `reasons` are those that the run recorded, with the number of rows: a source that was down is one of them. */
  | { readonly kind: 'empty'; readonly why: WhyEmpty; readonly reasons?: Readonly<Record<string, number>> }
  | { readonly kind: 'failed'; readonly code: ErrorCode }

/** Larger figures are not drawn, because sums would overflow; the table still shows them. */
const LARGEST = 1e100

/** A cell as a figure to draw; null when it is unknown or not a number. */
export function figureOf(cell: Cell | undefined): number | null {
  if (cell === null || cell === undefined || cell === '' || typeof cell === 'boolean') return null
  const figure = Number(cell)
  return Math.abs(figure) <= LARGEST ? figure : null
}
