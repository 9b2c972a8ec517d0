/**
 * The parts of a page, independent of its format: `page-html.ts` and `markdown.ts` write the same parts. Texts are data: names,
 * comments and reasons that people wrote. Each writer escapes all of them.
 */
import type { PrivacyClass } from '../publication/privacy.ts'

export type Inline =
  | string
  /** A technical name; `to`: the anchor that it links to. */
  | { readonly code: string; readonly to?: string }
  /** A class or a state: its text, and `mark` for the colour; null for none. */
  | { readonly text: string; readonly mark: PrivacyClass | Health | null }
  /** A link. */
  | { readonly text: string; readonly to: string }

/** A state, which has a colour. */
export type Health = 'good' | 'doubtful' | 'bad' | 'moving'

export type Line = readonly Inline[]
/** The lines of a table cell. */
export type PageCell = readonly Line[]

export interface Row {
  readonly anchor?: string
  readonly cells: readonly PageCell[]
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
  /** Large numbers, each with what it counts. */
  | { readonly kind: 'figures'; readonly label: string; readonly figures: readonly PageFigure[] }

export interface PageFigure {
  readonly number: number | string
  readonly name: Inline
  readonly says: string
}

export interface Page {
  readonly language: string
  readonly title: string
  readonly parts: readonly Part[]
}

/** An anchor made of names. Its characters need no quoting in addresses, attributes or Markdown. */
export const anchorOf = (...names: readonly string[]): string =>
  names
    .map((name) =>
      encodeURIComponent(name.toWellFormed()).replaceAll(
        /[!'()*~]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/')
