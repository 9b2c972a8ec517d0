/** The operator's guide is executed: each page in its situation, with the exit status of each command, on Impact's publication. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definePublication, type Publication } from 'vitrine'
import { impact } from '../impact/cli/impact.ts'
import impactPublication from '../impact/publication/index.ts'
import { run } from '../impact/test/cli/run.ts'
import { vitrine } from '../packages/vitrine/src/cli/vitrine.ts'
import { connect } from '../packages/vitrine/src/postgres/connect.ts'
import { takeRunLock } from '../packages/vitrine/src/postgres/lock.ts'
import { StandIn } from '../packages/vitrine/test/metabase/stand-in.ts'
import type { TestDatabase } from './database.ts'
import { oursIn, root } from './documentation/commands.ts'
import { commandsOf, Databases, fencesIn } from './documentation/guide.ts'
import { linksOf } from './documentation/markdown.ts'

const suffix = randomBytes(4).toString('hex')
const publication = definePublication({
  ...impactPublication,
  writer: `impact_${suffix}`,
  reader: `metabase_${suffix}`,
})
const folder = mkdtempSync(join(tmpdir(), 'vitrine-operating-'))
let databases: Databases
let environment: Readonly<Record<string, string>>

beforeAll(async () => {
  databases = await Databases.create('operating', publication.writer, publication.reader)
  environment = databases.environment(publication.schema)
  for (const line of ['migrate', 'sample --size S']) {
    expect(await run(impact, line, { environment })).toMatchObject({ status: 0 })
  }
  for (const line of ['provision --source', 'provision', 'migrate', 'sync']) await succeeds(line)
})
afterAll(async () => {
  await databases.drop()
  rmSync(folder, { recursive: true, force: true })
})

const command = (line: string, about: Publication = publication, input = '') =>
  run({ ...vitrine, publication: about }, line, { environment, folder, input })

async function succeeds(line: string, about?: Publication): Promise<void> {
  const { status, stderr } = await command(line, about)
  expect([line, status, status === 0 ? '' : stderr]).toEqual([line, 0, ''])
}

async function ask<Row extends object>(database: TestDatabase, sql: string): Promise<Row[]> {
  const client = await database.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await database.close(client)
  }
}

/** What somebody asked by hand about. */
const CALLED = 'metabase_entreprise'

/** Runs the commands of a page in their order, each after what `before` makes happen first; gives their exit statuses. */
async function follow(
  page: string,
  before: Readonly<Record<string, () => Promise<unknown>>> = {},
): Promise<readonly string[]> {
  const followed: string[] = []
  const done = new Set<string>()
  for (const { words, into, from } of commandsOf(`docs/operating/${page}`)) {
    if (words[0] === 'psql') {
      const rows = await ask(databases.target, words.at(-1) ?? '')
      followed.push(`psql ${rows.length}`)
      continue
    }
    const ours = oursIn(words)
    const line = ours?.argv.join(' ') ?? ''
    expect([words.join(' '), ours?.program]).toEqual([words.join(' '), 'vitrine'])
    if (!done.has(line)) await before[line]?.()
    done.add(line)
    const input = from === null ? '' : readFileSync(join(folder, from), 'utf8')
    const { status, stdout, stderr } = await command(line, publication, input)
    expect(stderr).not.toContain('error INTERNAL')
    if (into !== null) writeFileSync(join(folder, into), stdout)
    followed.push(`${line}: ${status}`)
  }
  return followed
}

