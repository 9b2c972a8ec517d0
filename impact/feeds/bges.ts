/**
 * The BGES feed: asks the public source for its latest file, reads it as it arrives, checks it as a whole, and replaces
 * the previous facts. A company without a line has published nothing. A failed fetch keeps the facts and is recorded
 * in `feeds_releve`. Called by `impact sync_bges`, the demonstration and the tests.
 */
import { localDay } from 'vitrine/run'
import { champ, estObjet, lireJson } from '../domain/contenu-json.ts'
import { BgesFile, type BgesLine } from './bges-file.ts'
import { Calls } from './calls.ts'
import { companySirens, countBges, gatherBges, openGathering, replaceBges } from './facts-store.ts'
import { FeedError } from './feed-error.ts'
import { type FeedContext, type FeedRun, type FeedSummary, runFeed } from './feed-run.ts'
import { call, type HttpAnswer, NoAnswer, textOf } from './http.ts'
import type { BGES_OPTIONS, BgesSettings, Given } from './options.ts'
import { parseBges } from './settings.ts'

export interface BgesOptions extends FeedContext {
  readonly settings?: Given<typeof BGES_OPTIONS>
}

const ZONE = 'Europe/Paris'
const LATEST = '/api/exports/public-inventories/latest'
/** Most bytes of the answer that names the file. */
const LATEST_BYTES = 256 * 1024
const LOSS_FLOOR = 50
/** Calls per second. There are only two calls, so this matters only for retries. */
const PER_SECOND = 10
/** Lines sent to the database at once. */
const BATCH_LINES = 5_000

/**
 * @returns a summary of what is now known about the companies of the operational database.
 * @throws FeedError; then the facts of the last successful fetch are unchanged.
 */
export async function syncBges(options: BgesOptions): Promise<FeedSummary> {
  const settings = parseBges(options.settings ?? {})
  return runFeed('bges', options, settings, (run) => fetchAndReplace(run, settings))
}

async function fetchAndReplace(run: FeedRun, settings: BgesSettings): Promise<FeedSummary> {
  const companies = new Set(await companySirens(run.client))
  const before = await countBges(run.client)
  const calls = new Calls(settings, PER_SECOND, run.signal)
  const file = await calls.ask(() => latestFile(run, settings))
  const read = await calls.ask(() => download(run, settings, file, companies))
  if (before >= LOSS_FLOOR && read.lines < before * (1 - settings.maxLossShare)) {
    const detail = `${read.lines} lines, ${before} before`
    throw new FeedError('FEED_SHRUNK', { place: 'bges', detail, raison: 'perte_inattendue' })
  }
  run.progress('replace', read.bytes, read.bytes)
  const rows = run.dryRun ? read.lines : await replaceBges(run.client, run.startedAt)
  return Object.freeze({
    feed: 'bges',
    annee: null,
    dryRun: run.dryRun,
    asked: companies.size,
    known: read.known,
    absent: companies.size - read.known,
    unknown: Object.freeze({}),
    kept: 0,
    rows,
    ignoredRows: read.ignored,
    calls: calls.count,
    milliseconds: Math.round(run.elapsed()),
  })
}

/** The URL of the latest file: `{file}/download` under the source, where the source returns the path `file`. */
async function latestFile(run: FeedRun, settings: BgesSettings): Promise<URL> {
  const rules = { ...settings, maxBytes: LATEST_BYTES, accept: 'application/json' }
  const text = await call(new URL(settings.baseUrl + LATEST), rules, run.signal, textOf)
  const answer = lireJson(text)
  const file = estObjet(answer) ? champ(answer, 'file') : undefined
  if (typeof file !== 'string' || !/^\/?[A-Za-z0-9][A-Za-z0-9._~/-]{0,300}$/.test(file) || file.includes('..')) {
    throw new NoAnswer('contenu_illisible')
  }
  return new URL(`${settings.baseUrl}/${file.replace(/^\//, '')}/download`)
}

interface Download {
  readonly lines: number
  readonly ignored: number
  /** Number of our companies that have a line. */
  readonly known: number
  readonly bytes: number
}

/** Downloads the file. Each try starts again, and discards what an interrupted one gathered. */
async function download(
  run: FeedRun,
  settings: BgesSettings,
  url: URL,
  companies: ReadonlySet<string>,
): Promise<Download> {
  if (!run.dryRun) await openGathering(run.client, 'bges')
  const { maxBytes, idleMs, userAgent } = settings
  // One limit for all tries: a file that was too slow once will be too slow again.
  const timeoutMs = Math.ceil(settings.maxMinutes * 60_000 - run.elapsed())
  if (timeoutMs <= 0) throw new FeedError('FEED_TOO_SLOW', { place: 'bges', raison: 'trop_lent' })
  return call(url, { timeoutMs, idleMs, maxBytes, userAgent, accept: 'text/csv' }, run.signal, (answer) =>
    readFile(run, answer, companies),
  )
}

async function readFile(run: FeedRun, answer: HttpAnswer, companies: ReadonlySet<string>): Promise<Download> {
  const file = new BgesFile(Number(localDay(run.startedAt, ZONE).slice(0, 4)))
  const known = new Set<string>()
  let batch: BgesLine[] = []
  let bytes = 0
  const chunks = async function* () {
    for await (const chunk of answer.chunks()) {
      bytes += chunk.byteLength
      run.progress('fetch', bytes, answer.length)
      yield chunk
    }
  }
  const flush = async () => {
    if (!run.dryRun) await gatherBges(run.client, batch)
    batch = []
  }
  for await (const line of file.read(chunks())) {
    if (companies.has(line.siren)) known.add(line.siren)
    if (batch.push(line) === BATCH_LINES) await flush()
  }
  await flush()
  return { lines: file.lines, ignored: file.ignored, known: known.size, bytes }
}
