/**
 * The filters of a dashboard in the address of its page: what is chosen, read with suspicion, written in its shortest form, and
 * turned into conditions whose values are parameters. What an address says that a filter does not know is left out, and told.
 */
import { own } from '../base/own.ts'
import { relationsOf } from '../dashboards/askable-relations.ts'
import type { WriteFilter } from '../dashboards/sql.ts'
import type { Dashboard, Filter, Scalar } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { literal } from '../sql/quote.ts'

/** What is chosen: options, one value, or the first and last day of a range, of which one may be ``. Empty: nothing. */
export type Choice = readonly string[]

export interface Chosen {
  /** By the key of the filter. */
  readonly choices: ReadonlyMap<string, Choice>
  /** Keys in the address whose value was left out; other names are not ours to judge. */
  readonly ignored: readonly string[]
  /** The address in its shortest form, with `?` where it is not empty. */
  readonly query: string
}

const MOST_OPTIONS = 100
const LONGEST = 200

const isDay = (text: string): boolean => {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return year > '0000' && at.toISOString().slice(0, 10) === text
}

/** Null when the value is none of that kind. */
const READ: Readonly<Record<Exclude<Filter['kind'], 'list'>, (text: string) => Choice | null>> = {
  text: (text) => [text],
  number: (text) =>
    /^[-+]?\d{1,18}(?:[.,]\d{1,18})?$/.test(text) ? [text.replace(',', '.').replace(/^\+/, '')] : null,
  boolean: (text) => (text === 'true' || text === 'false' ? [text] : null),
  month: (text) => (isDay(`${text}-01`) ? [text] : null),
  date: (text) => {
    const [first = '', last = '', ...rest] = text.split('..')
    if (rest.length > 0 || !text.includes('..')) return isDay(text) ? [text, text] : null
    if (first === '' && last === '') return []
    if (![first, last].every((each) => each === '' || isDay(each))) return null
    return first !== '' && last !== '' && first > last ? null : [first, last]
  },
}

const written = ({ kind }: Filter, choice: Choice): readonly string[] =>
  kind !== 'date' || choice.length === 0 ? choice : [choice[0] === choice[1] ? (choice[0] ?? '') : choice.join('..')]

function defaultOf(filter: Filter): Choice {
  const given: readonly Scalar[] = [filter.default ?? []].flat()
  const texts = given.map(String)
  if (texts.length > 0) return filter.kind === 'list' ? texts : (READ[filter.kind](texts.join('..')) ?? [])
  const [first] = filter.options ?? []
  return filter.required === true && first !== undefined ? [first] : []
}

/** Null when nothing of it can be used. */
function readChoice(filter: Filter, values: readonly string[]): { choice: Choice; isWhole: boolean } | null {
  const given = values.filter((value) => value !== '')
  const sane = given.filter((value) => value.length <= LONGEST && !/\p{Cc}/u.test(value) && value.isWellFormed())
  if (filter.kind === 'list') {
    const { options } = filter
    const known = [...new Set(sane)].filter((value) => options?.includes(value) ?? true).slice(0, MOST_OPTIONS)
    if (given.length > 0 && known.length === 0) return null
    // In the order of the options, so that one choice has one address.
    const choice = options?.filter((option) => known.includes(option)) ?? known.toSorted()
    return { choice, isWhole: known.length === given.length }
  }
  if (given.length === 0) return { choice: [], isWhole: true }
  const choice = sane.length === 1 && given.length === 1 ? READ[filter.kind](sane[0]?.trim() ?? '') : null
  return choice === null ? null : { choice, isWhole: true }
}

/** The two fields of a range in a form stand for one. */
function valuesOf({ key, kind }: Filter, parameters: URLSearchParams): readonly string[] | null {
  const [from, to] = [parameters.get(`${key}.from`), parameters.get(`${key}.to`)]
  if (kind === 'date' && (from !== null || to !== null)) return [`${from ?? ''}..${to ?? ''}`]
  return parameters.has(key) ? parameters.getAll(key) : null
}

export function readFilters({ filters }: Dashboard, parameters: URLSearchParams): Chosen {
  const choices = new Map<string, Choice>()
  const ignored: string[] = []
  const short = new URLSearchParams()
  for (const filter of filters) {
    const { key, required } = filter
    const absent = defaultOf(filter)
    const values = valuesOf(filter, parameters)
    const read = values === null ? null : readChoice(filter, values)
    if (values !== null && read?.isWhole !== true) ignored.push(key)
    const choice = read === null || (required === true && read.choice.length === 0) ? absent : read.choice
    choices.set(key, choice)
    if (choice.join('\n') === absent.join('\n')) continue
    for (const value of choice.length === 0 ? [''] : written(filter, choice)) short.append(key, value)
  }
  return { choices, ignored, query: short.size === 0 ? '' : `?${short}` }
}

/** Writes the conditions of what is chosen; values go into `parameters`, and never into the text. */
export function chosenConditions(
  publication: Publication,
  filters: readonly Filter[],
  choices: ReadonlyMap<string, Choice>,
  parameters: unknown[],
): WriteFilter {
  const relations = relationsOf(publication)
  const put = (value: unknown, type: string): string => `cast($${parameters.push(value)} as ${type})`
  return ({ filter: key, table, column }, expression) => {
    const filter = filters.find((each) => each.key === key)
    const choice = choices.get(key) ?? []
    if (filter === undefined || choice.length === 0) return 'true'
    const [first = '', last = ''] = choice
    const kind = own(own(relations, table)?.columns ?? {}, column)?.kind
    const day = kind === 'timestamptz' ? `timezone(${literal(publication.zone)}, ${expression})` : expression
    const local = `cast(${day} as date)`
    switch (filter.kind) {
      case 'list':
        return `cast(${expression} as text) = any(${put(choice, 'text[]')})`
      case 'text':
        return `strpos(lower(cast(${expression} as text)), lower(${put(first, 'text')})) > 0`
      case 'number':
        return `${expression} = ${put(first, 'numeric')}`
      case 'boolean':
        return `${expression} = ${put(first, 'boolean')}`
      case 'month':
        return `date_trunc('month', ${local}) = ${put(`${first}-01`, 'date')}`
      case 'date': {
        const bounds = [
          ...(first === '' ? [] : [`${local} >= ${put(first, 'date')}`]),
          ...(last === '' ? [] : [`${local} <= ${put(last, 'date')}`]),
        ]
        return `(${bounds.join(' and ')})`
      }
    }
  }
}
