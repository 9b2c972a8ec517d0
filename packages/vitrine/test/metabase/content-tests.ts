/** Collections, questions and dashboards: made, run, changed by people, and withdrawn. Part of `set-up.test.ts`, on its shop. */
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { run } from '../cli/captured-io.ts'
import type { Entity } from './answers.ts'
import type { metabaseShop } from './metabase-shop.ts'
import { dashboardsOf, NAMES } from './shop-dashboards.ts'

export function contentTests(shop: () => Awaited<ReturnType<typeof metabaseShop>>): void {
  const named = (list: readonly Entity[], name: string): Entity => {
    const found = list.find((each) => each['name'] === name)
    if (found === undefined) throw new Error(`no ${name}`)
    return found
  }
  const board = () => shop().metabase.dashboards[0] ?? {}
  const cards = () => board()['dashcards'] as Entity[] // sound because the stand-in keeps them so.
  const withDashboards = (dashboards: ReturnType<typeof dashboardsOf>) => ({
    ...shop().at.program.publication,
    dashboards,
  })

  /** The rows of a question, asked by the API as people do. */
  async function rows(name: string, parameters: readonly object[] = []): Promise<unknown> {
    const { metabase } = shop()
    const headers = { 'x-api-key': String(metabase.keys[0]?.['unmasked_key']), 'content-type': 'application/json' }
    const url = `${metabase.url}/api/card/${named(metabase.cards, name)['id']}/query`
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ parameters }) })
    const { status, data, error } = (await answer.json()) as { status: string; data: Entity; error?: string }
    expect([status, error]).toEqual(['completed', undefined])
    return data['rows']
  }

  describe('questions and dashboards', () => {
    test('are there, in a collection that the team may see and nobody else', () => {
      const { metabase } = shop()
      const collection = named(metabase.collections, 'Boutique "1" 🛍️')
      const team = named(metabase.groups, NAMES.team)
      expect([1, team['id']].map((group) => metabase.access.get(`${group}/${collection['id']}`))).toEqual([
        'none',
        'read',
      ])
      expect(metabase.cards.map((card) => card['collection_id'])).toEqual(metabase.cards.map(() => collection['id']))
      expect(board()).toMatchObject({ name: 'Who buys?', parameters: [{ slug: 'country', type: 'string/=' }] })
      expect(cards()).toHaveLength(4)
    })

    test('that check refuses reach no Metabase, by command or after a run', async () => {
      const { metabase, command, at, keyed } = shop()
      const publication = withDashboards([...dashboardsOf(), ...dashboardsOf()])
      const asked = metabase.requests.length
      for (const line of ['setup --key-file other.env', 'plan', 'apply --force']) {
        const { status, stderr } = await command(line, { publication })
        expect([status, stderr]).toEqual([EXIT.definition, expect.stringContaining('DEFINITION_INVALID')])
      }
      const { status, stderr } = await run({ ...at.program, publication }, 'sync', { environment: keyed() })
      expect([status, stderr]).toEqual([0, expect.stringContaining('DEFINITION_INVALID')])
      expect(metabase.requests).toHaveLength(asked)
    })

    test('run as the reader; a filter of the dashboard acts where it was said to', async () => {
      expect(await rows('Customers')).toEqual([['60']])
      // In the order of its list, which the last column holds.
      const byCountry = ['C1', 'C2', 'C3', 'C4', 'unknown'].map((country, rank) => [country, '12', rank])
      expect(await rows('Customers by country, l’été')).toEqual(byCountry)
      const [mapping] = cards().flatMap((card) => card['parameter_mappings'] as Entity[])
      const value = ['C1', 'C2']
      expect(await rows('Customers by country, l’été', [{ target: mapping?.['target'], value }])).toEqual(
        byCountry.slice(0, 2),
      )
      expect(await rows('Data of')).toHaveLength(1)
    })

    test('keep the numbers of their tiles when they change', async () => {
      const before = cards().map((card) => card['id'])
      const changed = withDashboards(dashboardsOf('Who buys now?'))
      const { status, stdout } = await shop().command('plan', { publication: changed })
      expect([status, stdout]).toEqual([EXIT.different, '~ dashboard buyers: name\n1 change.\n'])
      await shop().written('apply', { publication: changed })
      expect([board()['name'], cards().map((card) => card['id'])]).toEqual(['Who buys now?', before])
      await shop().written('apply')
      expect(cards().map((card) => card['id'])).toEqual(before)
    })

    test('that people changed, moved or archived are shown and left; with --force they are ours again', async () => {
      const { metabase, command, written } = shop()
      Object.assign(named(metabase.cards, 'Customers'), { display: 'table', archived: true })
      board()['dashcards'] = [...cards(), { ...cards()[0], id: 4_711, row: 40 }]
      const { stdout } = await command('plan')
      expect(stdout.match(/^!.*/gm)).toEqual([
        '! question all-customers: changed in Metabase by hand: display, archived',
        '! dashboard buyers: changed in Metabase by hand: layout',
      ])
      await written('apply')
      expect(cards()).toHaveLength(5)
      await written('apply --force')
      expect([named(metabase.cards, 'Customers')['archived'], cards().length]).toEqual([false, 4])
      expect((await command('plan')).status).toBe(EXIT.ok)
    })

    test('that were moved stay there until --force; those of a collection that was deleted are made again', async () => {
      const { metabase, command, written } = shop()
      const home = board()['collection_id']
      board()['collection_id'] = null
      expect((await command('plan')).stdout).toMatch(/^! dashboard buyers: changed in Metabase by hand: collection$/m)
      await written('apply')
      expect(board()['collection_id']).toBe(null)
      await written('apply --force')
      expect(board()['collection_id']).toBe(home)
      // In Metabase, what stands in a collection goes into the trash with it.
      const headers = { 'x-api-key': String(metabase.keys[0]?.['unmasked_key']), 'content-type': 'application/json' }
      const thrown = { method: 'PUT', headers, body: '{"archived":true}' }
      await fetch(`${metabase.url}/api/collection/${home}`, thrown)
      const { stdout } = await command('plan')
      for (const what of ['collection shop', 'question all-customers', 'dashboard buyers'])
        expect(stdout).toMatch(new RegExp(`^! ${what}: changed in Metabase by hand: archived$`, 'm'))
      await written('apply')
      expect(metabase.cards.every(({ archived }) => archived === true)).toBe(true)
      await written('apply --force')
      expect((await command('plan')).status).toBe(EXIT.ok)
      for (const list of [metabase.collections, metabase.cards, metabase.dashboards]) list.length = 0
      expect((await command('plan')).stdout).toMatch(
        /^\+ collection shop: [\s\S]*^\+ question all-customers: [\s\S]*^\+ dashboard buyers: /m,
      )
      await written('apply')
      expect((await command('plan')).stdout).toBe('Metabase is in step: nothing to do.\n')
      expect([metabase.collections.length, metabase.cards.length, cards().length]).toEqual([1, 3, 4])
    })

    test('under a new key are the same ones', async () => {
      const { written, metabase } = shop()
      const ids = metabase.cards.map((card) => card['id'])
      const renamed = withDashboards(dashboardsOf('Who buys?', { key: 'clients', previousKeys: ['all-customers'] }))
      expect(await written('apply', { publication: renamed })).toBe('Metabase is in step: nothing to do.\n')
      expect(
        await written('apply', {
          publication: withDashboards(dashboardsOf('Who buys?', { key: 'all-customers', previousKeys: ['clients'] })),
        }),
      ).toContain('nothing to do')
      expect(metabase.cards.map((card) => card['id'])).toEqual(ids)
    })

    test('are found again when the record of them is lost', async () => {
      const { at, metabase, written } = shop()
      const client = await at.target.connect()
      await client.query('delete from vitrine.metabase')
      await at.target.close(client)
      const before = metabase.requests.length
      expect(await written('apply')).toBe('Metabase is in step: nothing to do.\n')
      expect(metabase.requests.slice(before).filter(({ method }) => method !== 'GET')).toEqual([])
    })

    test('that are declared no longer are archived, and those of others stay', async () => {
      const { metabase, written } = shop()
      const collection = named(metabase.collections, 'Boutique "1" 🛍️')
      const theirs = { id: 5_000, name: 'Ours', collection_id: collection['id'], archived: false, entity_id: 'z' }
      metabase.cards.push(theirs)
      expect(await written('apply', { publication: withDashboards([]) })).toMatch(
        /^- collection shop: archived where nothing of others is left[\s\S]*^- question all-customers: archived, as /m,
      )
      expect(metabase.cards.map((card) => card['archived'])).toEqual([true, true, true, false])
      expect([board()['archived'], collection['archived']]).toEqual([true, false])
      metabase.cards.pop()
      expect(await written('apply')).toMatch(/^~ dashboard buyers: archived$/m)
      const theirHome = { id: 5_001, name: 'Ours', location: `/${collection['id']}/`, archived: false }
      metabase.collections.push(theirHome)
      await written('apply', { publication: withDashboards([]) })
      expect([collection['archived'], theirHome.archived]).toEqual([false, false])
      metabase.collections.pop()
      await written('apply')
      expect(metabase.cards.map((card) => card['archived'])).toEqual([false, false, false])
    })
  })
}
