/** What the page shows of a published shop is what the reader finds there, and whatever happens to it is explained on the page. */
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Readers } from '../../src/page/reader-sessions.ts'
import { connect } from '../../src/postgres/connect.ts'
import { Installation } from '../run/installation.ts'
import { type AskedPage, askedPage } from './asked-page.ts'
import { shownShop } from './page-shop.ts'

let shop: Installation
let readers: Readers
let page: AskedPage
const asked: string[] = []

beforeAll(async () => {
  shop = await Installation.create(18, 60, shownShop)
  await shop.run()
  const { limits } = shop.publication
  readers = new Readers(async () => {
    const session = await connect(shop.target.address(shop.reader), {
      side: 'target',
      name: 'page',
      limits: { ...limits, statementTimeoutMs: 4_000 },
      readOnly: true,
      searchPath: [],
    })
    const texts = session.texts.bind(session)
    session.texts = (text, values, bounds) => {
      asked.push(text)
      return texts(text, values, bounds)
    }
    return session
  })
  page = askedPage(shop.publication, { readers, clock: systemClock })
})
afterAll(async () => {
  await readers.close()
  await shop.drop()
})

/** The figure of a card, and the rows of its table. */
const figure = (text: string, key: string): string | undefined =>
  new RegExp(`id="q-${key}"[^\\0]*?<p class="v-fig[^"]*">([^<]*)<`).exec(text)?.[1]
const table = async (path: string): Promise<readonly string[]> =>
  [...(await page.text(path)).matchAll(/<tr><th scope="row"[^>]*>([^<]*)<\/th>(.*?)<\/tr>/g)].map(
    ([, head = '', cells = '']) =>
      [
        head,
        ...[...cells.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = '']) => cell.replaceAll(/<[^>]*>/g, '')),
      ].join(' '),
  )
const found = async (where: string): Promise<string> =>
  String((await shop.look<{ n: string }>(`select count(*) as n from shop.shop_customer where ${where}`))[0]?.n)

