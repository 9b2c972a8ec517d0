/** Writes collections and questions. What people added to a question stays. */

import type { Card } from '../dashboards/card.ts'
import { collectionsOf } from '../dashboards/card.ts'
import { applyBoard } from './board-apply.ts'
import { type Metabase, unlessGone } from './client.ts'
import { entityId, parameterId } from './content-items.ts'
import { itemsIn } from './content-state.ts'
import { type Content, homeOf, numbersOf, optionsOf, wantedAs } from './content-work.ts'
import { type Kind, nameOf } from './item.ts'
import type { Change } from './metabase-plan.ts'
import { stagesSent } from './query.ts'
import { type Entity, entity, entityPart, idOf, textOf } from './read-answer.ts'

const PATHS = { collection: '/collection', question: '/card', dashboard: '/dashboard' } as const
type ContentKind = keyof typeof PATHS

export const isContent = (kind: Kind): kind is ContentKind => kind in PATHS

export async function archive(metabase: Metabase, kind: ContentKind, id: string): Promise<void> {
  // Archiving a collection would also archive what people keep in it.
  const kept = kind === 'collection' ? await unlessGone(itemsIn(metabase, Number(id))) : []
  if (kept?.length === 0) await unlessGone(metabase.put(`${PATHS[kind]}/${id}`, { archived: true }))
}

/** What to send for each attribute, and how to make a new item, or find it when the answer was lost. */
interface Sent {
  readonly parts: Readonly<Record<string, object>>
  readonly make: (body: object) => Promise<Entity>
}

export async function applyContent(content: Content, kind: ContentKind, change: Change): Promise<void> {
  if (kind === 'dashboard') return applyBoard(content, change)
  const { metabase, numberOf, made, raw } = content
  const { key, action, attributes } = change
  const { parts, make } = { collection, question }[kind](content, key)
  const chosen = attributes.filter((part) => action === 'change' || part !== 'archived')
  // A collection of which nothing is said comes back from the trash.
  const stays = kind === 'collection' && raw.get(nameOf(change))?.['archived'] === true ? { archived: true } : {}
  const body = Object.assign({}, stays, ...chosen.map((part) => parts[part]))
  const path = () => `${PATHS[kind]}/${numberOf(kind, key)}`
  const live = action === 'make' ? await make(body) : entity(await metabase.put(path(), body), kind)
  // What was archived is back for the dashboards that show it.
  raw.set(nameOf(change), live)
  if (action === 'make') await made(kind, key, idOf(live, kind))
}

function collection({ metabase, wanted, numberOf }: Content, key: string): Sent {
  const { name, description = null, parent } = wantedAs(collectionsOf(wanted.publication.dashboards), key)
  const above = parent === undefined ? null : numberOf('collection', parent.key)
  const place = above === null ? /^\/$/ : new RegExp(`/${above}/$`)
  const home = { parent_id: above }
  return {
    parts: { name: { name }, description: { description }, parent: home, archived: { archived: false, ...home } },
    make: (body) =>
      metabase.make('/collection', body, async () =>
        (await metabase.all('/collection')).find(
          (each) => each['name'] === name && place.test(textOf(each, 'location')),
        ),
      ),
  }
}

function question(content: Content, key: string): Sent {
  const { metabase, wanted, raw, sourceId } = content
  const card = wantedAs(wanted.cards, key)
  const { name, description, display, settings } = card
  const kept = entityPart(raw.get(nameOf({ kind: 'question', key })), 'visualization_settings')
  const [asked, home] = [queryOf(content, card), homeOf(content, 'question', key)]
  const identity = entityId(wanted.publication, key)
  return {
    parts: {
      name: { name },
      description: { description },
      display: { display },
      query: asked,
      tags: asked,
      settings: { visualization_settings: { ...kept, ...settings } },
      collection: home,
      archived: { archived: false, ...home },
    },
    make: (body) => {
      const find = async () =>
        (await metabase.all(`/card?f=database&model_id=${sourceId}`)).find((each) => each['entity_id'] === identity)
      return metabase.make('/card', { ...body, type: 'question', entity_id: identity }, find)
    },
  }
}

/** SQL in the form before 0.57, which every version takes. */
function queryOf(content: Content, { key, query }: Card): object {
  const { sourceId, numberOf, wanted } = content
  if (query.kind === 'mbql') {
    const stages = stagesSent(query, numbersOf(content, key))
    return { dataset_query: { 'lib/type': 'mbql/query', database: sourceId, stages }, parameters: [] }
  }
  const tags = query.tags.map(({ name, label, column, widget }) => {
    const id = parameterId(wanted.publication, `${key}/${name}`)
    const dimension = ['field', numberOf('column', column), null]
    const type = { type: 'dimension', 'widget-type': widget, ...optionsOf(widget) }
    return { id, name, 'display-name': label, dimension, ...type }
  })
  const native = { query: query.sql, 'template-tags': Object.fromEntries(tags.map((tag) => [tag.name, tag])) }
  const parameters = tags.map((tag) => ({
    id: tag.id,
    name: tag['display-name'],
    slug: tag.name,
    type: tag['widget-type'],
    ...optionsOf(tag['widget-type']),
    target: ['dimension', ['template-tag', tag.name]],
  }))
  return { dataset_query: { type: 'native', database: sourceId, native }, parameters }
}
