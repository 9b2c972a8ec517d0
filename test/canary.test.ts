/**
 * A value of the source is found in the published columns that the dictionary says, and nowhere else: each column of Impact,
 * and of random schemas with random publications, holds a value that stands for nothing else, and all that the tool wrote
 * is searched for it: tables, statistics, files and log of the target, what was printed, alarms. `CANARY_SCHEMAS` asks for
 * more schemas, `CANARY_SEED` for others.
 */

import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrateOperational } from '../impact/database/migrate.ts'
import { loadSample } from '../impact/database/sample.ts'
import impactPublication from '../impact/publication/index.ts'
import { vitrine } from '../packages/vitrine/src/cli/vitrine.ts'
import { dictionaryOf } from '../packages/vitrine/src/dictionary/dictionary.ts'
import { definePublication, type Publication } from '../packages/vitrine/src/index.ts'
import { publishedRelations } from '../packages/vitrine/src/publication/publication.ts'
import { run } from '../packages/vitrine/test/cli/captured-io.ts'
import { pageOf } from '../packages/vitrine/test/page/placed-shop.ts'
import { type Receiver, receive } from '../packages/vitrine/test/schedule/receiver.ts'
import { Canaries } from './canary/canaries.ts'
import { plantRow } from './canary/planting.ts'
import { randomInstallation, TRAP } from './canary/random-publication.ts'
import { expectationOf, inDatabase, inFiles, inTexts, leaksIn, placesOf, type Sighting } from './canary/search.ts'
import { TestDatabase, type TestRole } from './database.ts'
import { serverFolder } from './server-folder.ts'

const SCHEMAS = Number(process.env['CANARY_SCHEMAS'] ?? 5)
const SEED = Number(process.env['CANARY_SEED'] ?? 1)