describe('filters', () => {
  test.each([
    ['country=C1', `country = 'C1'`],
    ['country=C1&country=C3', `country in ('C1', 'C3')`],
    ['job=chief', `job = 'chief'`],
    ['job=chief&country=C2', `job = 'chief' and country = 'C2'`],
    ['since=2024-01-02..2024-01-02', `(created_at at time zone 'Europe/Paris')::date = '2024-01-02'`],
    ['since=2024-01-02..', `(created_at at time zone 'Europe/Paris')::date >= '2024-01-02'`],
    ['since=..2024-01-01', `(created_at at time zone 'Europe/Paris')::date <= '2024-01-01'`],
    ['month=2024-01', 'true'],
    ['month=2023-12', 'false'],
    ['name=customer+1', `name ilike '%customer 1%'`],
    ['name=%25', 'false'],
    ['name=%27%27+or+1%3D1+--', 'false'],
    ['amount=2', 'purchases = 2'],
    ['', 'true'],
  ])('%s shows what the reader finds', async (query, where) => {
    const text = await page.text(`/dashboards/shop?${query}`)
    const expected = await found(where)
    // A count of no rows is a figure: zero.
    expect(figure(text, 'customers')).toBe(expected)
  })

  test.each([
    ['', `job = 'chief' and country = 'C1'`],
    ['?country=', `job = 'chief'`],
    ['?country=C2', `job = 'chief' and country = 'C2'`],
    ['?job=other', `job = 'other' and country = 'C1'`],
    ['?country=&large=true', `job = 'chief' and large`],
    ['?country=&large=false', `job = 'chief' and not large`],
  ])('what stands when nothing is said stays until another is chosen: %s', async (query, where) => {
    const text = await page.text(`/dashboards/kept${query}`)
    const [row] = await shop.look<{ n: string }>(
      `select count(*) as n from shop.shop_purchase p join shop.shop_customer c on c.id = p.customer_id where ${where}`,
    )
    expect(figure(text, 'purchases')).toBe(row?.n)
    expect(text.includes('>Reset<')).toBe(query !== '')
  })

  test.each([
    ['?job=', ''],
    ['?job=chief&country=C1&large=', ''],
    ['?country=C1&country=&large=false', '?large=false'],
  ])('what nobody can leave out, and what stands anyway, is not in the address: %s', async (query, short) => {
    const answer = await page.ask(`/dashboards/kept${query}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/dashboards/kept${short}`])
    expect(await page.text('/dashboards/kept?large=maybe')).toContain('class="v-ignored"')
  })

  test('a figure that is unknown says why, by what the run recorded', async () => {
    await shop.look(`update vitrine.freshness set unknown = '{"source_down": 35}' where table_name = 'shop_purchase'`)
    expect(await page.text('/dashboards/kept?country=C4')).toContain(
      'The value is not known. Recorded reasons: source down (rows: 35).',
    )
  })

  test('values are parameters, whatever they hold', async () => {
    asked.length = 0
    await page.text(`/dashboards/shop?name=${encodeURIComponent("canary'); drop table x; --")}&country=canary-two`)
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.join('\n')).not.toContain('canary')
  })

  test.each([
    'job=nobody',
    'since=2024-02-30',
    'since=2024-02-02..2024-01-01',
    'amount=1e9',
    'amount=x',
    'month=2024-13',
    `name=${'x'.repeat(300)}`,
    'name=a%00b',
    'job=chief&job=nobody',
    'since=a..b..c',
  ])('%s is left out, and told', async (query) => {
    const text = await page.text(`/dashboards/shop?${query}`)
    expect(text).toContain('class="v-ignored"')
    expect(text).not.toMatch(/[>"]nobody/)
    expect(figure(text, 'customers')).toBe(await found(query.startsWith('job=chief') ? `job = 'chief'` : 'true'))
  })

  test.each([
    ['?country=C3&country=C1&country=', '?country=C1&country=C3'],
    ['?since.from=2024-01-01&since.to=', '?since=2024-01-01..'],
    ['?since.from=&since.to=&name=&job=', ''],
    ['?utm_source=mail', ''],
    ['?job=other&job=chief', '?job=chief&job=other'],
  ])('the address of %s is the short one', async (query, short) => {
    const answer = await page.ask(`/dashboards/shop${query}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/dashboards/shop${short}`])
  })

  test('links keep them', async () => {
    const text = await page.text('/dashboards/shop?country=C1')
    const links = [...text.matchAll(/href="(\/dashboards\/shop\/[^"]*)"/g)].map(([, href]) => href)
    expect(links.length).toBeGreaterThan(2)
    expect(links.filter((href) => !href?.endsWith('?country=C1'))).toEqual([])
  })

  test('the options of a list are narrowed by the filters that it is linked to, and are of no small group', async () => {
    await shop.look(`update shop.shop_customer set country = 'C9' where id = 1`)
    const options = async (query: string) =>
      [...(await page.text(`/dashboards/shop${query}`)).matchAll(/name="country" value="(\w+)"/g)].map(
        ([, value]) => value,
      )
    expect(await options('')).toEqual(['C1', 'C2', 'C3', 'C4'])
    const { rows } = {
      rows: await shop.look<{ country: string }>(
        `select country from shop.shop_customer where job = 'other' and country is not null group by 1 having count(*) >= 2 order by 1`,
      ),
    }
    expect(await options('?job=other')).toEqual(rows.map(({ country }) => country))
    await shop.look(`update shop.shop_customer set country = null where id = 1`)
  })
})

