/** What a real Metabase was seen to do in its published code, and what is done about it: each with a Metabase of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { cardsOf } from '../../src/dashboards/card.ts'
import { settingsOf } from '../../src/dashboards/card-settings.ts'
import { question, questionsAbout } from '../../src/index.ts'
import type { Metabase } from '../../src/metabase/client.ts'
import { invite } from '../../src/metabase/metabase-server.ts'
import type { Publication } from '../../src/publication/publication.ts'
import type { Entity } from './answers.ts'
import { blank as blankFor } from './blank.ts'
import { metabaseShop } from './metabase-shop.ts'
import { dashboardsOf, NAMES, TYPED } from './shop-dashboards.ts'

let it: Awaited<ReturnType<typeof metabaseShop>>
beforeAll(async () => {
  it = await metabaseShop()
})
afterAll(() => it.end())

const blank = (sslMode?: string) => blankFor(() => it, undefined, sslMode)
const ours = (): Publication => it.at.program.publication

describe('the doctor', () => {
  test('needs no list that Metabase refuses while nothing may be shown to the world', async () => {
    const { metabase, apply, doctor } = await blank()
    await apply(ours())
    metabase.settings.set('enable-public-sharing', false)
    expect(await doctor(ours())).not.toHaveProperty('metabase-links')
    metabase.settings.set('enable-public-sharing', true)
    expect(await doctor(ours())).toMatchObject({ 'metabase-links': 'none yet, but people may make public links' })
    metabase.shown['card/public'] = [{ id: 1 }]
    expect(await doctor(ours())).toMatchObject({ 'metabase-links': '1 questions with a public link' })
    await metabase.stop()
  })

  test('names a table that Metabase sees no longer, which is in no list of Metabase', async () => {
    const { metabase, apply, doctor } = await blank()
    await apply(ours())
    const [table = {}] = [...metabase.tables.values()].flat().filter(({ name }) => name === 'shop_purchase')
    Object.assign(table, { active: false, deactivated_at: '2026-11-20T10:00:00Z' })
    const told = { 'metabase-tables': 'shop_purchase: archived on 2026-12-04' }
    expect(await doctor(ours())).toMatchObject(told)
    const withdrawn = {
      ...ours(),
      tables: ours().tables.filter(({ name }) => name !== 'shop_purchase'),
      dashboards: [],
    }
    await apply(withdrawn)
    // The sync of this application has found it again: it is published still.
    Object.assign(table, { active: false, deactivated_at: '2026-11-20T10:00:00Z' })
    expect(await doctor(withdrawn)).toMatchObject(told)
    Object.assign(table, { name: 'shop_purchase__mbarchiv__1764846000' })
    expect(await doctor(withdrawn)).not.toHaveProperty('metabase-tables')
    expect(await doctor(ours())).toMatchObject({ 'metabase-tables': 'shop_purchase: archived already' })
    await metabase.stop()
  })
})

/** The tabs of a dashboard of ours, each with the questions and texts on it. */
const tabbed = (
  ...tabs: readonly (readonly [name: string, ...tiles: readonly ('all' | 'by country' | 'text')[]])[]
) => {
  const [board] = dashboardsOf()
  const [, [all, byCountry] = [], [text] = []] = board?.tabs[0]?.rows ?? []
  const tiles = { all, 'by country': byCountry, text }
  const drawn = tabs.map(([name, ...names]) => ({ name, rows: names.map((each) => [tiles[each]]) }))
  return { ...ours(), dashboards: [{ ...board, tabs: drawn }] } as Publication // sound because the shop has these tiles.
}