let server: EmbeddedServer
let webhook: Receiver
beforeAll(async () => {
  const folder = serverFolder()
  const settings = { max_connections: '100', shared_buffers: '64MB' }
  ;[server, webhook] = await Promise.all([
    startServer({ dataDirectory: serverHome(join(folder, 'target')), ephemeral: true, settings }),
    receive(),
  ])
  return async () => {
    await webhook.close()
    await server.stop('immediate')
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A source, an empty target on the server that is searched, and the commands of a team. */
class Watched {
  readonly canaries: Canaries
  readonly sightings: Sighting[] = []
  readonly source: TestDatabase
  readonly #target: TestDatabase
  readonly #app: TestRole
  readonly #roles: readonly [TestRole, TestRole]
  readonly #key = randomBytes(32).toString('hex')
  publication: Publication

  private constructor(first: number, databases: readonly [TestDatabase, TestDatabase], make: Make) {
    this.canaries = new Canaries(first)
    ;[this.source, this.#target] = databases
    const role = (name: string) => ({
      user: `${name}_${this.source.name.slice(-10)}`,
      password: randomBytes(9).toString('hex'),
    })
    this.#app = role('app')
    this.#roles = [role('writer'), role('reader')]
    this.publication = changedOnly(make({ writer: this.#roles[0].user, reader: this.#roles[1].user }))
  }

  static async create(first: number, fill: (client: Client) => Promise<unknown>, make: Make): Promise<Watched> {
    const source = await TestDatabase.create(18, 'canary_source')
    const target = await TestDatabase.create(server, 'canary_target')
    const watched = new Watched(first, [source, target], make)
    await watched.change(fill)
    return watched
  }

  async change(work: (client: Client) => Promise<unknown>): Promise<void> {
    const client = await this.source.connect()
    await work(client)
    await this.source.close(client)
  }

  /** What a command prints is searched. */
  async command(line: string): Promise<number> {
    const [writer, reader] = this.#roles
    const environment = {
      DATABASE_URL: this.source.url(this.#app),
      DATABASE_ADMIN_URL: this.source.url(),
      METABASE_DATABASE_URL: this.#target.url(writer),
      METABASE_READER_URL: this.#target.url(reader),
      METABASE_ADMIN_URL: this.#target.url(),
      VITRINE_PSEUDONYM_KEY: this.#key,
      VITRINE_ALARM_WEBHOOK: webhook.url,
    }
    const { status, stdout, stderr } = await run({ ...vitrine, publication: this.publication }, line, { environment })
    this.sightings.push(...inTexts(this.canaries, 'output', [[line, stdout + stderr]]))
    return status
  }

  /** What the page shows of the dictionary, the runs and the state is searched; `each` takes every so manieth column. */
  async pages(each: number): Promise<void> {
    const [writer, reader] = this.#roles
    const { get, readers } = pageOf({ publication: this.publication, target: this.#target, reader, writer })
    const columns = publishedRelations(this.publication).flatMap(({ name, columns: its }) =>
      its.map((column) => `/dictionary/${name}/${column.name}`),
    )
    const tables = publishedRelations(this.publication).map(({ name }) => `/dictionary/${name}`)
    const runs = [1, 2, 3, 4].map((run) => `/runs/${run}`)
    const paths = ['/dictionary', '/dictionary-whole', '/runs', ...runs, '/state', ...tables]
    for (const path of [...paths, ...columns.filter((_, at) => at % each === 0)]) {
      const { status, text } = await get(path)
      expect([path, status]).toEqual([path, 200])
      // The lowest and the highest of open numbers and dates are told on purpose.
      const told = text.replaceAll(/<div><dt>Ends.*?<\/dd><\/div>/gs, '')
      this.sightings.push(...inTexts(this.canaries, 'output', [[path, told]]))
    }
    await readers.close()
  }

  async commands(lines: Readonly<Record<string, number>>): Promise<void> {
    for (const [line, status] of Object.entries(lines)) expect([line, await this.command(line)]).toEqual([line, status])
  }

  /** Does what the tool must not do with the values of a column, so that the search itself is tried. */
  async betray(column: string): Promise<void> {
    const texts = this.canaries.all.filter(({ columns }) => columns.has(column)).map(({ text }) => text)
    const client = await this.#target.connect()
    await client.query(
      `create table betrayal as select '${texts.join(' ')}' as value; do $$ begin raise warning '%', '${texts.join(' ')}'; end $$`,
    )
    await this.#target.close(client)
    await fetch(webhook.url, { method: 'POST', body: texts.join(' ') })
    this.sightings.push(...inTexts(this.canaries, 'output', [['betrayal', texts.join(' ')]]))
  }

  async search(): Promise<void> {
    const client = await this.#target.connect()
    this.sightings.push(...(await inDatabase(this.canaries, client)))
    await client.query('checkpoint')
    const { rows } = await client.query<{ oid: string }>(
      'select oid::text from pg_database where datname = current_database()',
    )
    await this.#target.close(client)
    this.sightings.push(...inFiles(this.canaries, server.dataDirectory, rows[0]?.oid ?? ''))
    this.sightings.push(
      ...inTexts(
        this.canaries,
        'alarm',
        webhook.received.map(({ body }) => ['webhook', body]),
      ),
    )
  }

  /** How many tables took what changed alone, in all runs. */
  async deltas(): Promise<number> {
    const client = await this.#target.connect()
    const { rows } = await client.query("select from vitrine.run_table where way = 'delta'")
    await this.#target.close(client)
    return rows.length
  }

  async drop(): Promise<void> {
    await this.#target.drop(this.#roles)
    await this.source.drop([this.#app])
  }
}

/** Nights read what changed, however small the tables are and however much it is. */
const changedOnly = (publication: Publication): Publication => ({
  ...publication,
  limits: { ...publication.limits, deltaFloorRows: 0, deltaShare: 100 },
})
type Make = (roles: { readonly writer: string; readonly reader: string }) => Publication

/** What a team runs between one bad night and the next; each with its exit status. */
const FIRST = { provision: 0, 'provision --source': 0, 'migrate --yes --json': 0 }
const LOOKS = {
  'rollback --json': 0,
  'status --json --alarm': 0,
  'doctor --json': 0,
  'runs --json': 0,
  'runs 1': 0,
  'check --json': 0,
  'plan --json': 0,
  'dictionary --json': 0,
  'dictionary --html': 0,
}

describe.sequential('Impact at size S', () => {
  let impact: Watched
  /** SQL instead of canaries; a year is what decides about most documents. */
  const common = { 'feeds_egapro.etat': "'connu'" }
  const rows = [
    { given: common, hides: true },
    {
      given: { ...common, categorie_juridique_sirene: '5710', annee: '2025', code_pays_etranger_sirene: 'null' },
      hides: false,
    },
    { given: { ...common, categorie_juridique_sirene: '1000', annee: '2025' }, hides: true },
  ]

  beforeAll(async () => {
    impact = await Watched.create(
      0,
      async (client) => {
        await migrateOperational(client)
        await loadSample(client, { size: 'S', today: '2026-07-22' })
      },
      (roles) => definePublication({ ...impactPublication, ...roles }),
    )
    await impact.change(async (client) => {
      for (const { given, hides } of rows) await plantRow(client, impact.canaries, { given, hides: () => hides })
    })
  })
  afterAll(() => impact.drop())

  test('holds a canary in each source column whose type carries one', async () => {
    const planted = new Set(impact.canaries.all.flatMap(({ columns }) => [...columns]))
    expect(planted.size).toBeGreaterThan(120)
    const bare = Object.entries(impactPublication.source.tables).flatMap(([table, columns]) =>
      Object.entries(columns)
        .filter(([column, { type }]) => type.kind !== 'boolean' && !planted.has(`${table}.${column}`))
        .map(([column]) => `${table}.${column}`),
    )
    expect(bare).toEqual(['feeds_egapro.etat'])
  })

  test('shows each value where the dictionary says, and nowhere else', async () => {
    await impact.commands(FIRST)
    const [token] = impact.canaries.plant('the bad night', 'text', false, null, true) ?? []
    await impact.change((client) =>
      client.query(
        `update analyseia_analyseia set etat = ${token} || '@canari.example' where id = (select min(id) from analyseia_analyseia)`,
      ),
    )
    await impact.commands({ 'sync --if-due': 7 })
    await impact.change((client) => client.query("update analyseia_analyseia set etat = null where etat like '%@%'"))
    await impact.commands({ sync: 0, 'sync --json': 0 })
    await impact.change((client) =>
      client.query(`alter table entreprises_entreprise drop constraint entreprises_entreprise_siren_key;
        update entreprises_entreprise set siren = (select siren from entreprises_entreprise where categorie_juridique_sirene = 5710 and siren like 'zQ%')
        where id = (select min(id) from entreprises_entreprise where categorie_juridique_sirene between 3000 and 9999)`),
    )
    await impact.commands({ 'sync --json': 7, ...LOOKS, 'history export metabase_stats': 0 })
    await impact.pages(8)
    await impact.search()
    const expectation = expectationOf(await dictionaryOf(impact.publication))
    expect(leaksIn(impact.sightings, expectation)).toEqual([])
    // What may be seen is seen: the search works.
    const published = impact.sightings.filter(({ what, place }) => what === 'table' && place.startsWith('impact.'))
    expect(new Set(published.map(({ place }) => place)).size).toBeGreaterThan(40)
    const once = new Set(impact.sightings.filter(({ what }) => what === 'file').map(({ canary }) => canary))
    expect(once.size).toBeGreaterThan(40)
  })
})

/** What stops the run of a random publication, one after the other. */
const FAULTS = [...Object.keys(TRAP), 'unique_text']

class RandomShop {
  readonly watched: Watched
  readonly withOneMore: Publication

  private constructor(watched: Watched, withOneMore: Publication) {
    this.watched = watched
    this.withOneMore = withOneMore
  }

  static async create(seed: number): Promise<RandomShop> {
    const made: Publication[] = []
    const watched = await Watched.create(
      2000 + 300 * (seed - SEED),
      (client) => client.query(randomInstallation(seed, { writer: '', reader: '' }).tables),
      (roles) => {
        const { publication, withOneMore } = randomInstallation(seed, roles)
        made.push(withOneMore)
        return publication
      },
    )
    await watched.change(async (client) => {
      for (const flag of ['true', 'false'])
        await plantRow(client, watched.canaries, { given: { ...TRAP, flag }, hides: () => flag === 'true' })
    })
    return new RandomShop(watched, made[0] as Publication) // sound because one was made.
  }

  /** A run that a bad row stops. A value that was refused must be nowhere. */
  async fail(fault: string, line: string): Promise<void> {
    const { watched } = this
    const [token = ''] = watched.canaries.plant(`the bad ${fault}`, 'text', false, null, true) ?? []
    const twice = '(select unique_text from trap limit 1)'
    const bad = fault === 'unique_text' ? twice : fault === 'free_text' ? `${token} || '@canary.example'` : token
    const row: Readonly<Record<string, string>> = {
      id: '1',
      unique_text: "'bad'",
      left_out: "''",
      amount: '0',
      ...TRAP,
      [fault]: bad,
    }
    const insert = `insert into trap (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`
    await watched.change((client) => client.query(insert))
    expect([fault, await watched.command(line)]).not.toEqual([fault, 0])
    await watched.change((client) => client.query('delete from trap where id = 1'))
  }

  /** The values that are where no lineage explains them, and those that are not where they may be. */
  async night(seed: number): Promise<readonly string[]> {
    const { watched } = this
    await watched.commands(FIRST)
    await this.fail(FAULTS[(2 * seed) % FAULTS.length] ?? '', 'sync --if-due')
    await watched.commands({ sync: 0, 'sync --json': 0 })
    await this.fail(FAULTS[(2 * seed + 1) % FAULTS.length] ?? '', 'sync --json')
    await watched.commands({ sync: 0, ...LOOKS })
    await watched.pages(1)
    expect(await watched.command('history export p_stats')).toBe(0)
    await watched.search()
    const expectation = expectationOf(await dictionaryOf(watched.publication))
    const seen = new Set(watched.sightings.filter(({ what }) => what === 'table').map(({ canary }) => canary))
    const unseen = watched.canaries.all.filter((canary) => placesOf(canary, expectation).size > 0 && !seen.has(canary))
    return [
      ...leaksIn(watched.sightings, expectation),
      ...unseen.map(({ columns }) => `${[...columns].join(' = ')} is published and was not found`),
    ]
  }
}

describe.sequential('random schemas with random publications', () => {
  const shops: RandomShop[] = []
  afterAll(async () => {
    for (const { watched } of shops) await watched.drop()
  })

  test('show each value where the dictionary says, and nowhere else', async () => {
    const seeds = Array.from({ length: SCHEMAS }, (_, index) => SEED + index)
    while (seeds.length > 0) {
      // Together, because each waits for its servers.
      const nights = seeds.splice(0, 5).map(async (seed) => {
        const shop = await RandomShop.create(seed)
        shops.push(shop)
        return [seed, await shop.night(seed)]
      })
      for (const [seed, leaks] of await Promise.all(nights)) expect([seed, leaks]).toEqual([seed, []])
    }
    const deltas = await Promise.all(shops.map(({ watched }) => watched.deltas()))
    expect(Math.max(...deltas)).toBeGreaterThan(0)
  }, 600_000)

  test('a value that stands elsewhere would be found, wherever it is', async () => {
    const [shop] = shops
    if (shop === undefined) throw new Error('no schema was tried')
    const { watched } = shop
    const expectation = expectationOf(await dictionaryOf(watched.publication))
    watched.publication = shop.withOneMore
    await watched.commands({ 'provision --source': 0, 'migrate --yes': 0, sync: 0 })
    await watched.betray('trap.unique_text')
    await watched.search()
    const found = leaksIn(watched.sightings, expectation).map((leak) => leak.replace(/(?<= file ).*/, '…'))
    expect([...new Set(found)].toSorted()).toEqual([
      'trap.left_out in file …',
      'trap.left_out in statistics canary.p_trap.left_out',
      'trap.left_out in table canary.p_trap.left_out',
      'trap.unique_text in alarm webhook',
      'trap.unique_text in log server.log',
      'trap.unique_text in output betrayal',
      'trap.unique_text in table public.betrayal.value',
    ])
  })
})
