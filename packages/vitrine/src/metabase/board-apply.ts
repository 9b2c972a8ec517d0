/**
 * Writes dashboards. Subscriptions, alerts and links hang on the numbers of tiles, so a tile that shows the same keeps its number:
 * it is read right before it is written, and it leaves a tab before that tab is removed, as Metabase removes both.
 */
import type { BoardFilter, BoardTile, MetabaseDashboard } from '../dashboards/metabase-dashboard.ts'
import { contentMarker, parameterId } from './content-items.ts'
import { itemsIn } from './content-state.ts'
import { type Content, homeOf, numbersOf, optionsOf, wantedAs } from './content-work.ts'
import { nameOf } from './item.ts'
import type { Change } from './metabase-plan.ts'
import { targetSent } from './query.ts'
import { type Entity, entitiesIn, entity, entityPart, idOf } from './read-answer.ts'

/** What stands on a dashboard: Metabase takes it whole. */
const DRAWN: readonly string[] = ['tabs', 'layout', 'filters']

export async function applyBoard(content: Content, { key, action, attributes }: Change): Promise<void> {
  const { metabase, wanted, numberOf, made } = content
  const board = wantedAs(wanted.boards, key)
  const { name, description } = board
  const [home, mark] = [homeOf(content, 'dashboard', key), contentMarker(wanted.publication, key)]
  if (action === 'make') {
    // Its first description says whose it is: no other key that Metabase takes then can.
    const found = await metabase.make('/dashboard', { name, description: mark, ...home }, async () =>
      (await itemsIn(metabase, home.collection_id, 'dashboard')).find((item) => item['description'] === mark),
    )
    await made('dashboard', key, idOf(found, 'dashboard'))
  }
  const path = `/dashboard/${numberOf('dashboard', key)}`
  // Nothing can be laid out on a dashboard that is in the trash.
  if (action === 'change' && attributes.includes('archived')) await metabase.put(path, { archived: false, ...home })
  const chosen = (part: string, body: object) => (attributes.includes(part) ? body : {})
  const about = {
    ...chosen('name', { name }),
    ...chosen('description', { description }),
    ...chosen('collection', home),
  }
  if (!attributes.some((part) => DRAWN.includes(part))) {
    if (Object.keys(about).length > 0) await metabase.put(path, about)
    return
  }
  const parameters = board.filters.map((filter) => parameterOf(content, filter, board.filters))
  const whole = (live: Entity) => {
    const tabs = tabsOf(board.tabs, live)
    return { ...about, parameters, tabs, dashcards: dashcardsOf(content, board.tiles, tabs, live), caveats: mark }
  }
  let live = await metabase.one(path)
  const next = whole(live)
  const kept = new Set<unknown>(next.dashcards.map(({ id }) => id))
  const stay = new Set<unknown>([...next.tabs.map(({ id }) => id), null, undefined])
  if (entitiesIn(live['dashcards']).some((tile) => kept.has(tile['id']) && !stay.has(tile['dashboard_tab_id']))) {
    const tabs = entitiesIn(live['tabs']).map(({ id, name: called, position }) => ({ id, name: called, position }))
    live = entity(await metabase.put(path, { ...next, tabs }), 'dashboard')
  }
  await metabase.put(path, whole(live))
}

interface SentTab {
  readonly id: unknown
  readonly name: unknown
  readonly position: number
}

/** Those of the same name stay, then any other that is there is called otherwise; a negative number asks for a new one. */
function tabsOf(names: readonly string[], live: Entity): readonly SentTab[] {
  const there = entitiesIn(live['tabs'])
  // Metabase shows no tab where there is one, and its tiles stand on it.
  if (names.length === 0) return there.slice(0, 1).map(({ id, name }) => ({ id, name, position: 0 }))
  const named = names.map((name) => there.find((tab) => tab['name'] === name))
  const free = there.filter((tab) => !named.includes(tab))
  return names.map((name, position) => ({
    id: (named[position] ?? free.shift())?.['id'] ?? -1 - position,
    name,
    position,
  }))
}

/** Metabase shows no tile of a question that is archived, keeps it, and takes no new one. */
function dashcardsOf(content: Content, tiles: readonly BoardTile[], tabs: readonly SentTab[], live: Entity) {
  const { numberOf, raw } = content
  const { publication } = content.wanted
  const numbers = numbersOf(content)
  const free = [...entitiesIn(live['dashcards'])]
  const isShown = ({ question }: BoardTile) =>
    question === null || raw.get(nameOf({ kind: 'question', key: question }))?.['archived'] !== true
  return tiles.filter(isShown).map(({ tab, question, text, filters, ...place }, index) => {
    const card = question === null ? null : numberOf('question', question)
    const settingsOf = (each: Entity) => entityPart(each, 'visualization_settings')
    const isSame = (each: Entity) =>
      card === null ? settingsOf(each)['text'] === text?.text && each['card_id'] == null : each['card_id'] === card
    const at = free.findIndex(isSame)
    const [kept] = at < 0 ? [] : free.splice(at, 1)
    const virtual = {
      name: null,
      display: text?.display,
      visualization_settings: {},
      dataset_query: {},
      archived: false,
    }
    return {
      id: kept?.['id'] ?? -1 - index,
      card_id: card,
      dashboard_tab_id: (tab === null ? tabs[0] : tabs.find(({ name }) => name === tab))?.id ?? null,
      ...place,
      series: entitiesIn(kept?.['series']).map(({ id }) => ({ id })),
      visualization_settings: {
        ...(kept === undefined ? {} : settingsOf(kept)),
        ...(text === null ? {} : { virtual_card: virtual, text: text.text }),
      },
      parameter_mappings: filters.map(({ filter, target }) => ({
        parameter_id: parameterId(publication, filter),
        card_id: card,
        target: targetSent(target, numbers),
      })),
    }
  })
}

function parameterOf(
  { wanted: { publication } }: Content,
  filter: BoardFilter,
  all: MetabaseDashboard['filters'],
): object {
  const { key, label, type, required, options, linkedTo } = filter
  const linked = linkedTo.filter((other) => all.some((each) => each.key === other))
  return {
    id: parameterId(publication, key),
    name: label,
    slug: key,
    type,
    ...optionsOf(type),
    sectionId: type.split('/')[0],
    required,
    ...(filter.default === null ? {} : { default: filter.default }),
    ...(linked.length === 0 ? {} : { filteringParameters: linked.map((other) => parameterId(publication, other)) }),
    ...(options === null ? {} : { values_source_type: 'static-list', values_source_config: { values: options } }),
  }
}