describe('tiles keep their numbers', () => {
  /** By what a tile shows; those that Metabase does not show left out. */
  async function tilesOf(client: Metabase, number: unknown): Promise<Readonly<Record<string, unknown>>> {
    const { dashcards } = await client.one(`/dashboard/${number}`)
    const tiles = dashcards as Entity[] // sound because a dashboard has them.
    return Object.fromEntries(tiles.map(({ id, card_id: card }) => [String(card ?? 'text'), id]))
  }

  test.each([
    [
      'a tab is called otherwise',
      [
        ['One', 'all'],
        ['Two', 'by country', 'text'],
      ],
      [
        ['Uno', 'all'],
        ['Due', 'by country', 'text'],
      ],
    ],
    [
      'a tab goes, and its tiles move',
      [
        ['One', 'all'],
        ['Two', 'by country'],
        ['Three', 'text'],
      ],
      [
        ['One', 'all', 'text'],
        ['Three', 'by country'],
      ],
    ],
    [
      'tabs are no more',
      [
        ['One', 'all'],
        ['Two', 'by country', 'text'],
      ],
      [['One', 'all', 'by country', 'text']],
    ],
    [
      'there are tabs now',
      [['One', 'all', 'by country', 'text']],
      [
        ['One', 'all'],
        ['Two', 'by country', 'text'],
      ],
    ],
    [
      'tabs change places',
      [
        ['One', 'all', 'text'],
        ['Two', 'by country'],
      ],
      [
        ['Two', 'by country'],
        ['One', 'all', 'text'],
      ],
    ],
  ] as const)('when %s', async (_, before, after) => {
    const { metabase, client, plan, apply } = await blank()
    await apply(tabbed(...before))
    const number = metabase.dashboards[0]?.['id']
    const tiles = await tilesOf(client, number)
    expect(Object.keys(tiles)).toHaveLength(3)
    await apply(tabbed(...after))
    expect(await tilesOf(client, number)).toEqual(tiles)
    expect((await plan(tabbed(...after))).changes).toEqual([])
    await metabase.stop()
  })

  test('when people add a tab to a dashboard without tabs, and it is ours again by force', async () => {
    const { metabase, client, plan, apply } = await blank()
    await apply(ours())
    const [board = {}] = metabase.dashboards
    const tiles = await tilesOf(client, board['id'])
    const cards = board['dashcards'] as Entity[] // sound because a dashboard has them.
    board['tabs'] = [
      { id: 901, name: 'Tab 1', position: 0 },
      { id: 902, name: 'Ours', position: 1 },
    ]
    board['dashcards'] = cards.map((card, index) => ({ ...card, dashboard_tab_id: index === 0 ? 902 : 901 }))
    expect((await plan(ours())).changes).toEqual([
      { kind: 'dashboard', key: 'buyers', action: 'change', attributes: [], byHand: ['tabs', 'layout'] },
    ])
    await apply(ours(), true)
    expect(await tilesOf(client, board['id'])).toEqual(tiles)
    expect((await plan(ours())).changes).toEqual([])
    await metabase.stop()
  })

  test('when a question of theirs is archived, and comes back', async () => {
    const { metabase, client, plan, apply } = await blank()
    await apply(ours())
    const [board = {}] = metabase.dashboards
    const [card = {}] = metabase.cards
    const tiles = await tilesOf(client, board['id'])
    const archived = async (is: boolean) => client.put(`/card/${card['id']}`, { archived: is })
    await archived(true)
    expect(Object.keys(await tilesOf(client, board['id']))).toHaveLength(Object.keys(tiles).length - 1)
    const byHand = { kind: 'question', key: 'all-customers', action: 'change', attributes: [], byHand: ['archived'] }
    expect((await plan(ours())).changes).toEqual([byHand])
    // What else changes of the dashboard is applied around it.
    const more = { ...ours(), dashboards: dashboardsOf('Who else?') }
    const [first] = more.dashboards
    const wider = {
      ...more,
      dashboards: [{ ...first, tabs: tabbed(['One', 'all', 'by country', 'text']).dashboards[0]?.tabs }],
    }
    await apply(wider as Publication) // sound because it is a dashboard with other tabs.
    expect((await plan(wider as Publication)).changes).toEqual([byHand])
    await archived(false)
    const { [String(card['id'])]: back } = await tilesOf(client, board['id'])
    expect(back).toBe(tiles[String(card['id'])])
    await archived(true)
    await apply(ours(), true)
    expect((await tilesOf(client, board['id']))[String(card['id'])]).toBe(back)
    expect((await plan(ours())).changes).toEqual([])
    await metabase.stop()
  })

  test('when one of its questions is declared no longer, which is no work of people', async () => {
    const { metabase, client, plan, apply } = await blank()
    await apply(tabbed(['One', 'all', 'by country', 'text']))
    const [board = {}] = metabase.dashboards
    const [card = {}] = metabase.cards.filter(({ name }) => name === 'Customers')
    const { [String(card['id'])]: _, ...tiles } = await tilesOf(client, board['id'])
    const fewer = tabbed(['One', 'by country', 'text'])
    expect((await plan(fewer)).changes).toEqual([
      { kind: 'dashboard', key: 'buyers', action: 'change', attributes: ['layout'], byHand: [] },
      { kind: 'question', key: 'all-customers', action: 'withdraw', attributes: [], byHand: [] },
    ])
    await apply(fewer)
    expect([await tilesOf(client, board['id']), (await plan(fewer)).changes]).toEqual([tiles, []])
    await metabase.stop()
  })

  test('when the dashboard and its questions are declared no longer, and again, otherwise', async () => {
    const { metabase, client, plan, apply } = await blank()
    await apply(ours())
    const number = metabase.dashboards[0]?.['id']
    const tiles = await tilesOf(client, number)
    await apply({ ...ours(), dashboards: [] })
    const again = tabbed(['One', 'all'], ['Two', 'by country', 'text'])
    expect((await plan(again)).changes.flatMap(({ byHand }) => byHand)).toEqual([])
    await apply(again)
    const { [String(metabase.cards.find(({ name }) => name === 'Data of')?.['id'])]: freshness, ...kept } = tiles
    expect(await tilesOf(client, number)).toEqual(kept)
    expect([freshness, (await plan(again)).changes]).toEqual([expect.any(Number), []])
    await metabase.stop()
  })
})

