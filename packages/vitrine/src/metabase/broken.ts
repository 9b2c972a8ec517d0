/** Questions that people made and that the approved definition would break, and tables that Metabase is about to archive. */
import { columnsNamed } from '../dashboards/broken.ts'
import { type Entity, entities, entity, idOf, isEntity, textOf } from './answer.ts'
import type { Metabase } from './client.ts'
import { entityId } from './content.ts'
import { liveQuery } from './query.ts'
import { namesOf, type State } from './state.ts'
import type { Wanted } from './wanted.ts'

/** Such as `«Sales» (number 7): shop_purchase.label`. Ours are changed by apply, and left out. */
export async function brokenQuestions(metabase: Metabase, wanted: Wanted, state: State): Promise<readonly string[]> {
  const columns = namesOf(state.there, 'column ')
  const kept = new Set(wanted.items.flatMap(({ kind, key }) => (kind === 'column' ? [key] : [])))
  const gone = [...columns.values()].filter((name) => !kept.has(name))
  if (state.sourceId === null || gone.length === 0) return []
  const cards = entities(await metabase.get(`/card?f=database&model_id=${state.sourceId}`), 'questions')
  const ours = new Set<unknown>(wanted.cards.map((card) => entityId(wanted.publication, card)))
  const names = { columns, tables: namesOf(state.there, 'table ') }
  return cards.flatMap((card) => {
    const query = isEntity(card['dataset_query']) ? card['dataset_query'] : {}
    const used =
      ours.has(card['entity_id']) || card['archived'] === true ? [] : columnsNamed(liveQuery(query, names), gone)
    return used.length === 0 ? [] : [`«${textOf(card, 'name')}» (number ${idOf(card, 'question')}): ${used.join(', ')}`]
  })
}

/** Metabase archives a table that is missing for so long; when it comes back, its questions stay broken. */
const ARCHIVED_AFTER_DAYS = 14

/** Published tables that Metabase does not see, with the day on which it archives them. */
export async function missingTables(
  metabase: Metabase,
  { publication }: Wanted,
  state: State,
): Promise<readonly string[]> {
  if (state.sourceId === null) return []
  const metadata = entity(await metabase.get(`/database/${state.sourceId}/metadata?include_hidden=true`), 'metadata')
  const here = entities(metadata['tables'], 'tables').filter((table) => table['schema'] === publication.schema)
  const day = (table: Entity) => {
    const since = Date.parse(textOf(table, 'deactivated_at'))
    return Number.isNaN(since)
      ? ''
      : ` on ${new Date(since + ARCHIVED_AFTER_DAYS * 86_400_000).toISOString().slice(0, 10)}`
  }
  const missing = here.filter((table) => table['active'] === false)
  return missing.map((table) => {
    const [name = '', epoch] = textOf(table, 'name').split('__mbarchiv__')
    return epoch === undefined ? `${name}: archived${day(table)}` : `${name}: archived already`
  })
}
