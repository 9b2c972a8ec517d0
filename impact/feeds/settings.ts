/**
 * Parses a feed's options, given as texts of flags and variables or as typed values, into frozen settings. Reports all
 * problems at once, before any call. Called by the feeds.
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

/** Throws FeedError `FEED_SETTINGS_INVALID` with one problem per wrong or unknown option. */
export const parseEgapro = (given: Given<typeof EGAPRO_OPTIONS>): EgaproSettings => parse(EGAPRO_OPTIONS, given)
/** Throws FeedError `FEED_SETTINGS_INVALID` with one problem per wrong or unknown option. */
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
      // It becomes an HTTP header: other characters are invalid, or could inject another header.
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
