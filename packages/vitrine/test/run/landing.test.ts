/** What a refused run found is nowhere on the target: neither in a table's file nor in the write-ahead log. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PATTERNS } from '../../src/publication/pattern.ts'
import { literal } from '../../src/sql/quote.ts'
import { inText, PLANTED } from '../copy/planted-values.ts'
import { shop as shopPublication } from '../publication/shop.ts'
import { Installation } from './installation.ts'

let shop: Installation
let folder: string
beforeAll(async () => {
  // The servers are two: the source's files hold the value of course.
  shop = await Installation.create(18, 3000, shopPublication, 15)
  await shop.run()
  const [row] = await shop.look<{ folder: string }>("select current_setting('data_directory') as folder")
  folder = row?.folder ?? ''
})
afterAll(() => shop.drop())

/** How many files of the target's server hold a text. */
async function filesWith(text: string): Promise<number> {
  await shop.look('checkpoint')
  const paths = ['base', 'pg_wal', 'global'].flatMap((name) =>
    readdirSync(join(folder, name), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  // A file of another test may be gone by now.
  const holds = (path: string) => {
    try {
      return readFileSync(path).includes(text)
    } catch {
      return false
    }
  }
  return paths.filter(holds).length
}

test('a value that passes is in the files, so that the search below can find one', async () => {
  await shop.change("update purchase set label = 'planted but harmless' where id = 5999")
  await shop.run()
  expect(await filesWith('planted but harmless')).toBeGreaterThanOrEqual(2)
})

test.each([
  ['passed on as it came', 'purchase', 'label', 5000, 'shop_purchase.label'],
  ['beside a rule', 'customer', 'name', 2900, 'shop_customer.name'],
])('a value that is refused, %s', async (_way, table, column, id, place) => {
  const planted = `pl${column}@exemple.fr`
  await shop.change(`update ${table} set ${column} = '${planted}' where id >= ${id}`)
  const error = await shop.failure()
  const rows = table === 'purchase' ? 1001 : 101
  expect(error).toMatchObject({
    code: 'PRIVACY_VIOLATION',
    problems: [{ place, detail: `${rows} rows hold an e-mail address` }],
  })
  expect(await filesWith(planted)).toBe(0)
  expect(await shop.leftovers()).toEqual([])
  await shop.change(`update ${table} set ${column} = 'mended' where id >= ${id}`)
  await shop.run()
})

test('a value that is taken over from the published version is looked at as well', async () => {
  await shop.look("update shop.shop_purchase set label = '+33 6 12 34 56 78' where id < 4")
  expect(await shop.failure({ only: ['shop_customer'] })).toMatchObject({
    code: 'PRIVACY_VIOLATION',
    problems: [{ place: 'shop_purchase.label', detail: '3 rows hold a French telephone number' }],
  })
})

test.each(PATTERNS.flatMap(({ name, sql }) => (sql === null ? [] : [[name, sql] as const])))(
  '%s: what was staged is searched by the server too',
  async (name, sql) => {
    const count = async (texts: readonly string[]) => {
      const [found] = await shop.look<{ n: number }>(
        `select count(*)::integer as n from unnest(array[${texts.map(literal).join(', ')}]) as t (x) where ${sql('x')}`,
      )
      return found?.n
    }
    expect(await count(fc.sample(inText(PLANTED[name]), 200))).toBe(200)
    expect(await count(['SIRET 732 829 320 00074', 'a@b, $ 12, $1$2', 'eyJ.eyJ.', '@x.fr'])).toBe(0)
  },
)
