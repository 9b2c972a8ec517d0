/** La publication de la nuit : sources relevées juste avant, sans que leur panne l’arrête ni passe sous silence. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { definePublication, type Publication } from 'vitrine'
import { type Receiver, receive } from '../../../packages/vitrine/test/schedule/receiver.ts'
import { Databases } from '../../../test/documentation/guide.ts'
import { impact } from '../../cli/impact.ts'
import { sampleFacts } from '../../feeds/demo-facts.ts'
import impactPublication from '../../publication/index.ts'
import { type FaultyServer, type FaultyServerOptions, startFaultyServer } from '../feeds/faulty-server.ts'
import { run } from './run.ts'

const suffix = randomBytes(4).toString('hex')
const publication = definePublication({
  ...impactPublication,
  writer: `impact_${suffix}`,
  reader: `metabase_${suffix}`,
})
/** L’heure du test ne doit rien changer : la tolérance est sans fin, ou nulle. */
const tolerant = (staleAfterMinutes: number) => ({
  ...publication,
  limits: { ...publication.limits, staleAfterMinutes },
})
const [patient, hasty] = [tolerant(1_000_000), tolerant(0)]

let databases: Databases
let environment: Readonly<Record<string, string>>
let webhook: Receiver
let facts: FaultyServerOptions['facts']
let sources: FaultyServer | null = null

/** `nuit` et les autres, sur nos sources, sans attendre entre deux questions. */
const command = (line: string, about: Publication = patient) => {
  const paced = /^(nuit|schedule)\b/.test(line) ? `${line} --per-second 1000` : line
  const urls = { EGAPRO_URL: sources?.url, BGES_URL: sources?.url, VITRINE_ALARM_WEBHOOK: webhook.url }
  return run({ ...impact, publication: about }, paced, { environment: { ...environment, ...urls } })
}

async function serve(faults: FaultyServerOptions['faults'] = []): Promise<FaultyServer> {
  await sources?.stop()
  sources = await startFaultyServer({ facts, faults })
  return sources
}

async function ask<Row extends object>(side: 'source' | 'target', sql: string): Promise<Row[]> {
  const client = await databases[side].connect()
  const { rows } = await client.query<Row>(sql)
  await databases[side].close(client)
  return rows
}

/** Comme si rien n’avait été publié, ni relevé, depuis la veille. */
async function aDayLater(): Promise<void> {
  await ask('target', "update vitrine.run set started_at = started_at - interval '1 day'")
  await ask('source', "update feeds_releve set releve_le = releve_le - interval '1 day', etat = 'connu', raison = null")
}

const alarms = () => webhook.received.map(({ body }) => JSON.parse(body))
const states = () =>
  ask<{ source: string; raison: string | null; fresh: boolean }>(
    'source',
    "select source, raison, releve_le > now() - interval '1 hour' as fresh from feeds_releve order by source",
  )

beforeAll(async () => {
  ;[databases, webhook] = await Promise.all([
    Databases.create('nuit', publication.writer, publication.reader),
    receive(),
  ])
  environment = databases.environment(publication.schema)
  for (const line of [
    'migrate',
    'sample --size S',
    'provision --source',
    'provision',
    'migrate metabase --database metabase',
  ]) {
    expect([line, (await command(line)).status]).toEqual([line, 0])
  }
  const client = await databases.source.connect()
  facts = await sampleFacts(client)
  await databases.source.close(client)
})
afterEach(() => {
  webhook.received.length = 0
})
afterAll(async () => {
  await sources?.stop()
  await webhook.close()
  await databases.drop()
})

