/**
 * The built programs on each Node that is promised, and an older one, which every program refuses in one line. The Nodes come
 * from `node scripts/install-nodes.mjs`; without them these tests are skipped.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './documentation/commands.ts'
import { EVERYTHING } from './thoroughness.ts'

const { runs, refused }: { readonly runs: readonly string[]; readonly refused: string } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'node-versions.json'), 'utf8'),
)
const carrier = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const binary = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node'
const nodeOf = (version: string): string => join(root, '.vitrine/nodes', version, 'node_modules', carrier, binary)

const [VITRINE, IMPACT, START] = [
  'packages/vitrine/dist/cli/main.js',
  'impact/dist/cli/main.js',
  'impact/dist/cli/start.js',
] as const

const { PATH = '', HOME = '' } = process.env
const BARE = { PATH, HOME }

function run(version: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const options = { cwd: root, env: { ...BARE, ...environment }, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(nodeOf(version), words, options)
  return { status, stdout, stderr }
}

const missing = [...runs, refused].filter((version) => !existsSync(nodeOf(version)))
if (missing.length > 0) {
  const which = `Node ${missing.join(', ')}`
  process.stderr.write(`Skipped: ${which} not there; node scripts/install-nodes.mjs fetches what is missing.\n`)
}

test('engines are the same in every package, and name the Nodes that are tested', () => {
  const engines = ['.', 'packages/vitrine', 'packages/embedded-postgres', 'impact', 'bench'].map(
    (folder): unknown => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).engines,
  )
  const [oldest, ...others] = runs
  const node = [`>=${oldest}.0 <21`, ...others.map((version) => `${version}.x`)].join(' || ')
  expect(engines).toEqual(engines.map(() => ({ node })))
})

describe.skipIf(!existsSync(nodeOf(refused)))(`Node ${refused}`, () => {
  test.each([VITRINE, IMPACT, START, 'scripts/setup.mjs'])('%s refuses it in one line', (program) => {
    const { status, stdout, stderr } = run(refused, [program])
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Node 18\.\d+\.\d+ is too old: install Node 20\.19 or later\.\n$/),
    })
  })
})

/** The variables of a file of `NAME='value'` lines. */
const variablesIn = (path: string): Record<string, string> =>
  Object.fromEntries(
    [...readFileSync(path, 'utf8').matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
  )

/** `npm run test:all` starts the demonstration on each Node; otherwise the oldest does, and each works with what it started. */
const starting = EVERYTHING ? runs : runs.slice(0, 1)

describe.each(starting)('a demonstration that Node %s starts', (starter) => {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-node-'))
  let demonstration: ChildProcess | undefined
  let ended: Promise<number | null> | undefined
  let talk = ''
  beforeAll(async () => {
    if (!existsSync(nodeOf(starter))) return
    const words = [START, '--json', '--size', 'S', '--data', folder]
    const child = spawn(nodeOf(starter), words, { cwd: root, env: BARE })
    demonstration = child
    const published = new Promise<void>((resolve) =>
      child.stderr.on('data', (chunk) => {
        talk += chunk
        // Its own runs are over by then: the first, and that of the invented history.
        if (talk.includes('Next run due')) resolve()
      }),
    )
    child.stdout.resume()
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
    ended = closed
    await Promise.race([published, closed.then((status) => expect.fail(`start ended with ${status}: ${talk}`))])
  })
  afterAll(async () => {
    // Killed at once, it would leave its two servers.
    demonstration?.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  const working = starting.length > 1 ? [starter] : runs
  test.for(working)('Node %s checks and publishes', (version, { skip }) => {
    skip(!existsSync(nodeOf(starter)) || !existsSync(nodeOf(version)))
    const environment = variablesIn(join(folder, 'environnement'))
    for (const command of ['check', 'sync']) {
      const { status, stderr } = run(version, [VITRINE, command], environment)
      expect([command, status, status === 0 ? '' : stderr]).toEqual([command, 0, ''])
    }
  })

  test.skipIf(!existsSync(nodeOf(starter)))('it ends in good order', async () => {
    demonstration?.kill('SIGTERM')
    expect([await ended, talk]).toEqual([0, expect.any(String)])
  })
})