describe.sequential('docs/operating', () => {
  test('has a page for each situation, and no other', () => {
    const pages = readdirSync(join(root, 'docs/operating')).filter((name) => name !== 'README.md')
    const listed = linksOf(readFileSync(join(root, 'docs/operating/README.md'), 'utf8'))
    expect(listed.filter((link) => pages.includes(link)).toSorted()).toEqual(pages.toSorted())
  })

  test('metabase.md: a blank Metabase, and every question of Impact runs in it', async () => {
    const metabase = await StandIn.start()
    metabase.syncLag = 0
    const before = environment
    const login = { METABASE_ADMIN_EMAIL: 'admin@example.org', METABASE_ADMIN_PASSWORD: randomBytes(9).toString('hex') }
    environment = { ...environment, METABASE_URL: metabase.url, ...login }
    const asked: number[] = []
    const keyed = async () => {
      asked.push(metabase.requests.length)
      environment = { ...environment, METABASE_API_KEY: String(metabase.keys[0]?.['unmasked_key']) }
    }
    try {
      expect(await follow('metabase.md', { 'metabase plan': keyed, 'metabase apply': keyed })).toEqual([
        'metabase setup --key-file metabase.env --invite ana@example.org: 0',
        'metabase plan: 0',
        'metabase apply: 0',
        'metabase doctor: 0',
        'metabase pull --output pulled.ts --from ./publication/index.ts: 0',
      ])
      const [setUp = 0, planned = 0] = asked
      // All questions are read at once, and each dashboard by itself.
      expect(planned - setUp).toBeLessThan(30)
      const questions = publication.dashboards.flatMap(({ tabs }) => tabs.flatMap(({ rows }) => rows.flat()))
      expect(metabase.dashboards).toHaveLength(publication.dashboards.length)
      expect(metabase.cards.length).toBeGreaterThan(questions.length / 2)
      expect(await metabase.failingQuestions()).toEqual([])
    } finally {
      environment = before
      await metabase.stop()
    }
  })

  test('take-over.md: what people have is left, and what would be made is shown before', async () => {
    const metabase = await StandIn.start()
    metabase.syncLag = 0
    metabase.users.push({ id: 90, email: 'ana@example.org' })
    metabase.keys.push({ id: 91, name: 'by hand', group: { id: 2 }, unmasked_key: 'mb_made_by_hand=' })
    const details = { host: 'db.example.org', port: 5432, dbname: 'old', user: 'old', password: 'old' }
    await metabase.addDatabase('Old', details)
    const theirs = structuredClone(metabase.databases)
    const before = environment
    environment = { ...environment, METABASE_URL: metabase.url, METABASE_API_KEY: 'mb_made_by_hand=' }
    try {
      const written = metabase.requests.length
      const looked = async () => {
        expect(metabase.requests.slice(written).filter(({ method }) => method !== 'GET')).toEqual([])
      }
      const adopt = 'metabase pull --adopt 42 Sales --output adopted.ts'
      const asked = async () => {
        const { db_id: database, id } = [...metabase.tables.values()].flat().find(({ name }) => name === CALLED) ?? {}
        const stage = { 'lib/type': 'mbql.stage/mbql', 'source-table': id, aggregation: [['count', {}]] }
        const dataset_query = { 'lib/type': 'mbql/query', database, stages: [stage] }
        const card = { display: 'scalar', visualization_settings: {}, parameters: [], archived: false, dataset_query }
        metabase.collections.push({ id: 43, name: 'Sales', location: '/', archived: false })
        metabase.cards.push({ ...card, id: 42, name: 'How many?', collection_id: 43, entity_id: 'a'.repeat(21) })
        metabase.cards.push({ ...card, id: 44, name: 'And now?', collection_id: 43, entity_id: 'b'.repeat(21) })
      }
      const followed = await follow('take-over.md', { 'metabase apply': looked, [adopt]: asked })
      expect(followed).toEqual(['metabase plan: 2', 'metabase apply: 0', 'metabase doctor: 0', `${adopt}: 0`])
      const adopted = readFileSync(join(folder, 'adopted.ts'), 'utf8')
      for (const id of ['a', 'b']) expect(adopted).toContain(`adopted: '${id.repeat(21)}'`)
      expect(metabase.databases.slice(0, 1)).toEqual(theirs)
      expect(metabase.dashboards).toHaveLength(publication.dashboards.length)
    } finally {
      environment = before
      await metabase.stop()
    }
  })

  test('failed.md: a table lost all its rows, and the night stopped', async () => {
    await ask(
      databases.source,
      'update habilitations_habilitation set invitation_id = null; delete from invitations_invitation',
    )
    expect((await command('sync')).stderr).toContain('error TABLE_SHRANK')
    expect(await follow('failed.md')).toEqual([
      'status --runs 14: 0',
      'check: 0',
      'plan --check: 0',
      'doctor: 0',
      'sync --dry-run: 7',
      'sync --allow-shrink: 0',
    ])
  })

  test('wrong.md: the figures of the night are wrong', async () => {
    await succeeds('sync')
    expect(await follow('wrong.md')).toEqual(['rollback: 0', 'runs --last 3: 0', 'sync: 0'])
  })

  test('late.md: a run of the day before hangs, and its session holds the lock', async () => {
    await ask(
      databases.target,
      `update vitrine.run set started_at = started_at - interval '2 days', published_at = published_at - interval '2 days';
       update vitrine.freshness set published_at = published_at - interval '2 days', data_of = data_of - interval '2 days'`,
    )
    const hanging = await connect(databases.target.address(databases.roles[0]), {
      side: 'target',
      name: 'vitrine impact lead',
      limits: publication.limits,
      readOnly: false,
    })
    await takeRunLock(hanging, publication.schema)
    expect((await command('sync --if-due')).status).toBe(8)
    expect(await follow('late.md')).toEqual(['status --runs 3: 9', 'psql 1', 'psql 1', 'sync --if-due: 0', 'status: 0'])
    hanging.destroy()
  })

  test('column.md: a table and a column are new in the definition', async () => {
    const { tables } = publication
    const without = tables.filter(({ name }) => name !== 'metabase_vsme_exigence')
    const before = definePublication({ ...publication, tables: without })
    for (const line of ['drop --yes', 'migrate', 'sync']) await succeeds(line, before)
    const found = await command('plan --check')
    expect([found.status, found.stdout]).toEqual([6, expect.stringContaining('metabase_vsme_exigence')])
    expect(await follow('column.md')).toEqual(['check: 0', 'plan: 0', 'migrate: 0', 'sync: 0'])
  })

  test('erasure.md: nothing of the person is left in any version', async () => {
    const [person] = await ask<{ id: string }>(
      databases.source,
      `select u.id::text from users_user u where not exists (select from invitations_invitation i where i.inviteur_id = u.id)
       order by u.id desc limit 1`,
    )
    const id = person?.id ?? ''
    const versions = `select n.nspname::text as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname = 'metabase_utilisateur' and c.relkind = 'r' order by 1`
    const held = async () => {
      const schemas = await ask<{ schema: string }>(databases.target, versions)
      const rows = await Promise.all(
        schemas.map(({ schema }) =>
          ask(databases.target, `select from ${schema}.metabase_utilisateur where impact_id = ${id}`),
        ),
      )
      return rows.flat().length
    }
    expect(await held()).toBeGreaterThan(0)
    await databases.source.ask(`set session_replication_role = replica; delete from habilitations_habilitation where user_id = ${id};
      update reglementations_rapportcsrd set proprietaire_id = null where proprietaire_id = ${id};
      delete from users_user where id = ${id}`)
    writeFileSync(join(folder, 'value.txt'), `${id}\n`)
    expect(await follow('erasure.md')).toEqual([
      'check --lineage: 0',
      'sync --full: 0',
      'trace metabase_utilisateur: 11',
      'erase metabase_utilisateur: 0',
      'trace metabase_utilisateur: 0',
    ])
    expect(await held()).toBe(0)
  })

  test('django.md: a role that only reads, and a migration of Django', async () => {
    const before = environment
    const role = { user: `reading_${suffix}`, password: 'long and random' }
    const inPage = (sql: string) => ask(databases.source, sql.replaceAll('impact_reading', role.user))
    try {
      const followed = await follow('django.md', {
        'provision --source': async () => {
          environment = { ...before, DATABASE_URL: databases.source.url(role) }
        },
        doctor: async () => {
          for (const { text } of fencesIn('docs/operating/django.md').filter(({ language }) => language === 'sql')) {
            await inPage(text)
          }
        },
        'sync --dry-run': () => inPage('alter table users_user add column surnom text'),
      })
      expect(followed).toEqual(['provision --source: 0', 'doctor: 0', 'check: 0', 'sync: 0', 'sync --dry-run: 6'])
      expect((await command('check')).status).not.toBe(0)
      const { findings } = JSON.parse((await command('doctor --json')).stdout)
      const reads = findings.filter(({ name }: { name: string }) => name.startsWith('source-'))
      expect(reads).toMatchObject(Array.from({ length: 6 }, () => ({ ok: true })))
    } finally {
      environment = before
      await inPage(
        `alter table users_user drop column if exists surnom; drop owned by impact_reading; drop role impact_reading`,
      )
    }
  })

  test('move.md: the days of the history go along, then the source moves too', async () => {
    await ask(
      databases.target,
      `insert into vitrine.ledger (schema_name, table_name, day, figures, origin, recorded_at)
       select schema_name, table_name, date '2024-01-01', figures, 'import', now() from vitrine.ledger limit 1`,
    )
    const old = databases
    const before = environment
    const moved = await Databases.create('moved', `other_${suffix}`, `other_reader_${suffix}`)
    // The roles are those of the publication, and are there already on the one server of this test.
    const names = { METABASE_DATABASE_URL: old.roles[0], METABASE_READER_URL: old.roles[1] }
    const next = Object.fromEntries(Object.entries(names).map(([name, role]) => [name, moved.target.url(role)]))
    const { DATABASE_URL = '', DATABASE_ADMIN_URL = '' } = moved.environment(publication.schema)
    try {
      const followed = await follow('move.md', {
        provision: async () => {
          environment = { ...before, ...next, METABASE_ADMIN_URL: moved.target.url() }
        },
        'provision --source': async () => {
          environment = { ...environment, DATABASE_URL, DATABASE_ADMIN_URL }
          for (const line of ['migrate', 'sample --size S']) {
            expect(await run(impact, line, { environment })).toMatchObject({ status: 0 })
          }
        },
        check: async () => expect((await command('sync')).stderr).toContain('error TARGET_OTHER_SOURCE'),
      })
      expect(followed).toEqual([
        'history export metabase_stats: 0',
        'provision: 0',
        'migrate: 0',
        'history import metabase_stats days.csv: 0',
        'sync: 0',
        'doctor: 0',
        'status: 0',
        'provision --source: 0',
        'check: 0',
        'migrate --new-source: 0',
        'sync: 0',
      ])
      const sql = 'select date::text from impact.metabase_stats order by date limit 1'
      expect(await ask(moved.target, sql)).toEqual([{ date: '2024-01-01' }])
    } finally {
      environment = before
      await moved.target.drop()
      await moved.source.drop([moved.app, moved.reading])
    }
  })

  test('restore.md: the target is of before a migration and has lost a day', async () => {
    await ask(databases.target, "delete from vitrine.ledger where day = date '2024-01-01'")
    const before = definePublication({
      ...publication,
      tables: publication.tables.slice(0, 1),
      histories: [],
      views: [],
    })
    for (const line of ['drop --yes', 'migrate', 'sync']) await succeeds(line, before)
    const dropped = async () => {
      environment = { ...environment, METABASE_ADMIN_URL: databases.target.url() }
      return ask(databases.target, 'drop schema impact cascade')
    }
    expect(await follow('restore.md', { rebuild: dropped })).toEqual([
      'plan: 0',
      'migrate: 0',
      'sync: 0',
      'history import metabase_stats days.csv --dry-run: 0',
      'history import metabase_stats days.csv: 0',
      'sync: 0',
      'history export metabase_stats: 0',
      'provision: 0',
      'doctor: 0',
      'rebuild: 0',
      'doctor: 0',
      'sync --dry-run --allow-shrink: 0',
      'sync --allow-shrink: 0',
    ])
    const sql = 'select date::text from impact.metabase_stats order by date limit 1'
    expect(await ask(databases.target, sql)).toEqual([{ date: '2024-01-01' }])
  })
})
