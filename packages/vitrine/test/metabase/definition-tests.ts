/** What a definition no longer says, and two definitions on one Metabase. Part of `set-up.test.ts`, on its shop. */
import { expect, test } from 'vitest'
import type { Publication } from '../../src/publication/publication.ts'
import { blank as blankFor, KEY, type Shop } from './blank.ts'
import { dashboardsOf } from './shop-dashboards.ts'
import type { StandIn } from './stand-in.ts'

export function definitionTests(shop: Shop): void {
  const blank = (beside?: StandIn) => blankFor(shop, beside)

  test('two publications on one Metabase leave each other alone', async () => {
    const one = await blank()
    const other = await blank(one.metabase)
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

  test('a group that the definition no longer names loses what it was given, and so does a team that was', async () => {
    const { metabase, plan, apply } = await blank()
    const ours = shop().at.program.publication
    const access = (names: readonly string[], team = ours.metabase.team): Publication => ({
      ...ours,
      metabase: { ...ours.metabase, team },
      dashboards: ours.dashboards.map((board) => {
        const given = Object.fromEntries(names.map((name) => [name, 'read' as const]))
        return { ...board, collection: { ...board.collection, access: given } }
      }),
    })
    const { team } = ours.metabase
    await apply(access([team, 'Direction']))
    const levels = () =>
      Object.fromEntries(
        metabase.groups.map(({ id, name }) => [name, metabase.access.get(`${id}/${metabase.collections[0]?.['id']}`)]),
      )
    expect(levels()).toMatchObject({ [team]: 'read', Direction: 'read' })
    const { changes } = await plan(access([team]))
    expect(changes).toEqual([
      { kind: 'access', key: 'Direction in shop', action: 'withdraw', attributes: ['level'], byHand: [] },
    ])
    await apply(access([team]))
    expect(levels()).toMatchObject({ [team]: 'read', Direction: 'none' })
    await apply(access(['Another'], 'Another'))
    expect(levels()).toMatchObject({ [team]: 'none', Another: 'read' })
    const rights = [team, 'Another'].map((name) => metabase.right(name, ours.metabase.source))
    expect([rights, (await plan(access(['Another'], 'Another'))).changes]).toEqual([['no', 'query-builder'], []])
    await metabase.stop()
  })

  test('cached values go of a column that no application could record before it was withdrawn', async () => {
    const { metabase, apply } = await blank()
    const ours = shop().at.program.publication
    metabase.syncLag = Number.POSITIVE_INFINITY
    await expect(apply(ours)).rejects.toMatchObject({ code: 'METABASE_SYNC_LATE' })
    metabase.syncLag = 0
    // Metabase's own sync, in the night.
    const path = `${metabase.url}/api/database/${metabase.databases[0]?.['id']}`
    const headers = { 'x-api-key': KEY }
    await fetch(`${path}/sync_schema`, { method: 'POST', headers })
    await fetch(`${path}/metadata`, { headers })
    const withdrawn = Number(metabase.field('shop_purchase.label')['id'])
    expect(metabase.cached.has(withdrawn)).toBe(true)
    const tables = ours.tables.map((table) => ({
      ...table,
      columns: table.columns.filter(({ name }) => name !== 'label'),
    }))
    await apply({ ...ours, tables })
    expect(metabase.cached.has(withdrawn)).toBe(false)
    await metabase.stop()
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
