/**
 * Impact's dashboards as a browser receives them. Measures per dashboard, for the first request and for repeated ones: the time
 * to the first content, the compressed bytes before the first chart, the time to the last chart. Then fifty readers at once.
 * `node bench/dist/page.js [M L]`. Starts the demonstration in `.bench/`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createGunzip } from 'node:zlib'
import impact from 'impact/dist/publication/index.js'
import { type Figure, tableOf } from './report.ts'
import { spreadOf } from './rounds.ts'

const START = fileURLToPath(import.meta.resolve('impact/dist/cli/start.js'))
const READERS = 50
/** Goals, for first and repeated requests. */
const CONTENT_MS = 100
const BEFORE_CHARTS_KB = 60
const CHARTS_MS = { M: 500, L: 1_500 }
const AGAIN = 5

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

/** Requests a page like a browser: compressed, on its own connection. */
async function get(url: string, seen: (text: string, bytes: number) => void): Promise<string> {
  const [answer] = await once(request(url, { headers: { 'accept-encoding': 'gzip' } }).end(), 'response')
  const { headers } = answer as IncomingMessage
  const text = answer.pipe(headers['content-encoding'] === 'gzip' ? createGunzip() : new PassThrough())
  let bytes = 0
  let whole = ''
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  for await (const chunk of text.setEncoding('utf8')) {
    whole += chunk
    seen(whole, bytes)
  }
  return whole
}

interface Load {
  /** Milliseconds until the title and the filters have arrived. */
  readonly content: number
  /** Milliseconds until the last card has arrived. */
  readonly charts: number
  /** Compressed bytes before the first chart. */
  readonly before: number
  /** Compressed bytes of the whole page. */
  readonly bytes: number
}

const CONTENT = 'id="content"'
const CHART = /class="v-(?:plot|strip|pie)/

async function load(url: string, key: string): Promise<Load> {
  const began = performance.now()
  let [content, before, bytes] = [0, 0, 0]
  const board = `${url}/dashboards/${key}`
  const text = await get(board, (whole, count) => {
    bytes = count
    if (content === 0 && whole.includes(CONTENT)) content = performance.now() - began
    if (!CHART.test(whole)) before = count
  })
  const coming = [...text.matchAll(/v-is-coming" id="q-([\w-]+)"/g)].map(([, card]) => card)
  await Promise.all(coming.map((card) => get(`${board}/questions/${card}/tile`, () => undefined)))
  return { content, charts: performance.now() - began, before, bytes }
}

async function measure(size: 'M' | 'L'): Promise<readonly Figure[]> {
  const { child, url } = await started(size)
  try {
    await get(`${url}/dashboards`, () => undefined)
    const figures: Figure[] = []
    const told = (what: string, unit: Figure['unit'], goal: number, values: readonly number[], orientation = '') =>
      figures.push({
        bench: `page ${size}`,
        what,
        unit,
        goal,
        spread: spreadOf(values),
        orientation,
      })
    const keys = impact.dashboards.map(({ key }) => key)
    for (const key of keys) {
      const first = await load(url, key)
      const again: Load[] = []
      for (let count = 0; count < AGAIN; count++) again.push(await load(url, key))
      told(`${key}: first content`, 'ms', CONTENT_MS, [first.content])
      told(
        `${key}: first content, again`,
        'ms',
        CONTENT_MS,
        again.map(({ content }) => content),
      )
      const whole = `${Math.round(first.bytes / 1000)} kB with its charts`
      told(`${key}: before charts`, 'kB', BEFORE_CHARTS_KB, [first.before / 1000], whole)
      told(`${key}: charts`, 'ms', CHARTS_MS[size], [first.charts])
      told(
        `${key}: charts, again`,
        'ms',
        CHARTS_MS[size],
        again.map(({ charts }) => charts),
      )
    }
    const readers = Array.from({ length: READERS }, (_, at) => load(url, keys[at % keys.length] ?? ''))
    const loads = await Promise.all(readers)
    const p95 = (values: readonly number[]) => [values.toSorted((a, b) => a - b)[Math.floor(READERS * 0.95)] ?? 0]
    told(`${READERS} readers at once, p95: first content`, 'ms', CONTENT_MS, p95(loads.map(({ content }) => content)))
    told(`${READERS} readers at once, p95: charts`, 'ms', CHARTS_MS[size], p95(loads.map(({ charts }) => charts)))
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
