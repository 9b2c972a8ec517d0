/**
 * Makes frozen settings of what a caller gives for the options: text of a flag or variable, or values already typed. All
 * problems are reported at once, before anything is asked. Called by the feeds themselves.
 */
import { FeedError } from './feed-error.ts'
import {
  BGES_OPTIONS,
  type BgesSettings,
  EGAPRO_OPTIONS,
  type EgaproSettings,
  type Given,
  type OptionDefinition,
  type Values,
} from './options.ts'

/** Throws FeedError `FEED_SETTINGS_INVALID` with one problem for each option that is wrong or unknown. */
export const parseEgapro = (given: Given<typeof EGAPRO_OPTIONS>): EgaproSettings => parse(EGAPRO_OPTIONS, given)
/** Throws FeedError `FEED_SETTINGS_INVALID` with one problem for each option that is wrong or unknown. */
export const parseBges = (given: Given<typeof BGES_OPTIONS>): BgesSettings => parse(BGES_OPTIONS, given)

function parse<Options extends Readonly<Record<string, OptionDefinition>>>(
  options: Options,
  given: Readonly<Record<string, unknown>>,
): Values<Options> {
  const problems: { readonly place: string; readonly detail: string }[] = []
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(options, key)) problems.push({ place: key, detail: 'It is not an option of this feed.' })
  }
  const values: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(options)) {
    const value = given[key] ?? option.fallback
    const problem = value === option.fallback ? null : problemOf(option, value)
    if (problem !== null) problems.push({ place: nameOf(key, option), detail: problem })
    values[key] = parsed(option, value)
  }
  if (problems.length > 0) throw new FeedError('FEED_SETTINGS_INVALID', { problems })
  return Object.freeze(values) as Values<Options> // sound because every option was checked against its kind just now.
}

const nameOf = (key: string, { flag, variable }: OptionDefinition): string => flag?.split(' ')[0] ?? variable ?? key

function problemOf(option: OptionDefinition, value: unknown): string | null {
  switch (option.kind) {
    case 'switch':
      return typeof value === 'boolean' ? null : 'It takes no value.'
    case 'text':
      // A header value: anything else would be refused by HTTP, or would smuggle a header.
      return typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value) ? null : 'It is 1 to 200 ASCII characters.'
    case 'url':
      return typeof value === 'string' ? urlProblem(value) : 'It is a URL.'
    default:
      return numberProblem(option, value)
  }
}

function numberProblem(
  { kind, min = 0, max = Number.MAX_SAFE_INTEGER }: OptionDefinition,
  value: unknown,
): string | null {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value
  const right =
    typeof number === 'number' && number >= min && number <= max && (kind === 'number' || Number.isInteger(number))
  return right ? null : `It is ${kind === 'integer' ? 'a whole number' : 'a number'} from ${min} to ${max}.`
}

function urlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'It is not a URL.'
  const { protocol, username, password, search, hash } = new URL(text)
  if (protocol !== 'https:' && protocol !== 'http:') return 'It begins with https:// or http://.'
  if (username !== '' || password !== '') return 'It holds a name or a password: the source is public.'
  return search === '' && hash === '' ? null : 'It ends before any ? or #.'
}

function parsed({ kind }: OptionDefinition, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (kind === 'url') return value.replace(/\/+$/, '')
  return kind === 'integer' || kind === 'number' ? Number(value) : value
}
