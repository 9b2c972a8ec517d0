/** The template function for HTML: it escapes every text. It is synchronous, so that pieces can be combined. */
import { html as escaping, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

export type { HtmlEscapedString }
export { raw }

export type Piece = HtmlEscapedString | string | number | false | null | undefined | readonly Piece[]

/** Signs that neither HTML nor XML may hold. */
const FORBIDDEN = /[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu

export const plain = (text: string): string => text.toWellFormed().replaceAll(FORBIDDEN, '\ufffd')

/** With no-break spaces before French punctuation and between thousands. */
export const typeset = (text: string): string =>
  text.replaceAll(/ (?=[%€?!;:»])|(?<=«) /g, '\u00a0').replaceAll(/(?<=\d) (?=\d{3}(?!\d))/g, '\u202f')

/** Primitives are not escaped yet; objects are HTML already. */
function clean(piece: Piece): unknown {
  if (typeof piece === 'string') return plain(piece)
  return Array.isArray(piece) ? piece.map(clean) : piece
}

export const html = (strings: TemplateStringsArray, ...pieces: readonly Piece[]): HtmlEscapedString =>
  // sound because no piece is a promise, and only promises make Hono answer with one.
  escaping(strings, ...pieces.map(clean)) as HtmlEscapedString

export const NOTHING = raw('')
