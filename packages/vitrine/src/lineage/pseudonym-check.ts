/** Warnings about pseudonyms: what is not wrong, but may not be what the team meant. */
import type { Publication } from '../publication/publication.ts'
import type { RegisteredType } from '../sql/sql-type.ts'
import type { Findings } from './findings.ts'
import type { Origin } from './origin.ts'

/** Shorter texts can be tried one by one: a SIRET has 14 characters, a telephone number with its country code 13. */
const SHORT_TEXT = 14
const SMALL_KINDS: readonly string[] = ['smallint', 'integer', 'date', 'boolean']
/** Words in the names of columns that can take few values, in French and English. */
const SMALL_NAMES =
  /tel(?:ephone)?(?:_|$)|phone|mobile|portable|fax|siren|siret|(?:^|_)nir(?:_|$)|secu|(?:^|_)ssn|annee|year|naissance|birth|postal|zip|insee|(?:^|_)age(?:_|$)/i

const isSmall = (name: string, type: RegisteredType | undefined): boolean =>
  SMALL_NAMES.test(name) ||
  (type !== undefined && (SMALL_KINDS.includes(type.kind) || (type.length !== null && type.length <= SHORT_TEXT)))

/** Warns of values that can be tried one by one, and of pseudonyms of different things that join. */
export function checkPseudonyms({ tables, source }: Publication, found: Findings): void {
  const lineage = new Map(found.columns.map((entry) => [`${entry.table}.${entry.column}`, entry.lineage]))
  const shared = new Map<string, string>()
  const domains = new Map<string, { readonly place: string; readonly origins: readonly Origin[] }[]>()
  for (const table of tables) {
    for (const { name, value } of table.columns) {
      if (value.kind !== 'computed' || value.computed.computation.kind !== 'pseudonym') continue
      const place = `${table.name}.${name}`
      const origins = lineage.get(place) ?? []
      const small = origins.find((origin) => isSmall(origin.column, source.tables[origin.table]?.[origin.column]?.type))
      if (small !== undefined) {
        const detail = `${placeOf(small)} can take few values: whoever has the key can try them all`
        found.warn(place, detail, 'publish a category or a count of it, or be sure of who has the key')
      }
      const { domain } = value.computed.computation
      domains.set(domain, [...(domains.get(domain) ?? []), { place, origins }])
      const made = origins.map(placeOf).toSorted().join(', ')
      if (domain === '') shared.set(made, shared.get(made) ?? place)
    }
  }
  for (const together of domains.values()) checkDomain(together, found)
  if (shared.size < 2) return
  const detail = `pseudonyms of ${[...shared.keys()].join(' and ')} have no domain: equal values of theirs have equal pseudonyms`
  found.warn(
    [...shared.values()].join(', '),
    detail,
    "name what is meant, the same where they join: pseudonym(value, 'member')",
  )
}

const placeOf = ({ table, column }: Origin): string => `${table}.${column}`

/** An open value with a pseudonym in the domain of a personal one would reveal who is behind equal pseudonyms. */
function checkDomain(
  columns: readonly { readonly place: string; readonly origins: readonly Origin[] }[],
  found: Findings,
): void {
  const isPersonal = (origins: readonly Origin[]) => origins.some(({ privacy }) => privacy === 'personal')
  const person = columns.find(({ origins }) => isPersonal(origins))
  if (person === undefined) return
  for (const { place, origins } of columns) {
    if (isPersonal(origins)) continue
    const detail = `its values are not personal, and would tell the pseudonyms of ${person.place}`
    found.say(place, detail, "give each a domain of its own: pseudonym(value, 'member')")
  }
}
