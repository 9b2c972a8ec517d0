/** The built command line as a process: its status, its streams, its configuration file, its signals. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { TOOL_VERSION } from '../../src/base/version.ts'
import { receive } from '../schedule/receiver.ts'

const built = join(import.meta.dirname, '../../dist')
const folder = mkdtempSync(join(tmpdir(), 'vitrine-process-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'vitrine.config.mjs'),
  `import { because, bigint, definePublication, from, indirect, register } from '${pathToFileURL(join(built, 'index.js'))}'
   const source = register('public', { customer: { id: indirect.bigint } })
   const customer = from(source.selectFrom('customer as c')).publish('shop_customer', 'A customer.', ({ ref }) => ({
     id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
   }))
   export default definePublication({ name: 'shop', schema: 'shop', source, tables: [customer], writer: 'w', reader: 'r',
     limits: { retryFirstMs: 20, retryTries: 2 } })`,
)

function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [join(built, 'cli/main.js'), ...argv], { cwd: folder, env })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      written[name] += chunk
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, written, ended: ended.then((status) => ({ status, ...written })) }
}

test('a publication of vitrine.config.mjs, checked by the built tool', async () => {
  expect(await start(['check']).ended).toEqual({
    status: 0,
    stdout: 'The publication is sound: 1 table, 1 column.\nThe source was not compared: DATABASE_URL is not set.\n',
    stderr: '',
  })
  const refused = { status: 2, stdout: '', stderr: expect.stringMatching(/^error SETTINGS/) }
  expect(await start(['sync']).ended).toMatchObject(refused)
})

test('a pipe that is closed early, as `head` does, is no failure', async () => {
  const { child, ended } = start(['--help'])
  child.stdout.destroy()
  expect(await ended).toMatchObject({ status: 0, stderr: '' })
  expect((await start(['--version']).ended).stdout).toBe(`${TOOL_VERSION}\n`)
})

test.each(['SIGTERM', 'SIGINT'] as const)(
  'the schedule lives through an unreachable target, and %s ends it in good order, at once',
  async (signal) => {
    const webhook = await receive()
    const { child, written, ended } = start(['schedule'], {
      DATABASE_URL: 'postgresql://app:x@127.0.0.1:1/app',
      METABASE_DATABASE_URL: 'postgresql://w:x@127.0.0.1:1/metabase',
      VITRINE_ALARM_WEBHOOK: webhook.url,
    })
    await expect.poll(() => written.stderr).toContain('Next run due')
    child.kill(signal)
    const { status, stderr } = await ended
    await webhook.close()
    expect(status).toBe(0)
    expect(stderr).toMatch(/Failed once; trying again in \d+ ms\./)
    expect(stderr).toMatch(/alarm: Vitrine shop: nothing published for .+ after 2 tries\. CONNECTION_FAILED: /)
    expect(stderr).toMatch(/The schedule has ended\.\n$/)
    expect(stderr).not.toContain('canary')
    expect(webhook.received.map(({ body }) => JSON.parse(body))).toMatchObject([{ kind: 'failed', attempts: 2 }])
  },
)

test('a syntax error of the publication is told without the line, which Node shows', async () => {
  writeFileSync(join(folder, 'wrong.mjs'), '\nconst canary = 1 1')
  const { status, stderr } = await start(['check', '--publication', 'wrong.mjs']).ended
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/has a syntax error\.\n.*\n +what to do: To see where: node .*wrong\.mjs\n$/),
  ])
})

test('a reader of the talk that does not read holds nothing up, and the memory stays bounded', async () => {
  const script = `import { processIo } from '${pathToFileURL(join(built, 'cli.js'))}'
    const io = processIo()
    for (let line = 0; line < 1000; line++) io.stderr.write('x'.repeat(10_000))
    io.stdout.write(String(process.stderr.writableLength < 1_100_000))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))))
  child.kill('SIGKILL')
  expect(said).toBe('true')
})

/** A command of the built tool whose output goes where the shell says. */
const inShell = (line: string, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn('sh', ['-c', `"$NODE" "$MAIN" ${line}`], {
    cwd: folder,
    env: { NODE: process.execPath, MAIN: join(built, 'cli/main.js'), ...env },
  })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (written[name] += chunk))
  return new Promise<{ status: number | null } & typeof written>((resolve) =>
    child.once('close', (status) => resolve({ status, ...written })),
  )
}

test('a result that cannot be written is an error with a status, not a trace', async () => {
  for (const line of ['check', '--help'])
    expect(await inShell(`${line} >/dev/full`)).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^(?:The source.*\n)?error OUTPUT_LOST: .*\(ENOSPC\)\.?\n {2}where: stdout\n.*\n$/),
    })
  expect(await inShell('check >/dev/full 2>/dev/full')).toEqual({ status: 1, stdout: '', stderr: '' })
})
