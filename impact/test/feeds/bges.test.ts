/** The BGES feed on real servers: the file is read as it arrives, and a wrong one changes nothing. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { NEWEST } from '../../../test/database.ts'
import { type BgesOptions, syncBges } from '../../feeds/bges.ts'
import type { DemoFacts, DemoLine } from '../../feeds/demo-facts.ts'
import type { DemoFault, DemoRoute, HttpFault } from './faults.ts'
import type { CsvFault } from './faulty-csv.ts'
import { type FaultyServer, startFaultyServer } from './faulty-server.ts'
import { failureOf, Operational, sirenOf, sirensUpTo } from './operational.ts'

const TODAY = '2026-07-22T00:05:00+02:00'
const clock = { now: () => new Date(TODAY), monotonicMs: () => performance.now() }
/** For a source that says nothing. */
const SILENCE = { timeoutMs: 500, idleMs: 500 }
const LINES: readonly DemoLine[] = [
  { siren: sirenOf(1), date: '2021-12-31' },
  { siren: sirenOf(1), date: '2025-02-28' },
  { siren: sirenOf(3), date: '2024-02-29' },
  { siren: sirenOf(900), date: '2026-07-21' },
]
const factsOf = (bges: () => Iterable<DemoLine>): DemoFacts => ({ egapro: () => ({ etat: 'absent' }), bges })
const LOADED = LINES.map(({ siren, date }) => `${siren} ${date}`)

/** The file, and why it is refused. */
const WRONG_FILES: readonly [CsvFault, string][] = [
  ['header-missing', 'entete_inattendu'],
  ['header-renamed', 'entete_inattendu'],
  ['header-twice', 'entete_inattendu'],
  ['header-only', 'contenu_vide'],
  ['latin-1', 'encodage_inattendu'],
  ['utf-16', 'encodage_inattendu'],
  ['bad-date', 'date_illisible'],
  ['bad-siren', 'siren_illisible'],
  ['short-line', 'ligne_illisible'],
  ['quote-open', 'ligne_illisible'],
]
/** Where, how, what is recorded, and how many calls it took. */
const WRONG_ANSWERS: readonly [DemoRoute, HttpFault, string, number][] = [
  ['bges-latest', 'html', 'contenu_illisible', 1],
  ['bges-latest', 'file-elsewhere', 'contenu_illisible', 1],
  ['bges-latest', 'page-not-found', 'statut_404', 1],
  ['bges-latest', 'redirect-away', 'redirection_refusee', 1],
  ['bges-latest', 'reset', 'reseau', 2],
  ['bges-latest', 'no-answer', 'delai', 2],
  ['bges-file', 'html', 'entete_inattendu', 2],
  ['bges-file', 'too-large', 'contenu_trop_grand', 2],
  ['bges-file', 'error-503', 'statut_503', 3],
  ['bges-file', 'too-many-requests', 'statut_429', 3],
  ['bges-file', 'truncated', 'reseau', 3],
  ['bges-file', 'stalled', 'delai', 3],
]

