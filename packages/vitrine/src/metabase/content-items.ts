/**
 * Collections, questions and dashboards as items: as wanted, and as read from Metabase's answers. Metabase
 * adds numbers, keys and its own order, so both sides are written in one canonical form and compared as text.
 */
import { createHash } from 'node:crypto'
import { type Card, collectionsOf } from '../dashboards/card.ts'
import type { BoardTile, MetabaseDashboard } from '../dashboards/metabase-dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import type { Attributes, Item } from './item.ts'
import { liveQuery, liveTarget, type Names, plainStages } from './query.ts'
import { type Entity, entitiesIn, entityPart, isEntity, scalarOf, textOf, type Value } from './read-answer.ts'

/** JSON with sorted keys at every depth. */
export function canonical(value: unknown): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted)
    if (!isEntity(part)) return part
    return Object.fromEntries(
      Object.keys(part)
        .toSorted()
        .map((key) => [key, sorted(part[key])]),
    )
  }
  return JSON.stringify(sorted(value)) ?? 'null'
}

/** A hash for one of our items: the same in every Metabase, different for each data source. */
const digest = ({ name, metabase }: Publication, key: string): Buffer =>
  createHash('sha256').update(`${name}/${metabase.source}/${key}`).digest()

/** 21 characters that Metabase accepts as the identity of a new question. */
export const entityId = (publication: Publication, key: string): string =>
  digest(publication, key).toString('base64url').slice(0, 21)

export const parameterId = (publication: Publication, key: string): string =>
  digest(publication, key).toString('hex').slice(0, 8)

