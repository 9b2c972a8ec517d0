/** Who reads a page: in which language, and by which clock. */
export type Language = 'fr' | 'en'

export interface Reading {
  readonly language: Language
  /** IANA name of the time zone. */
  readonly zone: string
}

export const localeOf = ({ language }: Reading): string => (language === 'fr' ? 'fr-FR' : 'en-GB')
