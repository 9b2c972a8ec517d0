/** The dictionary, the runs and the state say what is so, whatever is asked, and never a value of a row. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { wantedFrom } from '../../src/metabase/wanted.ts'
import { dashboardsPlace } from '../../src/page/dashboards-place.ts'
import { dictionaryPlace } from '../../src/page/dictionary-place.ts'
import { contentsPlace, exportPage } from '../../src/page/export.ts'
import { recordMetabase } from '../../src/record/applied-items.ts'
import { run } from '../cli/captured-io.ts'
import { buildGate, closeGate, openGate, somebodyWaits } from '../run/gate.ts'
import type { Installation } from '../run/installation.ts'
import { pageOf, placedShop } from './placed-shop.ts'

let shop: Installation
let page: ReturnType<typeof pageOf>
const seen: string[] = []
const text = async (path: string, status = 200) => {
  const answer = await page.get(path)
  expect([path, answer.status]).toEqual([path, status])
  seen.push(answer.text)
  return answer.text
}

beforeAll(async () => {
  shop = await placedShop(60)
  page = pageOf(shop)
})
afterAll(async () => {
  await page.readers.close()
  await shop.drop()
})

test('before the first run, every place says so', async () => {
  expect(await text('/runs')).toContain('No run has taken place.')
  expect(await text('/state')).toContain('Nothing was published since')
  expect(await text('/dictionary/shop_customer')).toContain('Not published yet')
})

describe.sequential('after some runs', () => {
  beforeAll(async () => {
    await shop.run()
    await shop.change("update customer set name = repeat('canary-name ', 4) where id = 3")
    await shop.failure()
    await shop.change("update customer set name = 'Customer 3' where id = 3")
  })

  test.each([
    ['purchase', ['shop_purchase', 'shop_purchase.amount', 'shop_customer.purchases', 'Amounts by job']],
    ['PSEUDONÝM e-mail', ['shop_customer.person']],
    ['customer.email', ['shop_customer.person']],
    ['stable key', ['shop_customer.id']],
  ])('the search for %s finds %j', async (words, names) => {
    const found = (await text(`/dictionary?q=${encodeURIComponent(words)}`)).replaceAll('<wbr>', '')
    for (const name of names) expect(found).toContain(`>${name}<`)
  })

  test.each([
    '<script>alert(1)</script>',
    '"><img src=x>',
    '%',
    '\\',
    '\0',
    '\ud800',
    "' or 1=1",
    'a'.repeat(5_000),
    '((((',
  ])('the search for hostile text %# finds nothing and means itself', async (words) => {
    const found = await text(`/dictionary?q=${encodeURIComponent(words.toWellFormed())}`)
    expect(found).toContain('0 results')
    expect(found).not.toMatch(/<script>alert|<img/)
  })

  test('a column says meaning, origin, class and use, and its values as numbers alone', async () => {
    const column = (await text('/dictionary/shop_customer/job')).replaceAll('<wbr>', '')
    for (const part of ['Kind of job', '<code>customer.job</code> → category', 'personal', 'Amounts by job'])
      expect(column).toContain(part)
    expect(column).toMatch(/aria-label="Origin: customer\.job → category[^"]* → shop_customer\.job ; → Amounts by job"/)
    expect(column).toMatch(/<dd>40<\/dd>.*<dd>33\.3%<\/dd>.*<dd>2<\/dd>/s)
    expect(await text('/dictionary/shop_purchase/amount')).toContain('<dd>1 – 120</dd>')
    // The ends of what identifies, and of a text, are values.
    for (const name of ['id', 'customer_id', 'label'])
      expect(await text(`/dictionary/shop_purchase/${name}`)).not.toContain('Ends')
    expect(await text('/dashboards/sales')).toContain('<a href="/meaning/amounts">Meaning</a>')
    expect(await text('/public/open')).not.toContain('/meaning/')
    expect(await text('/meaning/amounts')).toMatch(/shop_<wbr>purchase\.<wbr>amount.*For all.*<pre[^>]*>select .*sum/s)
  })

  test('a table of persons tells of no small group', async () => {
    const persons = { ...shop.publication, persons: { tables: ['shop_customer'], smallest: 30 } }
    const careful = pageOf(shop, { publication: () => persons })
    expect((await careful.get('/dictionary/shop_customer/job')).text).toContain('A group would have fewer than 30 rows')
    await careful.readers.close()
  })

  test('the last success stands apart from the last try, and a failed run begins with what to do', async () => {
    expect(await text('/runs')).toMatch(/Last successful one.*runs\/1.*Last try.*runs\/2.*failed/s)
    const failed = await text('/runs/2')
    expect(failed.indexOf('What to do')).toBeLessThan(failed.indexOf('Phases'))
    for (const part of [
      'Values are longer than their column.',
      '<code>shop_<wbr>customer</code>',
      'vitrine sync',
      'VALUE_<wbr>TOO_<wbr>LONG',
      'stopped here',
    ])
      expect(failed).toContain(part)
    await shop.look(
      `update vitrine.run_table set unknown = '{"source_down": 12}' where run_id = 1 and table_name = 'shop_customer'`,
    )
    const good = await text('/runs/1')
    expect(good).toMatch(/What is unknown[\s\S]*source down[\s\S]*>12</)
    expect(good).toMatch(/publish : \d/)
    const warnings = [
      { column: 'job', text: 'of an older record' },
      { column: 'job', text: '', moved: { value: 'chief', before: 0.5, now: 1 } },
      { column: 'job', text: '', moved: { value: null, before: 0.25, now: 0.75 } },
    ]
    await shop.look(
      `update vitrine.run_table set warnings = '${JSON.stringify(warnings)}' where run_id = 1 and table_name = 'shop_customer'`,
    )
    const english = 'older record[^]*every row has “chief”, which was 50%[^]*no value went from 25% to 75%'
    const french =
      'older record[^]*toutes les lignes ont « chief », qui en faisait 50\\s%[^]*l’absence de valeur est passé de'
    expect(await text('/runs/1')).toMatch(new RegExp(english))
    expect((await pageOf(shop, { language: 'fr' }).get('/runs/1')).text).toMatch(new RegExp(french))
    expect(good).toMatch(/shop_<wbr>purchase<\/code>.*120/s)
  })

  test('the state says who can read what, and each trouble with its command', async () => {
    const state = await text('/state')
    expect(state).toContain('The reader finds all that is published')
    expect(state).toMatch(
      new RegExp(`${shop.reader.user.replaceAll('_', '_<wbr>')}[^]*the reader[^]*all that is published[^]*no`),
    )
    await shop.look(`revoke select on shop.shop_purchase from "${shop.reader.user}"`)
    await shop.look(`grant insert on shop.shop_customer to "${shop.reader.user}"`)
    const broken = await text('/state')
    expect(broken).toMatch(/to mend.*shop_purchase.*vitrine sync/s)
    expect(broken).toMatch(/mark bad">yes/)
    expect(await text('/dictionary/shop_purchase/amount')).toContain('The data do not answer')
    await shop.look(
      `grant select on shop.shop_purchase to "${shop.reader.user}"; revoke insert on shop.shop_customer from "${shop.reader.user}"`,
    )
  })

  test('Metabase is in step while what was applied last is what the definition says', async () => {
    const nowhere = {
      host: 'h',
      port: 1,
      database: 'd',
      user: 'u',
      password: new Secret('canary'),
      sslMode: 'prefer',
      sslRootCert: null,
    }
    const { items } = wantedFrom(shop.publication, nowhere)
    const session = await shop.session()
    const rows = items.map(({ attributes, ...item }, at) => ({
      ...item,
      id: String(at),
      attributes: item.kind === 'source' ? {} : attributes,
    }))
    expect(await text('/state')).toContain('Metabase is not kept in step from here')
    await recordMetabase(session, 'shop', rows)
    expect(await text('/state')).toContain('All that the definition says was applied')
    // The record is read beside the first page.
    const linked = pageOf(shop, { metabaseUrl: 'https://metabase.example' })
    const at = rows.findIndex(({ kind, key }) => kind === 'question' && key === 'amounts')
    const board = async (path: string) => (await linked.get(path)).text
    await expect
      .poll(() => board('/dashboards/sales'))
      .toContain(`<a href="https://metabase.example/question/${at}">Open in Metabase</a>`)
    expect(await board('/public/open')).not.toContain('metabase.example')
    await linked.readers.close()
    await recordMetabase(session, 'shop', rows.slice(0, -1))
    expect(await text('/state')).toMatch(/1 thing is still to apply.*vitrine metabase apply/s)
    await session.end()
  })

  test.each([
    '/dictionary/none',
    '/dictionary/shop_customer/none',
    '/dictionary/__proto__',
    '/dictionary/%2e%2e%2f',
    '/meaning/none',
    '/runs/99',
    '/runs/0',
    '/runs/1e3',
    '/runs/sync',
    '/runs/none',
  ])('%s does not exist', async (path) => {
    await text(path, 404)
  })

  test('a run of another publication is not shown', async () => {
    await shop.look(`insert into vitrine.run (schema_name, trigger, state, phase, fingerprint, tool_version, started_at)
      values ('other', 'command', 'succeeded', 'record', '', '', now())`)
    const [other] = await shop.look<{ id: number }>("select id::integer from vitrine.run where schema_name = 'other'")
    await text(`/runs/${other?.id}`, 404)
  })

  test('a run that goes is followed to its end', async () => {
    const owner = await shop.source.connect({ role: shop.app })
    await buildGate(owner)
    await shop.provisionSource()
    const keeper = await shop.source.connect()
    await closeGate(keeper)
    const going = shop.run()
    await somebodyWaits(keeper)
    expect(await text('/runs')).toMatch(/data-follow="\/runs\/current\/events".*under way/s)
    const answer = await page.app.request(
      'http://localhost/runs/current/events',
      { headers: { host: 'localhost' } },
      {},
    )
    const events = answer.text()
    await openGate(keeper)
    await going
    const told = await events
    expect(told).toMatch(/event: grew.*v-active.*event: ended.*published/s)
    seen.push(told)
    for (const client of [owner, keeper]) await shop.source.close(client)
  })

  test('how many rows each version had is drawn over the weeks', async () => {
    expect(await text('/runs')).not.toContain('v-size')
    // As an imported record: what was long ago has the later number.
    await shop.look(
      `update vitrine.run set started_at = started_at - interval '20 days'
       where id = (select max(id) from vitrine.run where schema_name = 'shop' and published_at is not null)`,
    )
    const says = /class="v-size"[^>]*aria-label="180 rows on [^"]*, 180 on [^"]*"/
    const [last] = await shop.look<{ id: number }>(
      "select max(id)::integer as id from vitrine.run where schema_name = 'shop'",
    )
    for (const path of ['/runs', `/runs/${last?.id}`]) expect(await text(path)).toMatch(says)
  })

  test('a record that cannot be read is told with what to do, and a target that is away', async () => {
    await shop.look('insert into vitrine.layout (version) select 999')
    for (const path of ['/runs', '/state']) expect(await text(path, 503)).toContain('BOOKKEEPING_<wbr>NEWER')
    await shop.look('delete from vitrine.layout where version = 999; alter schema vitrine rename to away')
    for (const path of ['/runs', '/state']) expect(await text(path, 503)).toMatch(/TARGET_<wbr>NOT_<wbr>MIGRATED/)
    await shop.look('alter schema away rename to vitrine')
    const away = pageOf(shop, {
      asWriter: async () => {
        throw new Error('connect canary')
      },
    })
    for (const path of ['/runs', '/state']) expect((await away.get(path)).status).toBe(503)
    const alone = pageOf(shop, { asWriter: null })
    for (const path of ['/runs', '/state'])
      expect((await alone.get(path)).text).toContain('METABASE_<wbr>DATABASE_<wbr>URL')
    await Promise.all([away.readers.close(), alone.readers.close()])
  })

  describe('the export', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-export-'))
    afterAll(() => rmSync(folder, { recursive: true, force: true }))
    const write = async (audience: 'team' | 'public', name: string, given = {}) => {
      const places = [dashboardsPlace, dictionaryPlace, contentsPlace(audience)]
      const own = pageOf(shop, { places, asWriter: null, ...given })
      const to = join(folder, name)
      await exportPage(own.app, shop.publication, audience, to, new AbortController().signal).finally(() =>
        own.readers.close(),
      )
      const files = readdirSync(to, { recursive: true, encoding: 'utf8' }).filter(
        (file) => /\.\w+$/.test(file) && !file.startsWith('.'),
      )
      return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(to, file), 'utf8')]))
    }

    test.each(['public', 'team'] as const)(
      'for %s opens without a server: each link leads to a file',
      async (audience) => {
        const files = await write(audience, audience)
        for (const [file, content] of files) {
          if (!file.endsWith('.html')) continue
          seen.push(content)
          expect(content).not.toMatch(/<form|<script|<button|\ssrc=|See the rows/)
          const links = [...content.matchAll(/ href="([^"#]+)/g)].flatMap(([, to = '']) =>
            /^(?:data:)/.test(to) ? [] : [to],
          )
          expect(links.length).toBeGreaterThan(1)
          const dead = links.filter((to) => !files.has(posix.join(posix.dirname(file), to)))
          expect([file, dead]).toEqual([file, []])
        }
        expect(files.get('index.html')).toMatch(/For all.*shop_<wbr>customer/s)
        expect(files.get('index.html')?.includes('<td class="v-n"><div>60</div></td>')).toBe(audience === 'team')
        // The second time the folder is ours.
        expect((await write(audience, audience)).size).toBe(files.size)
      },
    )

    test('is what serve --export writes; an audience that is none is refused', async () => {
      const program = { ...vitrine, publication: shop.publication }
      const environment = { METABASE_READER_URL: shop.target.url(shop.reader) }
      const to = join(folder, 'public')
      const { status, stdout, stderr } = await run(program, `serve --export ${to} --json`, { environment })
      expect([status, stderr]).toEqual([EXIT.ok, ''])
      expect(JSON.parse(stdout)).toEqual({
        folder: to,
        audience: 'public',
        files: 6,
      })
      for (const line of [`serve --export ${to} --audience all`, 'serve --audience team'])
        expect([line, (await run(program, line, { environment })).status]).toEqual([line, EXIT.usage])
    })

    test('for the public names no question of the team', () => {
      const all = readdirSync(join(folder, 'public'), { recursive: true, encoding: 'utf8' })
      const texts = all
        .filter((file) => /\.(?:html|csv)$/.test(file))
        .map((file) => readFileSync(join(folder, 'public', file), 'utf8'))
      expect(texts.join('')).toContain('Amounts by job')
      expect(texts.join('')).not.toMatch(/All of them|>Customers|Sales/)
    })

    test('is written whole or not at all, and into no folder of somebody else', async () => {
      const theirs = join(folder, 'theirs')
      mkdirSync(theirs)
      writeFileSync(join(theirs, 'a.txt'), 'theirs')
      await expect(write('team', 'theirs')).rejects.toMatchObject({ code: 'EXPORT_REFUSED' })
      await expect(write('team', 'theirs/a.txt')).rejects.toMatchObject({ code: 'EXPORT_REFUSED' })
      await expect(write('team', 'no/such')).rejects.toMatchObject({ code: 'EXPORT_REFUSED' })
      await shop.look(`revoke select on shop.shop_purchase from "${shop.reader.user}"`)
      await expect(write('team', 'team')).rejects.toMatchObject({ code: 'EXPORT_INCOMPLETE' })
      await shop.look(`grant select on shop.shop_purchase to "${shop.reader.user}"`)
      expect(readdirSync(dirname(theirs)).toSorted()).toEqual(['public', 'team', 'theirs'])
      expect(existsSync(join(folder, 'team', 'index.html'))).toBe(true)
    })
  })
})

test('no page of all these holds a value of a row', () => {
  expect(seen.length).toBeGreaterThan(60)
  for (const content of seen) expect(content).not.toMatch(/canary|@example|Customer \d|Purchase \d/i)
})