describe('a question', () => {
  test('is a table, a file and rows, with the same filters', async () => {
    const rows = await shop.look<{ line: string }>(
      `select concat_ws(' ', coalesce(c.country, 'unknown'), count(*), sum(amount)) as line from shop.shop_purchase p
       join shop.shop_customer c on c.id = p.customer_id where c.job = 'chief' group by c.country order by count(*) desc, 1`,
    )
    const expected = rows.map(({ line }) => line).toSorted()
    const shown = await table('/dashboards/shop/questions/amounts?job=chief')
    expect(shown.map((line) => line.replaceAll(',', '')).toSorted()).toEqual(expected)
    const file = await page.ask('/dashboards/shop/questions/amounts/csv?job=chief')
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(
      (await file.text())
        .split('\r\n')
        .slice(1, -1)
        .map((line) => line.replaceAll(',', ' '))
        .toSorted(),
    ).toEqual(expected)
    asked.length = 0
    const behind = await page.text('/dashboards/shop/questions/amounts/rows?job=chief&group.country=C1')
    expect(asked.join('\n')).toMatch(/\blimit 201\b/)
    const [{ n } = { n: '' }] = await shop.look<{ n: string }>(
      `select count(*) as n from shop.shop_purchase p join shop.shop_customer c on c.id = p.customer_id where c.job = 'chief' and c.country = 'C1'`,
    )
    expect(behind.match(/<th scope="row"/g)?.length).toBe(Number(n))
    const lines = await page.text('/dashboards/shop/questions/amounts/rows?job=chief&group.country=C1&csv=1')
    expect(lines.trim().split('\r\n').length).toBe(Number(n) + 1)
  })

  test('never shows persons one by one', async () => {
    expect((await page.ask('/dashboards/shop/questions/customers/rows')).status).toBe(404)
    expect(await page.text('/dashboards/shop')).not.toContain('/customers/rows')
  })

  test('that is slow holds no other, and comes by itself', async () => {
    const answer = await page.ask('/dashboards/odd', { headers: { 'accept-encoding': 'br, gzip' } })
    expect([answer.headers.get('content-encoding'), answer.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding'])
    const text = gunzipSync(await answer.arrayBuffer()).toString()
    expect(text).toMatch(/v-is-coming[\s\S]*<noscript>[\s\S]*href="\/dashboards\/odd\/questions\/slow"/)
    expect(figure(text, 'customers')).toBe('60')
    expect(await page.text('/dashboards/odd/questions/slow/tile')).toMatch(/^<article class="v-card v-is-table"/)
    const card = await page.text('/dashboards/odd/questions/late/tile')
    expect(card).toMatch(/^<article class="v-card v-is-failed"[\s\S]*QUERY_TIMEOUT/)
  })

  test('that fails is told by its code in its card, and no value with it', async () => {
    const text = await page.text('/dashboards/odd/tabs/3')
    expect(text).toContain('EXPRESSION_FAILED')
    expect(text).not.toMatch(/division by zero/)
    expect(figure(text, 'customers')).toBe('60')
  })

  test('without an end is cut, and says so', async () => {
    const text = await page.text('/dashboards/odd/questions/long')
    expect(text).toMatch(/there are more/)
  })

  test('about more rows than a page can show is bounded in rows and in memory: on its card, as a table, as a file, and in what is kept', async () => {
    const [{ customer } = { customer: '' }] = await shop.look<{ customer: string }>(
      'select min(id) as customer from shop.shop_customer',
    )
    await shop.look(`insert into shop.shop_purchase (id, customer_id, amount, label, large)
      select 1e9 + n, ${customer}, 1, 'stored', false from generate_series(1, 20000) n`)
    const rowsOf = (text: string) => text.match(/<tr><th scope="row"/g)?.length ?? 0
    const card = await page.text('/dashboards/odd/questions/stored/tile')
    expect([rowsOf(card), card]).toEqual([
      400,
      expect.stringMatching(/The first 400 rows; there are more\.[\s\S]*href="\/dashboards\/odd\/questions\/stored"/),
    ])
    const whole = await page.text('/dashboards/odd/questions/stored')
    expect([rowsOf(whole), whole]).toEqual([
      5_000,
      expect.stringContaining('The first 5,000 rows; there are more.</p>'),
    ])
    const file = await page.ask('/dashboards/odd/questions/stored/csv')
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="stored-first-5000-rows.csv"')
    expect((await file.text()).trim().split('\r\n').length).toBe(5_001)
    // Of long values there are fewer rows, and none is longer than a cell can be.
    const heavy = (await page.text('/dashboards/odd/questions/heavy/csv')).trim().split('\r\n')
    expect([heavy.length, heavy[1]?.length]).toEqual([2_000, 2_001])
    expect(rowsOf(await page.text('/dashboards/shop/questions/amounts/rows'))).toBe(200)
    expect(await page.text('/dashboards/shop/questions/amounts/rows')).toContain('The first 200 rows; there are more.')
    await shop.look('delete from shop.shop_purchase where id > 1e9')
  })
})

describe('a version', () => {
  test('is asked once, until another is published', async () => {
    expect(await (await page.ask('/dashboards/shop')).text()).toContain('</html>')
    asked.length = 0
    const first = await page.ask('/dashboards/shop')
    await first.text()
    const again = await page.ask('/dashboards/shop', { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
    expect([again.status, asked]).toEqual([304, []])
    expect((await page.ask('/dashboards/shop')).status).toBe(200)
    expect(asked).toEqual([])
    await shop.change(
      `insert into customer (email, password, name, created_at) values ('new@example.org', 'x', 'New', now())`,
    )
    await shop.run()
    const next = await page.ask('/dashboards/shop', { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
    expect([next.status, figure(await next.text(), 'customers')]).toEqual([200, '61'])
  })

  test('that is switched while it is read is read again: no page mixes two, none is empty', async () => {
    let running = true
    const counts = new Set<string>()
    const failed: string[] = []
    const read = async () => {
      for (let turn = 0; running; turn++) {
        const text = await page.text(`/dashboards/shop?name=${'customer '.slice(0, 1 + (turn % 8))}`)
        counts.add(figure(text, 'customers') ?? 'none')
        failed.push(...(text.match(/v-is-failed|Code to pass on: \w+/g) ?? []))
      }
    }
    const reading = read()
    await shop.change(
      `insert into customer (email, password, name, created_at) values ('z', 'x', 'Zcustomer z', now())`,
    )
    await shop.run()
    await shop.rollBack()
    running = false
    await reading
    expect([failed, counts.size > 1, counts.has('0') || counts.has('none')]).toEqual([[], true, false])
  })

  test('that is away is told, and the page with it', async () => {
    await shop.look('alter schema shop rename to away')
    const text = await page.text('/dashboards/shop')
    expect(text).toContain('Nothing is published')
    expect(text).toContain('v-is-empty')
    await shop.look('alter schema away rename to shop')
    expect(figure(await page.text('/dashboards/shop'), 'customers')).toMatch(/^\d+$/)
  })

  test('whose server is away is told by its code, without its address', async () => {
    const away = new Readers(() =>
      connect(
        { ...shop.target.address(shop.reader), port: 1 },
        { side: 'target', name: 'away', limits: shop.publication.limits },
      ),
    )
    const answer = await askedPage(shop.publication, { readers: away }).ask('/dashboards/shop')
    const text = await answer.text()
    expect(answer.status).toBe(503)
    expect(text).toContain('CONNECTION_FAILED')
    expect(text).not.toContain(shop.reader.user)
  })

  test('is asked on a few sessions, however many ask', async () => {
    const asking = Promise.all(Array.from({ length: 20 }, (_, at) => page.text(`/dashboards/shop?name=${at}`)))
    const open = async () =>
      (
        await shop.look<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where application_name = 'page'`,
        )
      )[0]?.n ?? 0
    let most = 0
    for (let times = 0; times < 10; times++) most = Math.max(most, await open())
    await asking
    expect([most > 0, most <= 4]).toEqual([true, true])
  })

  test('is asked again after the sessions of the page were ended', async () => {
    await page.text('/dashboards/shop')
    await shop.look(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'page'`)
    expect(figure(await page.text('/dashboards/shop?name=cust'), 'customers')).toMatch(/^\d+$/)
  })
})

describe('a public dashboard', () => {
  test('is for everybody, without filters, frame or script; the others are not', async () => {
    const framed = askedPage(shop.publication, {
      readers,
      access: { kind: 'passwords', passwords: {} },
      reach: { origin: null, onLoopback: false, trustsProxy: false, framedBy: ['https://www.example.org'] },
    })
    const answer = await framed.ask('/public/open?country=C1')
    const text = await answer.text()
    expect([answer.status, figure(text, 'customers-public')]).toEqual([200, await found('true')])
    expect(text).not.toMatch(/<script|<nav|v-filters|href="\/dashboards/)
    expect(answer.headers.get('content-security-policy')).toContain('frame-ancestors https://www.example.org')
    expect(answer.headers.get('x-frame-options')).toBeNull()
    for (const path of ['/public/shop', '/public/odd', '/public/nothing', '/public/open/questions/amounts'])
      expect([path, (await framed.ask(path)).status]).toEqual([path, 404])
    expect((await framed.ask('/public/open/questions/customers-public/csv')).status).toBe(200)
    expect((await framed.ask('/public/open/questions/customers-public/rows')).status).toBe(404)
  })
})
