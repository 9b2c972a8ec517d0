/**
 * Applications of several definitions: one that dies after any of its requests is taken up by the next, two publications leave
 * each other alone, and what a definition no longer says of a column is cleared.
 */
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { applyPlan, planFor } from '../../src/metabase/apply.ts'
import { Metabase } from '../../src/metabase/client.ts'
import { canonical } from '../../src/metabase/content.ts'
import type { Applied } from '../../src/metabase/plan.ts'
import { wantedFrom } from '../../src/metabase/wanted.ts'
import type { Publication } from '../../src/publication/publication.ts'
import type { Entity } from './answers.ts'
import type { metabaseShop } from './metabase-shop.ts'
import { dashboardsOf } from './shop-dashboards.ts'
import { StandIn } from './stand-in.ts'

const KEY = 'mb_killed='
const ALL = process.env['VITRINE_TESTS'] === 'all'

export function killedTests(shop: () => Awaited<ReturnType<typeof metabaseShop>>): void {
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

  async function blank(beside?: StandIn) {
    const metabase = beside ?? (await StandIn.start())
    metabase.syncLag = 0
    if (beside === undefined) metabase.keys.push({ id: 1, name: 'Vitrine', group: { id: 2 }, unmasked_key: KEY })
    let recorded: readonly Applied[] = []
    const url = new URL(shop().environment()['METABASE_READER_URL'] ?? '')
    const source = {
      ...{ host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), user: url.username },
      ...{ password: new Secret(decodeURIComponent(url.password)), sslMode: 'prefer', sslRootCert: null },
    }
    const client = new Metabase({
      url: metabase.url,
      login: { header: 'X-API-KEY', value: new Secret(KEY) },
      limits: { ...shop().at.program.publication.limits, metabaseTries: 1, metabaseSyncMs: 50 },
      signal: new AbortController().signal,
    })
    const plan = (publication: Publication) => planFor(client, wantedFrom(publication, source), recorded)
    const apply = async (publication: Publication) =>
      applyPlan(client, wantedFrom(publication, source), await plan(publication), {
        all: async (rows) => {
          recorded = rows
        },
        made: async (kind, key, id) => {
          recorded = recorded.map((row) => (row.kind === kind && row.key === key ? { ...row, id } : row))
        },
      })
    return { metabase, plan, apply }
  }
  type Blank = Awaited<ReturnType<typeof blank>>
  const isWrite = ({ method }: { readonly method: string }) => method !== 'GET'

  /** Numbers are given in the order of what was made. */
  const standing = (metabase: StandIn): string => {
    const { databases, tables, groups, collections, cards, dashboards, access, settings } = metabase
    const named = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(named)
      if (typeof value === 'number') return 0
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, named(each)]))
    }
    const all = [databases, [...tables.values()], groups, collections, cards, dashboards, [...settings]]
    return canonical([named(all), [...access.values()].toSorted()])
  }

  /** After the `count`th request of the second definition that changes something it dies; the third one is applied then. */
  async function outcome(definitions: readonly [Publication | null, Publication, Publication], count: number) {
    const { metabase, plan, apply } = await blank()
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
      return { died, place, standing: standing(metabase) }
    } finally {
      await metabase.stop()
    }
  }

  /** Each place that it can die at once; `npm run test:all` takes each request. */
  async function everywhere(definitions: readonly [Publication | null, Publication, Publication]): Promise<void> {
    const straight = await blank()
    for (const each of [definitions[0], definitions[2]]) if (each !== null) await straight.apply(each)
    const wanted = standing(straight.metabase)
    await straight.metabase.stop()
    const counting = await blank()
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
      if (!ALL && places.indexOf(place) !== index) continue
      const found = await outcome(definitions, index + 1)
      expect([index, place, found]).toEqual([index, place, { died: true, place, standing: wanted }])
    }
  }

  describe('an application that is killed after any of its requests', () => {
    test('on a blank Metabase is taken up by that of another definition', async () => {
      await everywhere([null, variant('then', 'de-DE'), variant('now', 'es-ES')])
    }, 240_000)

    test.runIf(ALL)(
      'on one in step is taken up by that of another definition',
      async () => {
        await everywhere([variant('before', 'fr-FR'), variant('then', 'de-DE'), variant('now', 'es-ES')])
      },
      240_000,
    )

    test('while it archives is taken up by one that wants all of it again', async () => {
      const first = variant('before', 'fr-FR')
      await everywhere([first, { ...variant('then', 'de-DE'), dashboards: [] }, first])
    }, 240_000)

    test('leaves what people changed as theirs', async () => {
      const { metabase, plan, apply } = await blank()
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

  test('two publications on one Metabase leave each other alone', async () => {
    const one = await blank()
    const other: Blank = await blank(one.metabase)
    const ours = shop().at.program.publication
    const [board] = dashboardsOf('Theirs')
    const names = { source: 'Other shop', team: 'Other team' }
    const collection = { key: 'other', name: 'Other', access: { 'Other team': 'read' } } as const
    const dashboards = board === undefined ? [] : [{ ...board, collection }]
    const theirs = { ...ours, name: 'other', metabase: names, dashboards }
    await one.apply(ours)
    await other.apply(theirs)
    expect([(await one.plan(ours)).changes, (await other.plan(theirs)).changes]).toEqual([[], []])
    expect(one.metabase.right('Other team', String(ours.metabase.source))).toBe('no')
    await other.apply({ ...theirs, dashboards: [] })
    expect((await one.plan(ours)).changes).toEqual([])
    expect(one.metabase.dashboards.map(({ archived }) => archived)).toEqual([false, true])
    await one.metabase.stop()
  })

  test('a meaning and a format that are declared no longer are cleared, unless people changed them', async () => {
    const { metabase, plan, apply } = await blank()
    const plain = shop().at.program.publication
    const shown = { as: 'Quantity', format: { decimals: 2, suffix: ' €' } } as const
    const tables = plain.tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) =>
        ['purchases', 'amount'].includes(column.name) ? { ...column, shown } : column,
      ),
    }))
    await apply({ ...plain, tables })
    expect(metabase.field('shop_customer.purchases')).toMatchObject({ semantic_type: 'type/Quantity' })
    const changed = metabase.field('shop_purchase.amount')
    Object.assign(changed, { semantic_type: 'type/Score', settings: { decimals: 0, suffix: ' €', scale: 100 } })
    await apply(plain)
    expect(metabase.field('shop_customer.purchases')).toMatchObject({ semantic_type: null, settings: {} })
    expect(changed).toMatchObject({ semantic_type: 'type/Score', settings: { decimals: 0, scale: 100 } })
    expect((await plan(plain)).changes).toEqual([])
    await metabase.stop()
  })
}
