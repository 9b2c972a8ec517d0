/** Applications of several definitions: one that dies after any of its requests is taken up by the next. */

import { describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import { canonical } from '../../src/metabase/content-items.ts'
import type { Publication } from '../../src/publication/publication.ts'
import type { Entity } from './answers.ts'
import { blank, type Shop } from './blank.ts'
import { dashboardsOf } from './shop-dashboards.ts'
import type { StandIn } from './stand-in.ts'

export function killedTests(shop: Shop): void {
  /** Everything that can be said in two ways is said in this one. */
  const variant = (word: string, locale: string): Publication => {
    const { publication } = shop().at.program
    const dashboards = dashboardsOf(`Who buys ${word}?`).map((board) => ({
      ...board,
      description: word,
      tabs: board.tabs.map((tab) => ({
        ...tab,
        rows: tab.rows.map((row) =>
          row.map((tile) =>
            'question' in tile
              ? { ...tile, question: { ...tile.question, title: `${tile.question.title} ${word}`, description: word } }
              : 'text' in tile
                ? { text: word }
                : tile,
          ),
        ),
      })),
    }))
    const tables = publication.tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) => ({ ...column, shown: { label: `${column.name} ${word}` } })),
    }))
    return { ...publication, locale, dashboards, tables }
  }

  const isWrite = ({ method }: { readonly method: string }) => method !== 'GET'

  /** Numbers are given in the order of what was made. */
  const standing = (metabase: StandIn, withoutArchived = false): string => {
    const { databases, tables, groups, access, settings } = metabase
    const live = (list: readonly Entity[]) =>
      list
        .filter(({ archived }) => !withoutArchived || archived !== true)
        .toSorted((one, other) => (String(one['name']) < String(other['name']) ? -1 : 1))
    const [collections, cards, dashboards] = [metabase.collections, metabase.cards, metabase.dashboards].map(live)
    const levels = [...access].filter(([place]) => collections?.some(({ id }) => place.endsWith(`/${id}`)))
    const named = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(named)
      if (typeof value === 'number') return 0
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, named(each)]))
    }
    const all = [databases, [...tables.values()], groups, collections, cards, dashboards, [...settings]]
    return canonical([named(all), levels.map(([, level]) => level).toSorted()])
  }

  type Definitions = readonly [Publication | null, Publication, Publication]
  /** Where it dies: at each place once, or at all of them by `npm run test:all`; what it left may be archived. */
  interface Deaths {
    readonly at: RegExp
    readonly archives: boolean
  }
  const EVERYWHERE: Deaths = { at: /^/, archives: false }

  /** After the `count`th request of the second definition that changes something it dies; the third one is applied then. */
  async function outcome(definitions: Definitions, count: number, archives: boolean) {
    const { metabase, plan, apply } = await blank(shop)
    const [before, killed, after] = definitions
    try {
      if (before !== null) await apply(before)
      const written = metabase.requests.filter(isWrite).length
      metabase.dieAfter(count)
      const died = await apply(killed).then(
        () => false,
        () => true,
      )
      metabase.dieAfter(Number.POSITIVE_INFINITY)
      const last = metabase.requests.filter(isWrite).slice(written).at(-1)
      const place = `${last?.method} ${last?.path.replaceAll(/\d+/g, ':id')}`
      if (!died) return { died, place, standing: '' }
      await apply(after)
      expect([place, (await plan(after)).changes]).toEqual([place, []])
      return { died, place, standing: standing(metabase, archives) }
    } finally {
      await metabase.stop()
    }
  }

  async function everywhere(definitions: Definitions, { at, archives } = EVERYWHERE): Promise<void> {
    const straight = await blank(shop)
    for (const each of [definitions[0], definitions[2]]) if (each !== null) await straight.apply(each)
    const wanted = standing(straight.metabase)
    await straight.metabase.stop()
    const counting = await blank(shop)
    if (definitions[0] !== null) await counting.apply(definitions[0])
    const before = counting.metabase.requests.filter(isWrite).length
    await counting.apply(definitions[1])
    const places = counting.metabase.requests
      .filter(isWrite)
      .slice(before)
      .map(({ method, path }) => `${method} ${path.replaceAll(/\d+/g, ':id')}`)
    await counting.metabase.stop()
    expect(places.length).toBeGreaterThan(5)
    for (const [index, place] of places.entries()) {
      if (!at.test(place) || (!EVERYTHING && places.indexOf(place) !== index)) continue
      const found = await outcome(definitions, index + 1, archives)
      expect([index, place, found]).toEqual([index, place, { died: true, place, standing: wanted }])
    }
  }

  describe('an application that is killed after any of its requests', () => {
    test('on a blank Metabase is taken up by that of another definition', async () => {
      await everywhere([null, variant('then', 'de-DE'), variant('now', 'es-ES')])
    })

    test.runIf(EVERYTHING)('on one in step is taken up by that of another definition', async () => {
      await everywhere([variant('before', 'fr-FR'), variant('then', 'de-DE'), variant('now', 'es-ES')])
    })

    test('while it archives is taken up by one that wants all of it again', async () => {
      const first = variant('before', 'fr-FR')
      await everywhere([first, { ...variant('then', 'de-DE'), dashboards: [] }, first])
    })

    test('leaves nothing behind that the next definition does not have: what was made and not recorded is archived', async () => {
      const then = variant('then', 'es-ES')
      const [board] = then.dashboards
      const other = (key: string) => `${key}-of-then`
      const home = { key: other('shop'), name: 'Then', parent: board?.collection, access: {} }
      const inside = { key: other('inside'), name: 'Inside', parent: home, access: {} }
      const dashboards = then.dashboards.map((each) => ({
        ...each,
        key: other(each.key),
        collection: inside,
        tabs: each.tabs.map((tab) => ({
          ...tab,
          rows: tab.rows.map((row) =>
            row.map((tile) =>
              'question' in tile ? { ...tile, question: { ...tile.question, key: other(tile.question.key) } } : tile,
            ),
          ),
        })),
      }))
      const at = EVERYTHING ? /^/ : /^POST \/(?:collection|card|dashboard)$|^PUT \/(?:collection\/graph|dashboard)/
      const now = variant('now', 'es-ES')
      await everywhere([null, { ...then, dashboards } as Publication, now], { at, archives: true })
      const { metabase, plan, apply } = await blank(shop)
      await apply({ ...then, dashboards } as Publication)
      await apply(now)
      expect(metabase.collections.map(({ name, archived }) => [name, archived])).toEqual([
        ['Boutique "1" 🛍️', false],
        ['Then', true],
        ['Inside', true],
      ])
      expect((await plan(now)).changes).toEqual([])
      await metabase.stop()
    })

    test('leaves what people changed as theirs', async () => {
      const { metabase, plan, apply } = await blank(shop)
      const [first, second] = [variant('before', 'fr-FR'), variant('then', 'de-DE')]
      await apply(first)
      Object.assign(metabase.cards[0] as Entity, { name: 'Ours', display: 'table' }) // sound because it was applied.
      metabase.dieAfter(12)
      await expect(apply(second)).rejects.toThrow()
      metabase.dieAfter(Number.POSITIVE_INFINITY)
      await apply(second)
      const { changes } = await plan(second)
      expect(changes.map(({ kind, byHand }) => [kind, byHand])).toEqual([['question', ['name', 'display']]])
      expect(metabase.cards[0]).toMatchObject({ name: 'Ours', display: 'table', description: 'then' })
      await metabase.stop()
    })
  })
}
