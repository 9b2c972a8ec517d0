/** How the dictionary, the runs and the state are told to one reader: words, numbers, instants, and parts as HTML. */
import { countText, duration } from '../base/format.ts'
import { type CommandLine, plainCommandNames, type Remedy, remedyText } from '../base/remedy.ts'
import type { Health, Line, PageCell, Part, Row } from '../dictionary/page.ts'
import { type AddressOf, partsHtml } from '../dictionary/page-html.ts'
import { type HtmlEscapedString, raw } from '../drawing/html.ts'
import type { Reading } from '../drawing/reading.ts'
import type { PageContext } from './context.ts'
import { type PlaceText, sayPlace } from './place-texts.ts'

export type Telling = ReturnType<typeof tellingOf>

export function tellingOf(
  { prefix, names = plainCommandNames }: Pick<PageContext, 'prefix' | 'names'>,
  { language, zone }: Reading,
) {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB'
  const moment = new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const say = (key: PlaceText, ...values: readonly (string | number)[]) => sayPlace(language, key, ...values)
  const number = (value: number | null) => countText(value, locale)
  /** An anchor of the dictionary is a page of its own here; all else is a path below the prefix. */
  const address: AddressOf = (to) => `${prefix}/${to.replace(/^table\//, 'dictionary/')}`
  return {
    language,
    address,
    say,
    number,
    /** An amount with its word, which knows one and several. */
    counted: (value: number, one: PlaceText, several: PlaceText) =>
      say(value === 1 || (value === 0 && language === 'fr') ? one : several, number(value)),
    percent: (share: number) => percent.format(share),
    when: (at: Date | null) => (at === null ? '–' : moment.format(at)),
    time: (milliseconds: number | null) => (milliseconds === null ? '–' : duration(milliseconds, locale)),
    mark: (state: Health | null, key: PlaceText, ...values: readonly (string | number)[]) => ({
      text: say(key, ...values),
      mark: state,
    }),
    html: (parts: readonly Part[]): HtmlEscapedString => raw(partsHtml(parts, address)),
    /** Commands to copy, one a line. */
    commands: (remedy: Remedy): readonly Line[] =>
      commandsIn(remedy).map((line) => [{ code: remedyText(line, names) }]),
  }
}

/** The commands that a remedy names, each once. */
function commandsIn(remedy: Remedy): readonly CommandLine[] {
  if (typeof remedy === 'string') return []
  if ('command' in remedy) return [remedy]
  const found = remedy.parts.flatMap(commandsIn)
  return found.filter((line, at) => found.findIndex((other) => JSON.stringify(other) === JSON.stringify(line)) === at)
}

export const table = (label: string, titles: readonly string[], rows: readonly (readonly PageCell[])[]): Part => ({
  kind: 'table',
  label,
  titles,
  rows: rows.map((cells): Row => ({ cells })),
})
