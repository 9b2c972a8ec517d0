/**
 * Sets up Impact's dashboards in a blank Metabase, then plans again with nothing to do: measures seconds and requests of each command.
 * `node bench/dist/metabase.js [--rounds 3]`. Metabase is the tests' fake, which answers at once; a real one adds its own
 * time to each request. Starts the demonstration in `.bench/`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Figure, tableOf } from './report.ts'
import { spreadOf } from './rounds.ts'

const START = fileURLToPath(import.meta.resolve('impact/dist/cli/start.js'))
const IMPACT = fileURLToPath(import.meta.resolve('impact/dist/cli/main.js'))
const STAND_IN = fileURLToPath(new URL('../../scripts/stand-in.mjs', import.meta.url))
const LOGIN = { METABASE_ADMIN_EMAIL: 'admin@example.org', METABASE_ADMIN_PASSWORD: 'of-a-bench-1-Aa' }
const GOALS = { setup: { requests: 400, ms: 10_000 }, plan: { requests: 25, ms: 2_000 } } as const
type Action = keyof typeof GOALS

interface Running {
  readonly child: ChildProcess
  readonly url: string
}

async function standIn(): Promise<Running> {
  const child = spawn(process.execPath, [STAND_IN], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  if (child.stdout === null) throw new Error('it has no output')
  const [url] = await once(child.stdout, 'data')
  return { child, url: String(url).trim() }
}

async function ended({ child }: Pick<Running, 'child'>): Promise<void> {
  child.kill('SIGTERM')
  await once(child, 'close')
}

async function asked({ child }: Running): Promise<number> {
  child.send('requests')
  const [count] = await once(child, 'message')
  return Number(count)
}

/** Starts the demonstration with its Metabase. Returns the settings that it prints for other commands. */
async function demonstration(
  folder: string,
): Promise<{ child: ChildProcess; settings: Record<string, string>; its: Running }> {
  const its = await standIn()
  const { DATABASE_URL: _, METABASE_DATABASE_URL: __, ...env } = process.env
  const data = fileURLToPath(new URL('../../.bench/metabase', import.meta.url))
  const words = ['--size', 'M', '--fresh', '--data', data, '--metabase', its.url, '--key-file', join(folder, 'own.env')]
  const child = spawn(process.execPath, [START, ...words], { env })
  child.stderr.pipe(process.stderr)
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('Ctrl-C')) break
  }
  const files = [...said.matchAll(/\. '([^']+)';/g)].flatMap(([, file]) => file ?? [])
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
  const pairs = lines.map((line) => /^(\w+)='?([^']*)'?$/.exec(line)?.slice(1) ?? [])
  return { child, its, settings: Object.fromEntries(pairs) }
}

async function timed(
  action: Action,
  env: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, [IMPACT, 'metabase', action, ...words], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`metabase ${action} ended with ${status}`)
  return performance.now() - began
}

const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1] ?? 3) || 3
const folder = mkdtempSync(join(tmpdir(), 'bench-metabase-'))
const demo = await demonstration(folder)
const found: Record<Action, { ms: number[]; requests: number[] }> = {
  setup: { ms: [], requests: [] },
  plan: { ms: [], requests: [] },
}
try {
  for (let round = 0; round < rounds; round++) {
    const metabase = await standIn()
    const { METABASE_API_KEY: _, ...settings } = demo.settings
    const env: Record<string, string> = {
      ...settings,
      ...LOGIN,
      PATH: process.env['PATH'] ?? '',
      METABASE_URL: metabase.url,
    }
    const file = join(folder, `${round}.env`)
    found.setup.ms.push(await timed('setup', env, ['--key-file', file]))
    const made = await asked(metabase)
    found.setup.requests.push(made)
    const key = readFileSync(file, 'utf8').trim().replace('METABASE_API_KEY=', '')
    found.plan.ms.push(await timed('plan', { ...env, METABASE_API_KEY: key }))
    found.plan.requests.push((await asked(metabase)) - made)
    await ended(metabase)
  }
} finally {
  await ended(demo)
  await ended(demo.its)
  rmSync(folder, { recursive: true })
}
const figures = (['setup', 'plan'] as const).flatMap((action): readonly Figure[] => {
  const what = action === 'setup' ? 'everything on a blank Metabase' : 'a plan that finds nothing to do'
  const about = { bench: 'metabase' } as const
  const { ms, requests } = found[action]
  return [
    { ...about, what: `${what}: time`, unit: 'ms', goal: GOALS[action].ms, spread: spreadOf(ms) },
    {
      ...about,
      what: `${what}: requests`,
      unit: 'count',
      goal: GOALS[action].requests,
      spread: spreadOf(requests),
      always: true,
    },
  ]
})
process.stdout.write(`${tableOf(figures, true)}\n`)
