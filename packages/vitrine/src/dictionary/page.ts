/**
 * The parts of a page, whatever it is written in: `html.ts` and `markdown.ts` write the same parts. A text is data: names,
 * comments and reasons are whatever people wrote, and each writer escapes all of it.
 */
import type { PrivacyClass } from '../publication/privacy.ts'

export type Inline =
  | string
  /** A name as a program writes it; `to` is the anchor it leads to. */
  | { readonly code: string; readonly to?: string }
  /** A class or a state, in words, and as itself for its colour; null for what has none. */
  | { readonly text: string; readonly mark: PrivacyClass | State | null }
  /** A link in words. */
  | { readonly text: string; readonly to: string }

/** How something stands. */
export type State = 'good' | 'doubtful' | 'bad' | 'moving'

export type Line = readonly Inline[]
/** Several lines, one under the other. */
export type Cell = readonly Line[]

export interface Row {
  readonly anchor?: string
  readonly cells: readonly Cell[]
}

export type Part =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly anchor: string; readonly line: Line }
  | { readonly kind: 'paragraph'; readonly line: Line }
  | { readonly kind: 'list'; readonly lines: readonly Line[] }
  | {
      readonly kind: 'table'
      readonly label: string
      readonly titles: readonly string[]
      readonly rows: readonly Row[]
    }
  /** Numbers that stand for themselves, each with what it counts. */
  | { readonly kind: 'figures'; readonly label: string; readonly figures: readonly Figure[] }

export interface Figure {
  readonly number: number | string
  readonly name: Inline
  readonly says: string
}

export interface Page {
  readonly language: string
  readonly title: string
  readonly parts: readonly Part[]
}

/** A name for an anchor, of characters that need no quoting in an address, an attribute or Markdown. */
export const anchorOf = (...names: readonly string[]): string =>
  names
    .map((name) =>
      encodeURIComponent(name.toWellFormed()).replaceAll(
        /[!'()*~]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/')
