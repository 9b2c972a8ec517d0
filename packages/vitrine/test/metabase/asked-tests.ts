/** What people ask by themselves: within the reader's limits, and named when it would break. Part of `set-up.test.ts`. */
import { afterEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import type { Publication } from '../../src/publication/publication.ts'
import type { metabaseShop } from './metabase-shop.ts'

export function askedTests(shop: () => Awaited<ReturnType<typeof metabaseShop>>): void {
  const database = () => shop().metabase.databases[0]?.['id']
  const numberOf = (column: string) => Number(shop().metabase.field(column)['id'])
  /** A question of the team. */
  function ask(id: number, name: string, query: object): void {
    const dataset_query = { database: database(), ...query }
    shop().metabase.cards.push({ id, name, dataset_query, display: 'table', collection_id: null, archived: false })
  }
  const sql = (query: string) => ({ type: 'native', native: { query } })

  afterEach(() => {
    const { cards } = shop().metabase
    cards.splice(0, cards.length, ...cards.filter(({ id }) => Number(id) < 8_000))
  })

  async function answer(id: number): Promise<{ status: string; error?: string; data: { rows: unknown[] } }> {
    const { metabase } = shop()
    const headers = { 'x-api-key': String(metabase.keys[0]?.['unmasked_key']), 'content-type': 'application/json' }
    const asked = { method: 'POST', headers, body: '{}' }
    // sound because the stand-in answers so.
    return (await (await fetch(`${metabase.url}/api/card/${id}/query`, asked)).json()) as never
  }

  describe('a question of the team', () => {
    test('that takes too long is ended by the limit of the reader, which provision set', async () => {
      const { at } = shop()
      ask(8_001, 'How long?', sql("select current_setting('statement_timeout')"))
      expect((await answer(8_001)).data.rows).toEqual([['5min']])
      ask(8_002, 'For ever', sql('select pg_sleep(600)'))
      const client = await at.target.connect()
      const limited = (limit: string) =>
        client.query(`alter role ${at.reader.user} in database ${at.target.name} set statement_timeout = '${limit}'`)
      await limited('20ms')
      expect(await answer(8_002)).toMatchObject({ status: 'failed', error: expect.stringContaining('timeout') })
      await limited('5min')
      await at.target.close(client)
    })

    test('that gives millions of rows is cut by Metabase, and no command of ours asks it', async () => {
      const { metabase, command, written } = shop()
      ask(
        8_009,
        'Everything',
        sql('select a.id from shop.shop_customer a, shop.shop_customer b, shop.shop_customer c, shop.shop_customer d'),
      )
      const table = numberOf('shop_customer.id') - 1
      const id = ['field', {}, numberOf('shop_customer.id')]
      const stage = { 'lib/type': 'mbql.stage/mbql', 'source-table': table }
      ask(8_010, 'By itself', {
        'lib/type': 'mbql/query',
        stages: [{ ...stage, aggregation: [['count', {}]], breakout: [id] }],
      })
      const { data } = await answer(8_009)
      expect(data).toMatchObject({ rows_truncated: 2_000 })
      expect([data.rows.length, (await answer(8_010)).data.rows.length]).toEqual([2_000, 60])
      ask(8_011, 'For ever', sql('select pg_sleep(600)'))
      const before = metabase.requests.length
      expect(await written('plan')).toBe('Metabase is in step: nothing to do.\n')
      expect(await written('apply')).toBe('Metabase is in step: nothing to do.\n')
      await command('doctor')
      const { stderr } = await command('pull --adopt 8009 8011')
      for (const number of [8_009, 8_011]) expect(stderr).toContain(`number ${number}`)
      expect(metabase.requests.slice(before).filter(({ path }) => path.endsWith('/query'))).toEqual([])
    })

    test('that asks for a renamed column is named by plan and doctor, and so is every one of ours', async () => {
      const { at, command, keyed } = shop()
      const published = at.program.publication
      const table = numberOf('shop_customer.id') - 1
      const stage = { 'lib/type': 'mbql.stage/mbql', 'source-table': table, aggregation: [['count', {}]] }
      const country = [
        'field',
        { 'source-field': numberOf('shop_purchase.customer_id') },
        numberOf('shop_customer.country'),
      ]
      ask(8_003, 'In SQL', sql('select c."Country" from shop.shop_customer c'))
      ask(8_004, 'By a key', { 'lib/type': 'mbql/query', stages: [{ ...stage, breakout: [country] }] })
      const joined = { alias: 'c', stages: [{ 'source-table': table }], conditions: [['=', {}, country, country]] }
      const purchases = numberOf('shop_purchase.id') - 1
      const join = { 'lib/type': 'mbql.stage/mbql', 'source-table': purchases, joins: [joined] }
      ask(8_006, 'By a join', { 'lib/type': 'mbql/query', stages: [join] })
      ask(8_005, 'Not this one', sql('select name from shop.shop_customer'))
      const tables = published.tables.map((each) => ({
        ...each,
        columns: each.columns.map((column) => (column.name === 'country' ? { ...column, name: 'land' } : column)),
      }))
      at.program.publication = { ...published, tables } satisfies Publication
      try {
        const told = await at.command('plan', { environment: keyed() })
        const audit = await command('doctor')
        for (const { stderr } of [told, audit])
          for (const place of ['question customers-by-country', 'dashboard buyers'])
            expect(stderr).toMatch(new RegExp(`^warning: ${place}: .*«country»`, 'm'))
        const broken = (name: string) => `«${name}» \\(number \\d+\\): shop_customer.country`
        for (const name of ['Customers by country, l’été', 'In SQL', 'By a key', 'By a join']) {
          expect(told.stderr).toMatch(new RegExp(`^warning: a question in Metabase would break: ${broken(name)}$`, 'm'))
          expect(audit.stdout).toMatch(new RegExp(broken(name)))
        }
        expect(told.stderr + audit.stdout).not.toContain('Not this one')
        const applied = await command('apply')
        expect([applied.status, applied.stderr]).toEqual([
          EXIT.definition,
          expect.stringContaining('customers-by-country'),
        ])
      } finally {
        at.program.publication = published
      }
    })

    test('that only counts the rows of a withdrawn table is named, too', async () => {
      const { at, command } = shop()
      const published = at.program.publication
      const purchases = numberOf('shop_purchase.id') - 1
      const stage = { 'lib/type': 'mbql.stage/mbql', 'source-table': purchases, aggregation: [['count', {}]] }
      ask(8_007, 'How many', { 'lib/type': 'mbql/query', stages: [stage] })
      ask(8_008, 'All of them', sql('select * from shop.shop_purchase'))
      const tables = published.tables.filter(({ name }) => name !== 'shop_purchase')
      const { stdout } = await command('doctor', { publication: { ...published, tables, dashboards: [] } })
      for (const name of ['How many', 'All of them'])
        expect(stdout).toMatch(new RegExp(`«${name}» \\(number \\d+\\): shop_purchase`))
    })
  })
}