describe.each(NEWEST)('PostgreSQL %i', (version) => {
  let base: Operational
  let source: FaultyServer
  const QUICK = { timeoutMs: 3_000, idleMs: 3_000, tries: 2, backoffMs: 5, backoffMaxMs: 10 }
  const sync = (settings: BgesOptions['settings'] = {}, more: Partial<BgesOptions> = {}) =>
    syncBges({ client: base.client, clock, ...more, settings: { baseUrl: source.url, ...QUICK, ...settings } })
  const fault = (on: DemoRoute, kind: DemoFault['kind'], more: Partial<DemoFault> = {}) => {
    source.faults = [{ on, kind, ...more }]
  }

  beforeAll(async () => {
    base = await Operational.create(version, 'bges')
  })
  afterAll(() => base.drop())
  beforeEach(async () => {
    source = await startFaultyServer({ facts: factsOf(() => LINES) })
    await base.reset(sirensUpTo(4))
  })
  afterEach(() => source.stop())

  test('loads every line, and says which companies have one', async () => {
    const seen: string[] = []
    const summary = await sync({}, { onProgress: ({ phase, unit }) => seen.push(`${phase} ${unit}`) })
    expect(summary).toMatchObject({
      feed: 'bges',
      annee: null,
      asked: 4,
      known: 2,
      absent: 2,
      unknown: {},
      rows: 4,
      ignoredRows: 0,
      calls: 2,
    })
    expect(seen).toEqual(['fetch bytes', 'replace bytes'])
    expect(await base.bges()).toEqual(LOADED)
    expect(await base.releve('bges')).toEqual({ etat: 'connu', raison: null, releve_le: new Date(TODAY), lignes: '4' })
    await source.stop()
    source = await startFaultyServer({ facts: factsOf(() => LINES.slice(1)), withoutMark: true })
    expect(await sync()).toMatchObject({ known: 2, rows: 3 })
    expect(await base.bges()).toEqual(LOADED.slice(1))
  })

  describe('yesterday’s facts', () => {
    const YESTERDAY = new Date('2026-07-21T00:05:00+02:00')
    let before: readonly string[]
    beforeEach(async () => {
      await base.other.query(
        `insert into feeds_bges select split_part(line, ' ', 1), split_part(line, ' ', 2)::date, $2 from unnest($1::text[]) line`,
        [LOADED, YESTERDAY],
      )
      await base.other.query(`insert into feeds_releve values ('bges', 'connu', null, $1, 4)`, [YESTERDAY])
      before = await base.bges()
    })

    const kept = async (raison: string) => {
      expect(await base.bges()).toEqual(before)
      expect(await base.releve('bges')).toEqual({ etat: 'connu', raison, releve_le: YESTERDAY, lignes: '4' })
    }

    test('survive every wrong file, which is refused and not asked for again', async () => {
      for (const [kind, raison] of WRONG_FILES) {
        fault('bges-file', kind)
        const requests = source.counts.requests
        expect([kind, await failureOf(sync())]).toMatchObject([kind, { code: 'FEED_CONTENT_INVALID', raison }])
        expect([kind, source.counts.requests - requests]).toEqual([kind, 2])
        await kept(raison)
      }
    })

    test('survive every wrong answer', async () => {
      // What a wrong answer is does not depend on the server of the facts: one suffices to see that it changes nothing there.
      const some = version === 18 ? WRONG_ANSWERS : WRONG_ANSWERS.slice(-2, -1)
      for (const [on, kind, raison, calls] of some) {
        fault(on, kind)
        const requests = source.counts.requests
        expect([
          on,
          kind,
          await failureOf(sync({ maxBytes: 300_000, ...(raison === 'delai' && SILENCE) })),
        ]).toMatchObject([on, kind, { raison }])
        expect([on, kind, source.counts.requests - requests]).toEqual([on, kind, calls])
        await kept(raison)
      }
    })

    test('a passing trouble begins the file anew, and counts nothing twice', async () => {
      fault('bges-file', 'truncated', { first: 1 })
      expect(await sync()).toMatchObject({ rows: 4, known: 2, calls: 3 })
      expect(await base.bges()).toEqual(before)
      expect(await base.releve('bges')).toMatchObject({ etat: 'connu', raison: null, releve_le: new Date(TODAY) })
    })

    test('survive a download that takes longer than it may', async () => {
      fault('bges-file', 'stalled')
      expect(await failureOf(sync({ idleMs: 5_000, maxMinutes: 0.003, tries: 5 }))).toMatchObject({
        code: 'FEED_TOO_SLOW',
        raison: 'trop_lent',
      })
      await kept('trop_lent')
    })

    test('survive an interruption, which is not recorded', async () => {
      fault('bges-file', 'stalled')
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 60)
      const error = await failureOf(sync({ idleMs: 20_000 }, { signal: controller.signal }))
      expect(error).toMatchObject({ code: 'FEED_INTERRUPTED' })
      expect(await base.releve('bges')).toMatchObject({ etat: 'connu', raison: null, releve_le: YESTERDAY })
      expect(await base.bges()).toEqual(before)
    })
  })

  test('half the lines gone is a loss, unless it is accepted', async () => {
    await source.stop()
    source = await startFaultyServer({
      facts: factsOf(() => sirensUpTo(100).map((siren) => ({ siren, date: '2025-01-01' }))),
    })
    await sync()
    fault('bges-file', 'half-the-lines')
    expect(await failureOf(sync())).toMatchObject({
      code: 'FEED_SHRUNK',
      raison: 'perte_inattendue',
      detail: '50 lines, 100 before',
    })
    expect(await base.bges()).toHaveLength(100)
    expect(await sync({ maxLossShare: 1 })).toMatchObject({ rows: 50 })
  })

  test('without any fetch that succeeded, the source is unknown, not empty', async () => {
    fault('bges-latest', 'error-500')
    expect(await failureOf(sync())).toMatchObject({ code: 'FEED_UNAVAILABLE', raison: 'statut_500' })
    expect(await base.releve('bges')).toEqual({
      etat: 'inconnu',
      raison: 'statut_500',
      releve_le: new Date(TODAY),
      lignes: null,
    })
    source.faults = []
    await sync()
    expect(await base.releve('bges')).toMatchObject({ etat: 'connu', raison: null })
  })

  test('--dry-run reads and judges the file, and writes nothing', async () => {
    await base.client.query('set default_transaction_read_only to on')
    try {
      expect(await sync({ dryRun: true })).toMatchObject({ dryRun: true, rows: 4, known: 2, absent: 2 })
      fault('bges-file', 'bad-date')
      expect(await failureOf(sync({ dryRun: true }))).toMatchObject({ raison: 'date_illisible' })
      expect(await base.everything()).toEqual([[], [], undefined, undefined])
    } finally {
      await base.client.query('set default_transaction_read_only to off')
    }
  })
})

