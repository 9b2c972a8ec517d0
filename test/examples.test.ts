/**
 * The examples as a stranger runs them: the folder alone, copied elsewhere, with the packages installed; its one command, a figure
 * that its readers then see, and its own tests.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { serverHome, startServer } from '@vitrine/embedded-postgres'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const home = join(root, 'examples')
/** What is asked of each, and what every start publishes: the sample rows are the same but for their dates. */
const FIGURES: Readonly<Record<string, { readonly asked: string; readonly answer: string }>> = {
  library: { asked: 'select count(*) from library.library_member', answer: '900' },
  shop: { asked: 'select count(*) from shop.shop_customer', answer: '1524' },
  association: {
    asked:
      'select min(n) >= 10 from (select count(*) as n from association.association_member group by age, home, joined) g',
    answer: 'true',
  },
}

const folder = mkdtempSync(join(tmpdir(), 'vitrine-examples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = promisify(execFile)
const npm = (cwd: string, ...words: readonly string[]) =>
  run('npm', words, { cwd, shell: process.platform === 'win32' })

test('every example is run here', () => {
  const found = readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(found.map(({ name }) => name).toSorted()).toEqual(Object.keys(FIGURES).toSorted())
})

// Compilers, servers and npm, several times: minutes where many other tests run.
test.each(Object.entries(FIGURES))('%s', { timeout: 600_000 }, async (name, { asked, answer }) => {
  const copy = join(folder, name)
  const made = ['node_modules', 'dist', '.vitrine', '.env']
  cpSync(join(home, name), copy, { recursive: true, filter: (path) => !made.includes(basename(path)) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  const { stdout } = await npm(copy, 'start', '--silent', '--', '--once')
  expect(stdout).toMatch(/^Published \d+ tables as of /m)

  const server = await startServer({ dataDirectory: serverHome(join(copy, '.vitrine', 'demo')) })
  const reader = new pg.Client({ connectionString: server.url(`${name}_target`) })
  try {
    await reader.connect()
    await reader.query(`set role ${name}_reader`)
    const { rows } = await reader.query({ text: asked, rowMode: 'array' })
    expect(String(rows[0])).toBe(answer)
  } finally {
    await reader.end()
    await server.stop()
  }

  const tested = await npm(copy, 'test', '--silent')
  expect(tested.stdout).toMatch(/^# fail 0$/m)
})
