/**
 * The page of Impact's dashboards, from outside: server time and bytes of each dashboard, first asked and asked again, until its
 * last card is there, and fifty readers at once. `node bench/dist/page.js [M L]`. Starts the demonstration in `.bench/`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import impact from 'impact/dist/publication/index.js'
import { type Figure, tableOf } from './report.ts'
import { spreadOf } from './rounds.ts'

const START = fileURLToPath(import.meta.resolve('impact/dist/cli/start.js'))
const READERS = 50
/** Until the last card of a dashboard that nobody has asked for yet. */
const CHARTS_MS = { M: 500, L: 1_500 }
/** One whose answers are kept. */
const AGAIN_MS = 100

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function started(size: string): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort()
  const data = fileURLToPath(new URL(`../../.bench/page-${size}`, import.meta.url))
  const { DATABASE_URL: _, METABASE_DATABASE_URL: __, ...env } = process.env
  const child = spawn(process.execPath, [START, '--size', size, '--data', data, '--page', String(port)], { env })
  child.stderr.resume()
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('Dashboards, in a browser')) break
  }
  return { child, url: `http://127.0.0.1:${port}` }
}

/** Milliseconds until the page is here, and until its last card is; bytes of the page. */
async function load(url: string, key: string): Promise<{ content: number; charts: number; bytes: number }> {
  const began = performance.now()
  const text = await (await fetch(`${url}/dashboards/${key}`)).text()
  const content = performance.now() - began
  const coming = [...text.matchAll(/v-is-coming" id="q-([\w-]+)"/g)].map(([, card]) => card)
  await Promise.all(coming.map(async (card) => (await fetch(`${url}/dashboards/${key}/questions/${card}/tile`)).text()))
  return { content, charts: performance.now() - began, bytes: Buffer.byteLength(text) }
}

const AGAIN = 5

async function measure(size: 'M' | 'L'): Promise<readonly Figure[]> {
  const { child, url } = await started(size)
  try {
    await (await fetch(`${url}/dashboards`)).text()
    const figures: Figure[] = []
    const told = (what: string, unit: Figure['unit'], goal: number, values: readonly number[], orientation = '') =>
      figures.push({
        bench: `page ${size}`,
        what,
        unit,
        goal,
        spread: spreadOf(values),
        judged: 'median',
        orientation,
        always: false,
      })
    const keys = impact.dashboards.map(({ key }) => key)
    for (const key of keys) {
      const first = await load(url, key)
      const again: number[] = []
      for (let count = 0; count < AGAIN; count++) again.push((await load(url, key)).content)
      const { bytes } = await load(url, key)
      told(
        `${key}, first: last card`,
        'ms',
        CHARTS_MS[size],
        [first.charts],
        `page after ${Math.round(first.content)} ms`,
      )
      told(`${key}, again: page`, 'ms', AGAIN_MS, again, `${Math.round(bytes / 1000)} kB with its drawings`)
    }
    const readers = Array.from({ length: READERS }, (_, at) => load(url, keys[at % keys.length] ?? ''))
    const times = (await Promise.all(readers)).map(({ charts }) => charts).toSorted((a, b) => a - b)
    told(`${READERS} readers at once, p95`, 'ms', CHARTS_MS[size], [times[Math.floor(READERS * 0.95)] ?? 0])
    return figures
  } finally {
    child.kill('SIGTERM')
    await once(child, 'close')
  }
}

const sizes = process.argv.slice(2).filter((size) => size === 'M' || size === 'L')
const figures: Figure[] = []
for (const size of sizes.length > 0 ? sizes : (['M', 'L'] as const)) figures.push(...(await measure(size)))
process.stdout.write(`${tableOf(figures, true)}\n`)
