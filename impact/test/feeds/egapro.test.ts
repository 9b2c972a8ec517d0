/** The EgaPro feed on real servers, against a source of ours that misbehaves in every way of the list. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { NEWEST } from '../../../test/database.ts'
import { type EgaproOptions, syncEgapro } from '../../feeds/egapro.ts'
import { ANNEE, clock, expected, facts, QUICK, TODAY } from './egapro-source.ts'
import type { DemoFault } from './faults.ts'
import { type FaultyServer, startFaultyServer } from './faulty-server.ts'
import { failureOf, Operational, sirenOf, sirensUpTo } from './operational.ts'

describe.each(NEWEST)('PostgreSQL %i', (version) => {
  let base: Operational
  let source: FaultyServer
  const sync = (settings: EgaproOptions['settings'] = {}, more: Partial<EgaproOptions> = {}) =>
    syncEgapro({ client: base.client, clock, ...more, settings: { baseUrl: source.url, ...QUICK, ...settings } })
  const faults = (...list: readonly Omit<DemoFault, 'on'>[]) => {
    source.faults = list.map((fault) => ({ on: 'egapro', ...fault }))
  }

  beforeAll(async () => {
    base = await Operational.create(version, 'egapro')
  })
  afterAll(() => base.drop())
  beforeEach(async () => {
    source = await startFaultyServer({ facts })
    await base.reset(sirensUpTo(7))
  })
  afterEach(() => source.stop())

  test('asks every company about the year before, and keeps what the source said', async () => {
    const seen: number[] = []
    const summary = await sync({}, { onProgress: ({ done, total }) => total === 7 && seen.push(done) })
    expect(summary).toMatchObject({
      feed: 'egapro',
      annee: ANNEE,
      dryRun: false,
      asked: 7,
      known: 4,
      absent: 3,
      unknown: {},
      kept: 0,
      rows: 7,
      calls: 7,
    })
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 7])
    expect(await base.egaproStates(ANNEE)).toEqual(expected(7))
    const [absent, known] = await base.egapro()
    expect(absent).toMatchObject({ reponse_api: null, raison: null, releve_le: new Date(TODAY) })
    expect(known?.reponse_api).toEqual({
      entreprise: { siren: sirenOf(2) },
      déclaration: { index: 88, année_indicateurs: 2025 },
    })
    expect(await base.releve('egapro')).toEqual({
      etat: 'connu',
      raison: null,
      releve_le: new Date(TODAY),
      lignes: '7',
    })
    expect([...source.counts.userAgents]).toEqual(['vitrine-impact/0.1'])
  })

  test('nine characters that are no siren are not asked, and are not the source’s fault', async () => {
    await base.reset([sirenOf(1), '+12345678', ' 1234567', '1_3456789'])
    const summary = await sync({ maxUnknownShare: 0 })
    expect(summary).toMatchObject({ asked: 4, absent: 1, unknown: { siren_invalide: 3 }, calls: 1 })
    expect((await base.egapro()).filter(({ raison }) => raison === 'siren_invalide')).toHaveLength(3)
  })

  describe('yesterday’s facts', () => {
    const YESTERDAY = '2026-07-21T00:05:00+02:00'
    const yesterday = { now: () => new Date(YESTERDAY), monotonicMs: clock.monotonicMs }

    test('survive a source that is away, and a reader sees them all the time', async () => {
      await sync({}, { clock: yesterday })
      const [before] = (await base.everything()) as [unknown]
      faults({ kind: 'no-answer' })
      const work = failureOf(sync({ timeoutMs: 100 }))
      const meanwhile = await base.egapro()
      const error = await work
      expect(error).toMatchObject({ code: 'FEED_UNAVAILABLE', raison: 'delai', detail: '7 of 7 asked: delai 7' })
      expect(meanwhile).toEqual(before)
      expect(await base.egapro()).toEqual(before)
      expect(await base.releve('egapro')).toEqual({
        etat: 'connu',
        raison: 'delai',
        releve_le: new Date(YESTERDAY),
        lignes: '7',
      })
    })

    test('survive a server that is not there at all', async () => {
      await sync({}, { clock: yesterday })
      const before = await base.egapro()
      expect(await failureOf(sync({ baseUrl: 'http://127.0.0.1:1' }))).toMatchObject({
        code: 'FEED_UNAVAILABLE',
        raison: 'reseau',
      })
      expect(await base.egapro()).toEqual(before)
    })

    test('survive too many unknown, an end that comes early', async () => {
      await base.reset(sirensUpTo(30))
      await sync({}, { clock: yesterday })
      const before = await base.egapro()
      source.faults = sirensUpTo(30)
        .filter((_, index) => index % 2 === 1)
        .map((siren) => ({ on: 'egapro', kind: 'html', siren }))
      const error = await failureOf(sync({ maxUnknownShare: 0.2, parallel: 1 }))
      expect(error).toMatchObject({
        code: 'FEED_TOO_MANY_UNKNOWN',
        raison: 'trop_d_inconnus',
        detail: '14 of 30 asked: contenu_illisible 7',
      })
      expect(await base.egapro()).toEqual(before)
      expect(await base.releve('egapro')).toMatchObject({ etat: 'connu', raison: 'trop_d_inconnus' })
    })

    test('survive a source that has lost its declarations', async () => {
      await base.reset(sirensUpTo(36))
      await sync({}, { clock: yesterday })
      const before = await base.egapro()
      await source.stop()
      source = await startFaultyServer({ facts: { ...facts, egapro: () => ({ etat: 'absent' }) } })
      const error = await failureOf(sync())
      expect(error).toMatchObject({ code: 'FEED_SHRUNK', detail: '24 of 24 known declarations are absent now' })
      expect(await base.egapro()).toEqual(before)
      expect(await sync({ maxLossShare: 1 })).toMatchObject({ absent: 36 })
    })

    test('are no answer for ever: after the days that they may serve, the source is unknown', async () => {
      await sync({}, { clock: { ...clock, now: () => new Date('2026-07-14T00:00:00Z') } })
      faults({ kind: 'error-503' })
      expect(await failureOf(sync())).toMatchObject({ code: 'FEED_UNAVAILABLE', raison: 'statut_503' })
      expect(await base.releve('egapro')).toEqual({
        etat: 'inconnu',
        raison: 'statut_503',
        releve_le: new Date(TODAY),
        lignes: null,
      })
      expect(await base.egaproStates(ANNEE)).toEqual(expected(7))
    })

    test('are replaced for the year that was asked, with companies that are gone', async () => {
      await sync({ annee: 2024 })
      await sync()
      await base.other.query('delete from entreprises_entreprise where siren = $1', [sirenOf(7)])
      faults({ kind: 'html', siren: sirenOf(2) })
      await sync()
      expect(await base.egaproStates(2024)).toEqual(expected(7))
      expect(await base.egaproStates(ANNEE)).toEqual(expected(6, { 2: 'inconnu contenu_illisible' }))
    })
  })

  test('--only-missing asks those without a known declaration, and leaves the others as they are', async () => {
    faults({ kind: 'html', siren: sirenOf(2) }, { kind: 'html', siren: sirenOf(3) })
    await sync()
    const before = source.counts.requests
    faults({ kind: 'html', siren: sirenOf(3) })
    const summary = await sync({ onlyMissing: true })
    expect(summary).toMatchObject({
      asked: 5,
      kept: 2,
      known: 1,
      absent: 3,
      unknown: { contenu_illisible: 1 },
      rows: 7,
    })
    expect(source.counts.requests - before).toBe(5)
    expect(await base.egaproStates(ANNEE)).toEqual(expected(7, { 3: 'inconnu contenu_illisible' }))
  })

  test('--dry-run asks and writes nothing, neither facts nor failures', async () => {
    await base.client.query('set default_transaction_read_only to on')
    try {
      expect(await sync({ dryRun: true })).toMatchObject({ dryRun: true, known: 4, absent: 3 })
      faults({ kind: 'error-500' })
      expect(await failureOf(sync({ dryRun: true }))).toMatchObject({ code: 'FEED_UNAVAILABLE' })
      expect(await base.everything()).toEqual([[], [], undefined, undefined])
    } finally {
      await base.client.query('set default_transaction_read_only to off')
    }
  })

  test('an interruption ends at once, records nothing and leaves the connection usable', async () => {
    await sync()
    const before = await base.everything()
    faults({ kind: 'no-answer' })
    const controller = new AbortController()
    const work = failureOf(sync({ timeoutMs: 300_000 }, { signal: controller.signal }))
    setTimeout(() => controller.abort(), 50)
    expect(await work).toMatchObject({ code: 'FEED_INTERRUPTED', raison: null })
    expect(await failureOf(sync({}, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'FEED_INTERRUPTED' })
    expect(await base.everything()).toEqual(before)
    faults()
    expect(await sync()).toMatchObject({ known: 4 })
  })

  test('a database that refuses the facts changes nothing, and its words stay inside', async () => {
    await sync()
    const before = await base.everything()
    await base.other.query(`alter table feeds_egapro add constraint refus check (siren <> '${sirenOf(2)}') not valid`)
    try {
      const error = await failureOf(sync())
      expect(error).toMatchObject({ code: 'FEED_DATABASE_FAILED', sqlState: '23514' })
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(sirenOf(2))
    } finally {
      await base.other.query('alter table feeds_egapro drop constraint refus')
    }
    expect(await base.everything()).toEqual(before)
    const { rows } = await base.client.query(`select to_regclass('pg_temp.gathered_egapro') as left`)
    expect(rows).toEqual([{ left: null }])
  })

  test('one fetch of a source at a time', async () => {
    faults({ kind: 'slow', delayMs: 100 })
    let first: ReturnType<typeof sync> | undefined
    await new Promise<void>((begun) => {
      first = sync({ parallel: 1 }, { onProgress: () => begun() })
    })
    const second = syncEgapro({ client: base.other, clock, settings: { baseUrl: source.url, ...QUICK } })
    expect(await failureOf(second)).toMatchObject({ code: 'FEED_BUSY', place: 'egapro' })
    expect(await first).toMatchObject({ known: 4 })
  })

  test('a database without the tables is told to migrate', async () => {
    await base.other.query('alter table feeds_releve rename to ailleurs')
    try {
      expect(await failureOf(sync())).toMatchObject({ code: 'FEED_NOT_MIGRATED', detail: 'without feeds_releve' })
    } finally {
      await base.other.query('alter table ailleurs rename to feeds_releve')
    }
  })
})
