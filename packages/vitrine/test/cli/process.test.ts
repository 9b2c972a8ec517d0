/** The built command line as a process: its status, its streams, its configuration file. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { TOOL_VERSION } from '../../src/base/version.ts'

const built = join(import.meta.dirname, '../../dist')
const folder = mkdtempSync(join(tmpdir(), 'vitrine-process-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A command in `folder`; `read: false` closes its stdout at once, as `head` does. */
async function vitrine(argv: readonly string[], { read = true } = {}) {
  const child = spawn(process.execPath, [join(built, 'cli/main.js'), ...argv], { cwd: folder, env: {} })
  const written = { stdout: '', stderr: '' }
  if (!read) child.stdout.destroy()
  child.stdout.on('data', (chunk) => {
    written.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    written.stderr += chunk
  })
  const status = await new Promise((resolve) => child.once('close', resolve))
  return { status, ...written }
}

test('a publication of vitrine.config.mjs, checked by the built tool', async () => {
  writeFileSync(
    join(folder, 'vitrine.config.mjs'),
    `import { because, bigint, definePublication, from, indirect, register } from '${pathToFileURL(join(built, 'index.js'))}'
     const source = register('public', { customer: { id: indirect.bigint } })
     const customer = from(source.selectFrom('customer as c')).publish('shop_customer', 'A customer.', ({ ref }) => ({
       id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
     }))
     export default definePublication({ name: 'shop', schema: 'shop', source, tables: [customer], writer: 'w', reader: 'r' })`,
  )
  expect(await vitrine(['check'])).toEqual({
    status: 0,
    stdout: 'The publication is sound: 1 table, 1 column.\nThe source was not compared: DATABASE_URL is not set.\n',
    stderr: '',
  })
  expect(await vitrine(['sync'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error SETTINGS/),
  })
})

test('a pipe that is closed early is no failure', async () => {
  expect(await vitrine(['--help'], { read: false })).toMatchObject({ status: 0, stderr: '' })
  expect((await vitrine(['--version'])).stdout).toBe(`${TOOL_VERSION}\n`)
})