test('a question of ours that was archived is found where the record of it is lost, and its identity is taken', async () => {
  const { metabase, forget, plan, apply } = await blank()
  await apply(ours())
  const ids = metabase.cards.map(({ id }) => id)
  await apply({ ...ours(), dashboards: [] })
  forget()
  await apply(ours())
  expect(metabase.cards.map(({ id, archived }) => [id, archived])).toEqual(ids.map((id) => [id, false]))
  expect((await plan(ours())).changes).toEqual([])
  await metabase.stop()
})

test('a filter with a list of its own is linked to no other, as Metabase keeps no such link', async () => {
  const { metabase, plan, apply } = await blank()
  const dashboards = ours().dashboards.map((board) => ({
    ...board,
    filters: board.filters.map((filter) => ({ ...filter, linkedTo: [filter.key] })),
  }))
  await apply({ ...ours(), dashboards })
  expect((await plan({ ...ours(), dashboards })).changes).toEqual([])
  await metabase.stop()
})

test('a data source that is to speak without TLS does, though Metabase turns TLS on for a new one', async () => {
  const { metabase, plan, apply } = await blank('disable')
  metabase.speaksTls = true
  await apply(ours())
  expect(metabase.databases[0]?.['details']).toMatchObject({ ssl: false })
  expect((await plan(ours())).changes).toEqual([])
  await metabase.stop()
})

test('somebody who is in the team already is let in again, also when an answer got lost', async () => {
  const { metabase, client, apply } = await blank()
  await apply(ours())
  const team = Number(metabase.groups.find(({ name }) => name === NAMES.team)?.['id'])
  expect(await invite(client, 'ana@example.org', team)).not.toBeNull()
  metabase.users.push({ id: 9_001, email: 'zoe@example.org', user_group_memberships: [{ id: 1 }] })
  metabase.fail('drop afterwards', /^POST \/permissions\/membership$/)
  for (const email of ['ana@example.org', 'zoe@example.org', 'ZOE@example.org'])
    expect(await invite(client, email, team)).toBeNull()
  const groups = metabase.users.map((user) => user['user_group_memberships'])
  expect(groups).toEqual([
    [{ id: 1 }, { id: team }],
    [{ id: 1 }, { id: team }],
  ])
  await metabase.stop()
})

test('a variable of SQL has a name that Metabase reads whole, whatever its filter is called', () => {
  const [board] = dashboardsOf()
  const [filter] = board?.filters ?? []
  const keys = ['the-country', 'the_country', 'période']
  const listed = question({
    key: 'listed',
    title: 'Listed',
    description: 'Listed.',
    query: questionsAbout(TYPED).listing({ from: 'shop_customer', columns: { name: 'name' }, limit: 10 }),
    display: { kind: 'table' },
  })
  const dashboards = [
    {
      ...board,
      filters: keys.map((key) => ({ ...filter, key })),
      tabs: [{ name: '', rows: [[{ question: listed }]] }],
    },
  ]
  const [card] = cardsOf({ ...ours(), dashboards } as Publication) // sound because these are the parts of one.
  const tags = card?.query.kind === 'sql' ? card.query.tags : []
  expect(tags.map(({ name, filter: of }) => [name, of])).toEqual([
    ['the_country', 'the-country'],
    ['the_country_2', 'the_country'],
    ['p_riode', 'période'],
  ])
  for (const { name } of tags) expect(JSON.stringify(card?.query)).toContain(`{{${name}}}`)
})

