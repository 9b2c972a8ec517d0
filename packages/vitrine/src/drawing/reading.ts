/** The reader of a page: language and time zone. */
import type { Language } from '../base/language.ts'
import { type HtmlEscapedString, html, NOTHING } from './html.ts'

export interface Reading {
  readonly language: Language
  /** IANA name of the time zone. */
  readonly zone: string
  /** The language of titles and of texts, by its BCP 47 name, where it is known. */
  readonly written?: string
}

export const localeOf = ({ language }: Reading): string => (language === 'fr' ? 'fr-FR' : 'en-GB')

/** The `lang` attribute for a text in another language than the page's, so that screen readers pronounce it correctly. */
export const writtenIn = ({ language, written = language }: Reading): HtmlEscapedString =>
  written.split('-')[0] === language ? NOTHING : html` lang="${written}"`