describe.sequential('impact nuit', () => {
  test('relève les deux sources puis publie, une fois', async () => {
    await aDayLater()
    const { counts } = await serve()
    const { status, stdout, stderr } = await command('nuit')
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Published \d+ tables /m)
    expect(stderr).toContain('egapro : remplacement des faits')
    expect(stderr).toContain('bges : remplacement des faits')
    expect(await states()).toEqual([
      { source: 'bges', raison: null, fresh: true },
      { source: 'egapro', raison: null, fresh: true },
    ])
    expect(alarms()).toEqual([])
    const asked = counts.requests
    expect((await command('nuit')).stdout).toMatch(/^Not due: the next run is due at /)
    expect(counts.requests).toBe(asked)
  })

  test('une source en panne n’arrête pas la publication : les faits de la veille restent, et une alerte le dit', async () => {
    await aDayLater()
    await serve([{ on: 'egapro', kind: 'bad-request' }])
    const facts = () => ask('source', 'select siren, etat, releve_le from feeds_egapro order by siren, annee')
    const before = await facts()
    const { status, stderr } = await command('nuit')
    expect(status).toBe(0)
    expect(await facts()).toEqual(before)
    expect(await states()).toEqual([
      { source: 'bges', raison: null, fresh: true },
      { source: 'egapro', raison: 'statut_400', fresh: false },
    ])
    expect(stderr).toMatch(/^alarm: Vitrine impact: a step before the run failed/m)
    expect(alarms()).toMatchObject([{ kind: 'preparation', code: 'FEED_UNAVAILABLE', place: 'egapro' }])
    expect(JSON.stringify(alarms())).not.toContain(sources?.url)
  })

  test('un relevé trop lent est arrêté, et la publication a lieu', async () => {
    await aDayLater()
    await serve([{ on: 'egapro', kind: 'slow', delayMs: 200 }])
    expect(await command('nuit --max-minutes 0.02')).toMatchObject({ status: 0 })
    expect(alarms()).toMatchObject([{ kind: 'preparation', code: 'FEED_TOO_SLOW' }])
  })

  test('un échec de la publication ne fait pas redemander ce qui est frais', async () => {
    await aDayLater()
    const { counts } = await serve()
    await ask('source', 'alter table users_user add column surnom text')
    expect((await command('nuit')).stderr).toContain('SOURCE_DRIFT')
    const asked = counts.requests
    expect(asked).toBeGreaterThan(0)
    expect((await command('nuit')).status).toBe(6)
    await ask('source', 'alter table users_user drop column surnom')
    expect(await command('nuit')).toMatchObject({ status: 0 })
    expect(counts.requests).toBe(asked)
    expect(alarms()).toMatchObject([{ kind: 'failed', code: 'SOURCE_DRIFT' }, { kind: 'recovered' }])
  })

  test('un relevé déjà en cours s’attend, mais pas au-delà de la tolérance', async () => {
    await aDayLater()
    await serve()
    const other = await databases.source.connect()
    await other.query('select pg_advisory_lock(4850264)')
    const waiting = await command('nuit')
    expect(waiting.status).toBe(8)
    expect(waiting.stderr).toContain('The facts of egapro are being fetched by another process.')
    expect(alarms()).toEqual([])
    expect(await command('nuit', hasty)).toMatchObject({ status: 0 })
    expect(alarms()).toMatchObject([{ kind: 'preparation', code: 'FEED_BUSY' }])
    await databases.source.close(other)
  })

  test('une base opérationnelle injoignable est un échec comme un autre, dit une fois', async () => {
    await aDayLater()
    const before = environment
    const nowhere = 'postgresql://app:x@127.0.0.1:1/app'
    environment = { ...environment, DATABASE_URL: nowhere, DATABASE_ADMIN_URL: nowhere }
    expect((await command('nuit')).status).toBe(4)
    environment = before
    expect(alarms()).toMatchObject([{ kind: 'failed', code: 'CONNECTION_FAILED' }])
    expect(await command('nuit')).toMatchObject({ status: 0 })
  })

  test('schedule relève aussi, sauf si on le lui défend', async () => {
    for (const [line, asks] of [
      ['schedule --sans-releves', false],
      ['schedule', true],
    ] as const) {
      await aDayLater()
      const { counts } = await serve()
      let interrupt = () => undefined as unknown
      const before = await ask('target', 'select from vitrine.run where published_at is not null')
      const urls = { EGAPRO_URL: sources?.url, BGES_URL: sources?.url }
      const ended = run({ ...impact, publication: patient }, `${line} --per-second 1000`, {
        environment: { ...environment, ...urls },
        interrupt: (now) => {
          interrupt = now
        },
      })
      await expect
        .poll(() => ask('target', 'select from vitrine.run where published_at is not null and finished_at is not null'))
        .toHaveLength(before.length + 1)
      interrupt()
      expect((await ended).status).toBe(0)
      expect(counts.requests > 0).toBe(asks)
    }
  })

  test.each(['nuit --max-minutes 0', 'nuit --per-second 1001', 'nuit --max-minutes un'])(
    '%s est refusé',
    async (line) => {
      const { status, stderr } = await run({ ...impact, publication }, line, { environment })
      expect(status).toBe(2)
      expect(stderr).toContain('error USAGE')
    },
  )
})