test('two applications at once are one after the other, or one of them says so', async () => {
  await it.written('setup --key-file key.env', { environment: it.environment() })
  const publication = { ...ours(), dashboards: dashboardsOf('Who buys now?') }
  const applied = await Promise.all([1, 2, 3].map(() => it.command('apply', { publication })))
  const statuses = applied.map(({ status }) => status)
  expect(statuses).toContain(EXIT.ok)
  for (const { status, stderr } of applied) if (status !== EXIT.ok) expect(stderr).toMatch(/^error \w*LOCK|RUN_/m)
  expect((await it.command('plan', { publication })).stdout).toBe('Metabase is in step: nothing to do.\n')
  expect([it.metabase.cards.length, it.metabase.dashboards.length, it.metabase.collections.length]).toEqual([3, 1, 1])
})

test('each segment of a gauge has a colour: Metabase draws what has none black', () => {
  const segments = Array.from({ length: 7 }, (_, from) => ({ from, to: from + 1, label: `${from}` }))
  const settings = settingsOf({ display: { kind: 'gauge', value: 'n', segments }, columns: {} })
  for (const segment of settings['gauge.segments'] as readonly object[])
    expect(segment).toMatchObject({ color: expect.stringMatching(/^#[0-9A-F]{6}$/) })
})

test('a filter by a part of a text knows no small or large letters, as on the page', async () => {
  const { metabase, client, plan, apply } = await blank()
  const [board] = dashboardsOf()
  const about = questionsAbout(TYPED)
  const name = about.filter({ key: 'its-name', label: 'Name', kind: 'text', on: { shop_customer: 'name' } })
  const query = about.listing({
    from: 'shop_customer',
    columns: { name: 'name' },
    where: [['name', 'is not null']],
    limit: 10,
  })
  const listed = question({ key: 'listed', title: 'Listed', description: 'Listed.', query, display: { kind: 'table' } })
  const dashboards = [{ ...board, filters: [name], tabs: [{ name: '', rows: [[{ question: listed }]] }] }]
  const publication = { ...ours(), dashboards } as Publication // sound because these are the parts of one.
  await apply(publication)
  const ask = async (parameters: readonly object[]) => {
    const answer = (await client.post(`/card/${metabase.cards[0]?.['id']}/query`, { parameters })) as Entity
    return (answer['data'] as { rows: readonly (readonly string[])[] }).rows // sound because an answer has them.
  }
  const [[first = ''] = []] = await ask([])
  const other = first.toUpperCase() === first ? first.toLowerCase() : first.toUpperCase()
  const [{ parameters, dashcards } = {}] = metabase.dashboards
  const [{ target } = {}] = (dashcards as { parameter_mappings: Entity[] }[]).flatMap((tile) => tile.parameter_mappings) // sound because tiles have them.
  expect((await ask([{ target, value: [other] }])).flat()).toContain(first)
  expect(parameters).toMatchObject([{ options: { 'case-sensitive': false } }])
  expect((await plan(publication)).changes).toEqual([])
  await metabase.stop()
})

test('a collection that people archived stays so while it is called otherwise', async () => {
  const { metabase, client, plan, apply } = await blank()
  await apply(ours())
  const [collection = {}] = metabase.collections
  await client.put(`/collection/${collection['id']}`, { archived: true })
  const dashboards = ours().dashboards.map((board) => ({
    ...board,
    collection: { ...board.collection, name: 'Other' },
  }))
  await apply({ ...ours(), dashboards })
  expect(collection).toMatchObject({ name: 'Other', archived: true })
  await apply({ ...ours(), dashboards }, true)
  expect([collection['archived'], (await plan({ ...ours(), dashboards })).changes]).toEqual([false, []])
  await metabase.stop()
})
