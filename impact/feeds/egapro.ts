/**
 * The EgaPro feed: calls the public source once per company and year, gathers the answers, checks them as a whole, and replaces
 * those of the same year. A company without an answer gets a row with the reason. If the source fails as a whole,
 * nothing changes. Called by `impact sync_egapro`, the demonstration and the tests.
 */
import { setMaxListeners } from 'node:events'
import pMap from 'p-map'
import { localDay } from 'vitrine/run'
import { Calls } from './calls.ts'
import { type EgaproFact, egaproFact, egaproUrl, estSiren, inconnu } from './egapro-answer.ts'
import { companySirens, type EgaproRow, gatherEgapro, knownEgapro, replaceEgapro } from './facts-store.ts'
import { FeedError } from './feed-error.ts'
import { type FeedContext, type FeedRun, type FeedSummary, runFeed } from './feed-run.ts'
import { call, NoAnswer, textOf } from './http.ts'
import type { EGAPRO_OPTIONS, EgaproSettings, Given } from './options.ts'
import type { RaisonFait, RaisonReleve } from './raisons.ts'
import { parseEgapro } from './settings.ts'

export interface EgaproOptions extends FeedContext {
  readonly settings?: Given<typeof EGAPRO_OPTIONS>
}

const ZONE = 'Europe/Paris'
/** Rows sent to the database at once; an answer has a few kilobytes. */
const BATCH_ROWS = 200
/** With fewer known declarations than this, some that disappear do not indicate a broken source. */
const LOSS_FLOOR = 20

/**
 * @returns a summary. Companies whose siren is not nine digits are not asked about: they are `siren_invalide`.
 * @throws FeedError; then the facts of the last successful fetch are unchanged.
 */
export async function syncEgapro(options: EgaproOptions): Promise<FeedSummary> {
  const settings = parseEgapro(options.settings ?? {})
  return runFeed('egapro', options, settings, (run) => fetchAndReplace(run, settings))
}

async function fetchAndReplace(run: FeedRun, settings: EgaproSettings): Promise<FeedSummary> {
  const annee = settings.annee ?? Number(localDay(run.startedAt, ZONE).slice(0, 4)) - 1
  const companies = await companySirens(run.client)
  const before = await knownEgapro(run.client, annee)
  const sirens = settings.onlyMissing ? companies.filter((siren) => !before.has(siren)) : companies
  const tally = new Tally(companies.length, sirens.length, before, settings)
  const gathering = new Gathering(run)
  const stop = new AbortController()
  const signal = AbortSignal.any([run.signal, stop.signal])
  // Each running call adds a listener, and Node warns of a leak above ten.
  setMaxListeners(0, signal)
  const calls = new Calls(settings, settings.perSecond, signal)
  await pMap(
    sirens,
    async (siren) => {
      try {
        signal.throwIfAborted()
        if (run.elapsed() > settings.maxMinutes * 60_000) throw new FeedError('FEED_TOO_SLOW', tally.facts('trop_lent'))
        const fact = await ask(siren, annee, settings, calls, signal)
        tally.add(siren, fact)
        run.progress('fetch', tally.done, sirens.length)
        await gathering.add(siren, fact)
      } catch (thrown) {
        stop.abort(thrown)
      }
    },
    { concurrency: settings.parallel },
  )
  // All calls have ended. Throws the first error, or the caller's interruption.
  signal.throwIfAborted()
  await gathering.flush()
  tally.assertWhole()
  run.progress('replace', tally.done, sirens.length)
  const rows = run.dryRun ? companies.length : await replaceEgapro(run.client, annee, run.startedAt)
  return Object.freeze({
    feed: 'egapro',
    annee,
    dryRun: run.dryRun,
    asked: sirens.length,
    known: tally.known,
    absent: tally.absent,
    unknown: Object.freeze(tally.unknown),
    kept: companies.length - sirens.length,
    rows,
    ignoredRows: 0,
    calls: calls.count,
    milliseconds: Math.round(run.elapsed()),
  })
}

async function ask(
  siren: string,
  annee: number,
  settings: EgaproSettings,
  calls: Calls,
  signal: AbortSignal,
): Promise<EgaproFact> {
  if (!estSiren(siren)) return inconnu('siren_invalide')
  const url = egaproUrl(settings.baseUrl, siren, annee)
  const rules = { ...settings, accept: 'application/json' }
  try {
    return await calls.ask(() =>
      call(url, rules, signal, async (answer) => egaproFact(siren, answer.status, await textOf(answer)), [404]),
    )
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return inconnu(thrown.raison)
    throw thrown
  }
}