/** An identity in the form of a random UUID. */
export function contentIdentity(publication: Publication, key: string): string {
  const hex = digest(publication, key).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

/** The mark in Metabase that a dashboard is ours, in case our record is lost. */
export const contentMarker = (publication: Publication, key: string): string =>
  `vitrine ${publication.name} ${entityId(publication, key)}`

/** The collection of a question: that of its dashboard. */
export function collectionOfCard({ dashboards }: Publication, { key }: Card): string {
  const shows = ({ tabs }: Publication['dashboards'][number]) =>
    tabs.some(({ rows }) => rows.flat().some((tile) => 'question' in tile && tile.question.key === key))
  return (dashboards.find(shows) ?? dashboards[0])?.collection.key ?? ''
}

export function contentItems(
  publication: Publication,
  cards: readonly Card[],
  boards: readonly MetabaseDashboard[],
): readonly Item[] {
  const collections = collectionsOf(publication.dashboards)
  return [
    ...collections.map(({ key, name, description, parent }): Item => {
      const attributes = { name, description: description ?? null, parent: parent?.key ?? null, archived: false }
      return { kind: 'collection', key, attributes }
    }),
    ...collections.flatMap(({ key, access }) =>
      [['everyone', 'none'] as const, ...Object.entries(access)].map(([group, level]): Item => {
        return { kind: 'access', key: accessKey(group, key), attributes: { level } }
      }),
    ),
    ...cards.map((card): Item => {
      const attributes = { ...cardAttributes(card), collection: collectionOfCard(publication, card), archived: false }
      return { kind: 'question', key: card.key, attributes }
    }),
    ...boards.map((board): Item => {
      const { name, description, collection } = board
      const attributes = { name, description, ...boardAttributes(board), collection, archived: false }
      return { kind: 'dashboard', key: board.key, attributes }
    }),
  ]
}

const accessKey = (group: string, collection: string): string => `${group} in ${collection}`

/** Keys of collections hold no blank. */
export function accessIn(key: string): { readonly group: string; readonly collection: string } {
  const at = key.lastIndexOf(' in ')
  return { group: key.slice(0, at), collection: key.slice(at + ' in '.length) }
}

/** Sorted, because Metabase does not keep their order. */
const tagsText = (tags: readonly { readonly tag: string }[]): string =>
  canonical(tags.toSorted((one, other) => (one.tag < other.tag ? -1 : 1)))

const cardAttributes = ({ name, description, display, query, settings }: Card): Attributes => ({
  name,
  description,
  display,
  query: query.kind === 'sql' ? query.sql : canonical(plainStages(query.stages)),
  tags: tagsText(
    query.kind === 'sql'
      ? query.tags.map(({ name: tag, label, column, widget }) => ({ tag, label, column, widget }))
      : [],
  ),
  settings: canonical(settings),
})

const boardAttributes = ({
  tabs,
  tiles,
  filters,
}: Pick<MetabaseDashboard, 'tabs' | 'tiles' | 'filters'>): Attributes => ({
  tabs: canonical(tabs),
  layout: canonical([...tiles].map(sortedTile).toSorted(byPlace)),
  filters: canonical(filters),
})

const sortedTile = (tile: BoardTile) => ({
  ...tile,
  filters: tile.filters.toSorted((a, b) => (canonical(a) < canonical(b) ? -1 : 1)),
})
const place = ({ tab, row, col }: BoardTile) => `${tab ?? ''} ${String(row).padStart(6)} ${String(col).padStart(6)}`
const byPlace = (one: BoardTile, other: BoardTile): number => (place(one) < place(other) ? -1 : 1)

/** What numbers of Metabase stand for here. */
export interface NumberedNames extends Names {
  readonly collections: ReadonlyMap<unknown, string>
  readonly questions: ReadonlyMap<unknown, string>
}

export const ELSEWHERE = 'elsewhere'

/** The collection of a live item. An archived one is in the trash, and then counts as being in `home`. */
const homeOf = (live: Entity, known: NumberedNames, home: Value): Attributes => {
  const isArchived = live['archived'] === true
  const collection = isArchived ? home : (known.collections.get(live['collection_id']) ?? ELSEWHERE)
  return { collection, archived: isArchived }
}

/** A live question in our form. Only settings in `wanted` are compared, because Metabase adds its own. */
export function liveCard(card: Entity, wanted: Card, known: NumberedNames, home: Value): Attributes {
  const query = entityPart(card, 'dataset_query')
  const [stage] = entitiesIn(query['stages'])
  const native = entityPart(query, 'native')
  const asked = liveQuery(query, known)
  const tags = stage?.['template-tags'] ?? native['template-tags']
  const settings = entityPart(card, 'visualization_settings')
  const shown = Object.keys(wanted.settings).map((name) => [name, settings[name] ?? null] as const)
  return {
    name: scalarOf(card, 'name'),
    description: scalarOf(card, 'description'),
    display: scalarOf(card, 'display'),
    query: asked === null ? null : 'sql' in asked ? asked.sql : canonical(asked.stages),
    tags: tagsText(
      entitiesIn(isEntity(tags) ? Object.values(tags) : []).map((tag) => ({
        tag: textOf(tag, 'name'),
        label: textOf(tag, 'display-name'),
        column: known.columns.get(fieldOf(tag['dimension'])) ?? ELSEWHERE,
        widget: textOf(tag, 'widget-type'),
      })),
    ),
    settings: canonical(Object.fromEntries(shown)),
    ...homeOf(card, known, home),
  }
}

/** The number in a reference to a column, with the options in either position. */
const fieldOf = (reference: unknown): unknown =>
  Array.isArray(reference) ? reference.find((part) => typeof part === 'number') : undefined

/** The tabs, tiles and filters of a live dashboard. */
export function boardIn(
  dashboard: Entity,
  known: NumberedNames,
): Pick<MetabaseDashboard, 'tabs' | 'tiles' | 'filters'> {
  const tabs = entitiesIn(dashboard['tabs']).toSorted((a, b) => Number(a['position'] ?? 0) - Number(b['position'] ?? 0))
  const names = new Map(tabs.map((tab) => [tab['id'], textOf(tab, 'name')]))
  const parameters = entitiesIn(dashboard['parameters'])
  const keys = new Map(parameters.map((parameter) => [parameter['id'], textOf(parameter, 'slug')]))
  const tiles = entitiesIn(dashboard['dashcards']).map((card): BoardTile => {
    const settings = entityPart(card, 'visualization_settings')
    const virtual = entityPart(settings, 'virtual_card')
    const isText = typeof card['card_id'] !== 'number'
    const display = textOf(virtual, 'display') === 'heading' ? 'heading' : 'text'
    return {
      tab: tabs.length > 1 ? (names.get(card['dashboard_tab_id']) ?? null) : null,
      row: Number(card['row']),
      col: Number(card['col']),
      size_x: Number(card['size_x']),
      size_y: Number(card['size_y']),
      question: isText ? null : (known.questions.get(card['card_id']) ?? ELSEWHERE),
      text: isText ? { display, text: textOf(settings, 'text') } : null,
      filters: entitiesIn(card['parameter_mappings']).map((mapping) => ({
        filter: keys.get(mapping['parameter_id']) ?? ELSEWHERE,
        target: liveTarget(mapping['target'], known) ?? ['dimension', ['template-tag', ELSEWHERE]],
      })),
    }
  })
  return {
    tabs: tabs.length > 1 ? tabs.map((tab) => textOf(tab, 'name')) : [],
    tiles,
    filters: parameters.map((parameter) => ({
      key: textOf(parameter, 'slug'),
      label: textOf(parameter, 'name'),
      type: textOf(parameter, 'type'),
      default: parameter['default'] ?? null,
      required: parameter['required'] === true,
      options: optionsOf(parameter),
      linkedTo: Array.isArray(parameter['filteringParameters'])
        ? parameter['filteringParameters'].map((id) => keys.get(id) ?? ELSEWHERE)
        : [],
    })),
  }
}

/** A live dashboard in our form. */
export const liveBoard = (dashboard: Entity, known: NumberedNames, home: Value): Attributes => ({
  name: scalarOf(dashboard, 'name'),
  description: scalarOf(dashboard, 'description'),
  ...boardAttributes(boardIn(dashboard, known)),
  ...homeOf(dashboard, known, home),
})

function optionsOf(parameter: Entity): readonly string[] | null {
  const config = entityPart(parameter, 'values_source_config')
  return Array.isArray(config['values']) ? config['values'].map(String) : null
}
