/** Finds people's questions that the approved definition would break, and tables that Metabase is about to archive. */
import { namedIn } from '../dashboards/named-in-sql.ts'
import type { Metabase } from './client.ts'
import { nameOf } from './item.ts'
import { type Entity, entitiesIn, entityPart, idOf, isEntity, textOf } from './read-answer.ts'
import { keysByNumber, type State } from './state.ts'
import type { Wanted } from './wanted.ts'

/** Such as `«Sales» (number 7): shop_purchase.label`. Ours are changed by apply, and left out. */
export async function brokenQuestions(metabase: Metabase, wanted: Wanted, state: State): Promise<readonly string[]> {
  const kept = new Set(wanted.items.map(nameOf))
  const gone = (['column', 'table'] as const).flatMap((kind) =>
    [...keysByNumber(state.there, `${kind} `)].flatMap(([id, key]) =>
      kept.has(nameOf({ kind, key })) ? [] : [{ kind, key, id }],
    ),
  )
  if (state.sourceId === null || gone.length === 0) return []
  const cards = await metabase.all(`/card?f=database&model_id=${state.sourceId}`)
  const ours = keysByNumber(state.there, 'question ')
  return cards.flatMap((card) => {
    if (ours.has(card['id']) || card['archived'] === true) return []
    const asked = entityPart(card, 'dataset_query')
    const numbers = numbersIn(asked)
    const inSql = namedIn(
      sqlIn(asked),
      gone.map(({ key }) => key),
    )
    const used = gone.filter(({ kind, key, id }) => inSql.includes(key) || numbers.has(`${kind} ${id}`))
    const names = used.map(({ key }) => key)
    return used.length === 0
      ? []
      : [`«${textOf(card, 'name')}» (number ${idOf(card, 'question')}): ${names.join(', ')}`]
  })
}

/** The columns and tables that a query refers to by number, anywhere: also in joins and in variables of SQL. */
function numbersIn(value: unknown): ReadonlySet<string> {
  if (Array.isArray(value)) {
    const isField = value[0] === 'field' && value.some((part) => typeof part === 'number')
    const own = isField ? [`column ${value.find((part) => typeof part === 'number')}`] : []
    return new Set([...own, ...value.flatMap((part) => [...numbersIn(part)])])
  }
  if (!isEntity(value)) return new Set()
  const own = Object.entries(REFERENCES).flatMap(([name, kind]) =>
    typeof value[name] === 'number' ? [`${kind} ${value[name]}`] : [],
  )
  return new Set([...own, ...Object.values(value).flatMap((part) => [...numbersIn(part)])])
}
const REFERENCES = { 'source-table': 'table', 'source-field': 'column' } as const

/** All SQL in a query. */
const sqlIn = (query: Entity): string =>
  [query, ...entitiesIn(query['stages'])]
    .flatMap((part) => [part['native'], entityPart(part, 'native')['query']])
    .filter((text) => typeof text === 'string')
    .join('\n')

/** Metabase archives a table that is missing for so long. Its questions stay broken even when it comes back. */
const ARCHIVED_AFTER_DAYS = 14

/**
 * Tables of ours that Metabase saw and sees no longer, with the day on which it archives them; asked for one by one, as no list
 * of Metabase has them. One that was withdrawn is named until it is archived.
 */
export async function missingTables(metabase: Metabase, wanted: Wanted, state: State): Promise<readonly string[]> {
  const published = new Set(wanted.items.map(nameOf))
  const unseen = state.applied.filter((row) => row.kind === 'table' && row.id !== '' && !state.there.has(nameOf(row)))
  const found: string[] = []
  for (const row of unseen) {
    const table = await metabase.find(`/table/${row.id}`)
    if (table === null || table['active'] === true) continue
    const isArchived = textOf(table, 'name').includes('__mbarchiv__')
    const since = Date.parse(textOf(table, 'deactivated_at'))
    const day = new Date(since + ARCHIVED_AFTER_DAYS * 86_400_000)
    const when = Number.isNaN(since) ? '' : ` on ${day.toISOString().slice(0, 10)}`
    if (!isArchived) found.push(`${row.key}: archived${when}`)
    else if (published.has(nameOf(row))) found.push(`${row.key}: archived already`)
  }
  return found
}
