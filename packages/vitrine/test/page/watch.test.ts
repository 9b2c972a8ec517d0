/** `serve --watch`, as a process: the page follows the files that the publication imports, and says what is wrong with them. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const built = join(import.meta.dirname, '../../dist')
const folder = mkdtempSync(join(tmpdir(), 'vitrine-watch-'))
const written = (name: string, text: string) => writeFileSync(join(folder, name), text)
written(
  'vitrine.config.mjs',
  `import { because, bigint, collection, dashboard, definePublication, from, indirect, question, questionsAbout, register, withDashboards } from '${pathToFileURL(join(built, 'index.js'))}'
   import { TITLE } from './title.mjs'
   const source = register('public', { customer: { id: indirect.bigint } })
   const customer = from(source.selectFrom('customer as c')).publish('shop_customer', 'A customer.', ({ ref }) => ({
     id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey() }))
   const shop = definePublication({ name: 'shop', schema: 'shop', source, tables: [customer], writer: 'w', reader: 'r' })
   const query = questionsAbout(shop).query({ from: 'shop_customer', measures: { n: { count: 'rows' } } })
   const n = question({ key: 'n', title: TITLE, description: 'All.', query, display: { kind: 'number', value: 'n' } })
   export default withDashboards(shop, [dashboard({ key: 'd', title: 'D', description: 'D', rows: [[{ question: n }]],
     collection: collection({ key: 'c', name: 'C', access: {} }) })])`,
)
written('title.mjs', `import './steady.mjs'\nexport const TITLE = 'First'`)
written('steady.mjs', `console.error('steady is loaded')`)
const child = spawn(process.execPath, [join(built, 'cli/main.js'), 'serve', '--watch', '--port', '0'], {
  cwd: folder,
  env: { METABASE_READER_URL: 'postgresql://r:x@127.0.0.1:1/x' },
})
afterAll(() => {
  child.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

test('each edition is shown, the last good one stays, and a question that check refuses says so in its place', async () => {
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  await expect.poll(() => said).toMatch(/The page is at http/)
  const url = /http:\S+?(?=\. )/.exec(said)?.[0] ?? ''
  const page = async () => (await fetch(`${url}/dashboards/d`)).text()
  const edition = async () => (await fetch(`${url}/edition`)).text()
  expect(await page()).toContain('>First<')
  for (const [count, text, shown] of [
    ['1', `'Second'`, '>Second<'],
    ['2', `''`, 'it has no title or description'],
    ['3', `'Unfinished`, 'PUBLICATION_NOT_FOUND'],
    ['4', `'Third'`, '>Third<'],
  ] as const) {
    written('title.mjs', `import './steady.mjs'\nexport const TITLE = ${text}`)
    await expect.poll(edition).toBe(count)
    expect(await page()).toContain(shown)
  }
  expect(await page()).not.toContain('v-flaw')
  expect(said.match(/steady is loaded/g)?.length, 'what did not change is not loaded again').toBe(1)
  written('steady.mjs', `console.error('steady is another')`)
  const told = await fetch(`${url}/edition?after=4`)
  expect([await told.text(), said]).toEqual(['5', expect.stringContaining('steady is another')])
})