setFlagsFromString('--expose-gc')
// sound because the flag above makes every new context define it.
const collect = runInNewContext('gc') as () => void

/** What is still held after a collection, outside of the heap included. */
function liveBytes(): number {
  collect()
  // Buffers are freed beside a collection; a second one waits for that.
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('a file of 30 MB', () => {
  const COUNT = 15_000
  const PADDING = 1_950
  let base: Operational
  let source: FaultyServer
  beforeAll(async () => {
    base = await Operational.create(18, 'bges_large')
    await base.reset([sirenOf(7)])
    const facts = factsOf(function* () {
      for (let number = 1; number <= COUNT; number += 1) yield { siren: sirenOf(number), date: '2024-06-30' }
    })
    source = await startFaultyServer({ facts, padding: PADDING })
  })
  afterAll(async () => {
    await source.stop()
    await base.drop()
  })

  test('is loaded with a flat memory, while a reader sees yesterday’s facts to the end', async () => {
    await base.other.query(`insert into feeds_bges values ($1, '2020-01-01', now())`, [sirenOf(7)])
    const looks: Promise<number>[] = []
    const memory: number[] = []
    let measured = 0
    let bytes = 0
    const summary = await syncBges({
      client: base.client,
      clock,
      settings: { baseUrl: source.url },
      onProgress: ({ phase, done }) => {
        bytes = done
        if (phase !== 'fetch' || done - measured < 5_000_000) return
        measured = done
        memory.push(liveBytes())
        looks.push(base.bges().then((rows) => rows.length))
      },
    })
    expect(bytes).toBeGreaterThan(30_000_000)
    expect(summary).toMatchObject({ rows: COUNT, known: 1, absent: 0 })
    expect(memory.length).toBeGreaterThan(4)
    // Pieces under way between source and database, at most; and the end of the file costs no more than its beginning.
    expect(Math.max(...memory) - Math.min(...memory)).toBeLessThan(12_000_000)
    const half = memory.length >> 1
    expect(Math.max(...memory.slice(half)) - Math.max(...memory.slice(0, half))).toBeLessThan(3_000_000)
    expect(new Set(await Promise.all(looks))).toEqual(new Set([1]))
    expect(await base.bges()).toHaveLength(COUNT)
  })
})