/** Sends answers to the database in batches, one after another, because there is only one connection. */
class Gathering {
  readonly #run: FeedRun
  #rows: EgaproRow[] = []
  #sending: Promise<void> = Promise.resolve()

  constructor(run: FeedRun) {
    this.#run = run
  }

  async add(siren: string, fact: EgaproFact): Promise<void> {
    if (this.#run.dryRun) return
    this.#rows.push({
      siren,
      etat: fact.etat,
      reponse: fact.etat === 'connu' ? fact.reponse : null,
      raison: fact.etat === 'inconnu' ? fact.raison : null,
      releve_le: this.#run.clock.now(),
    })
    if (this.#rows.length >= BATCH_ROWS) await this.flush()
  }

  flush(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    if (rows.length > 0) this.#sending = this.#sending.then(() => gatherEgapro(this.#run.client, rows))
    return this.#sending
  }
}

/** Counts the answers, and decides whether the source works at all. */
class Tally {
  readonly unknown: Partial<Record<RaisonFait, number>> = {}
  known = 0
  absent = 0
  readonly #companies: number
  readonly #asked: number
  readonly #before: ReadonlySet<string>
  readonly #settings: EgaproSettings
  #failed = 0
  #invalid = 0
  #inARow = 0
  #lost = 0

  constructor(companies: number, asked: number, before: ReadonlySet<string>, settings: EgaproSettings) {
    this.#companies = companies
    this.#asked = asked
    this.#before = before
    this.#settings = settings
  }

  get done(): number {
    return this.known + this.absent + this.#failed + this.#invalid
  }

  /** Throws as soon as the fetch cannot succeed, so that a broken source is not asked ten thousand times. */
  add(siren: string, fact: EgaproFact): void {
    if (fact.etat === 'inconnu') {
      this.unknown[fact.raison] = (this.unknown[fact.raison] ?? 0) + 1
      if (fact.raison === 'siren_invalide') this.#invalid += 1
      else this.#fail()
      return
    }
    this.#inARow = 0
    if (fact.etat === 'connu') this.known += 1
    else {
      this.absent += 1
      if (this.#before.has(siren)) this.#lost += 1
    }
  }

  #fail(): void {
    this.#failed += 1
    this.#inARow += 1
    if (this.#inARow >= this.#settings.giveUpAfter) {
      throw new FeedError('FEED_UNAVAILABLE', this.facts(this.#mostFrequent()))
    }
    // Compares with the failures allowed for all companies, not only for those asked so far.
    if (this.#failed > this.#allowedFailures() && this.known + this.absent > 0) {
      throw new FeedError('FEED_TOO_MANY_UNKNOWN', this.facts('trop_d_inconnus'))
    }
  }

  /** A share of all companies: with --only-missing, those whose answer is kept count as answered. */
  #allowedFailures(): number {
    return (this.#companies - this.#invalid) * this.#settings.maxUnknownShare
  }

  /** Throws unless the answers may replace the previous ones. */
  assertWhole(): void {
    const few = Math.min(this.#settings.giveUpAfter, this.#companies - this.#invalid)
    if (this.#failed > 0 && this.known + this.absent === 0 && this.#failed >= few) {
      throw new FeedError('FEED_UNAVAILABLE', this.facts(this.#mostFrequent()))
    }
    if (this.#failed > this.#allowedFailures()) {
      throw new FeedError('FEED_TOO_MANY_UNKNOWN', this.facts('trop_d_inconnus'))
    }
    if (this.#before.size >= LOSS_FLOOR && this.#lost > this.#before.size * this.#settings.maxLossShare) {
      const detail = `${this.#lost} of ${this.#before.size} known declarations are absent now`
      throw new FeedError('FEED_SHRUNK', { place: 'egapro', detail, raison: 'perte_inattendue' })
    }
  }

  facts(raison: RaisonReleve): { place: string; detail: string; raison: RaisonReleve } {
    const reasons = Object.entries(this.unknown).map(([reason, count]) => `${reason} ${count}`)
    const detail = `${this.done} of ${this.#asked} asked${reasons.length === 0 ? '' : `: ${reasons.join(', ')}`}`
    return { place: 'egapro', detail, raison }
  }

  #mostFrequent(): RaisonReleve {
    let [most, times]: [RaisonReleve, number] = ['reseau', 0]
    for (const [reason, count] of Object.entries(this.unknown)) {
      // sound because `add` writes no other keys. An invalid siren is not a failure of the source.
      if (reason !== 'siren_invalide' && count > times) [most, times] = [reason as RaisonReleve, count]
    }
    return most
  }
}
