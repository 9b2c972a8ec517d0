/** Somebody is erased, as `docs/operating/erasure.md` says, and nothing of them is left: not in a file of the server either. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandsOf, fencesIn } from '../../../../test/documentation/guide.ts'
import { serverFolder } from '../../../../test/server-folder.ts'
import { EXIT } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { pseudonymsOf } from '../../src/copy/pseudonym.ts'
import { run } from '../cli/captured-io.ts'
import { KEY, RETIRED } from '../publication/shop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { Installation } from './installation.ts'

const PAGE = 'docs/operating/erasure.md'
const NAME = 'Zz Gwendoline O’Nil'
const EMAIL = 'gwendoline-8417@example.org'
const folder = serverFolder()
let server: EmbeddedServer
let shop: Installation

beforeAll(async () => {
  server = await startServer({
    dataDirectory: serverHome(join(folder, 'target')),
    version: 18,
    settings: { fsync: 'off', shared_buffers: '16MB', min_wal_size: '32MB' },
  })
  const made = (roles: Parameters<typeof shopWithHistory>[0]) => {
    const publication = shopWithHistory(roles)
    return { ...publication, limits: { ...publication.limits, deltaFloorRows: 100, deltaShare: 100 } }
  }
  shop = await Installation.create(18, 60, made, server)
})
afterAll(async () => {
  await shop.drop()
  await server.stop('immediate')
  rmSync(server.dataDirectory, { recursive: true, force: true })
  rmSync(`${server.dataDirectory}.pgpass`, { force: true })
  rmSync(folder, { recursive: true, force: true })
})

async function command(line: string, input = NAME) {
  const environment = {
    DATABASE_URL: shop.source.url(shop.reading),
    METABASE_DATABASE_URL: shop.target.url(shop.writer),
    VITRINE_PSEUDONYM_KEY: KEY,
  }
  const outcome = await run({ ...vitrine, publication: shop.publication }, line, { environment, input })
  for (const secret of [NAME, EMAIL, ...pseudonymsOf(EMAIL, '', new Secret(KEY))]) {
    expect(outcome.stdout + outcome.stderr).not.toContain(secret)
  }
  return outcome
}

/** Files of the target's data directory that hold the name, or the pseudonym as bytes. */
function filesWithPerson(): readonly string[] {
  const uuids = pseudonymsOf(EMAIL, '', new Secret(KEY))
  const needles = [NAME, EMAIL, ...uuids, ...uuids.map((uuid) => Buffer.from(uuid.replaceAll('-', ''), 'hex'))]
  return readdirSync(server.dataDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => {
      const bytes = readFileSync(path)
      return needles.some((needle) => bytes.includes(needle))
    })
    .map((path) => path.slice(server.dataDirectory.length + 1).split('/')[0] ?? '')
}

interface Hits {
  readonly place: string
  readonly table: string
  readonly column: string
  readonly count: number
}
async function traced(line: string, input?: string) {
  const { status, stdout } = await command(`${line} --json`, input)
  const { hits }: { readonly hits: readonly Hits[] } = JSON.parse(stdout)
  return [status, hits.map(({ place, table, column, count }) => `${place} ${table}.${column} ${count}`).toSorted()]
}

describe.sequential('docs/operating/erasure.md', () => {
  test('what is published is found in every place, by counts', async () => {
    await shop.change(
      `insert into customer (email, password, name, created_at) values ('${EMAIL}', 'x', '${NAME}', now())`,
    )
    for (const day of [1, 2, 3]) {
      await shop.run({ at: new Date(Date.UTC(2026, 0, day, 12)) })
      // An earlier version of the tool recorded texts that were in no closed list.
      if (day < 3) {
        await shop.look(`update vitrine.ledger set figures = jsonb_set(figures, '{best}', to_jsonb('${NAME}'::text));
          update shop.shop_stats set best = '${NAME}'`)
      }
    }
    await shop.look('analyze vitrine.ledger')
    expect(await traced('trace shop_customer name')).toEqual([
      EXIT.left,
      [
        'history shop_stats.best 2',
        'kept shop_customer.name 1',
        'kept shop_stats.best 2',
        'published shop_customer.name 1',
        'published shop_stats.best 2',
        'statistics ledger.figures 1',
        'statistics shop_customer.name 1',
        'statistics shop_customer.name 1',
        'statistics shop_stats.best 1',
        'statistics shop_stats.best 1',
      ],
    ])
    expect(await traced('trace shop_customer person', EMAIL)).toMatchObject([
      EXIT.left,
      expect.arrayContaining(['kept shop_customer.person 1', 'published shop_customer.person 1']),
    ])
    expect(await traced('trace shop_customer', '61')).toMatchObject([
      EXIT.left,
      expect.arrayContaining(['kept shop_customer.id 1', 'published shop_customer.id 1']),
    ])
    expect(await traced('trace shop_customer name', 'Zz Gwendoline')).toMatchObject([EXIT.left, { length: 10 }])
    expect(await traced('trace shop_customer name', 'Zz Gwendol')).toEqual([EXIT.ok, []])
  })

  test('the reader sees nothing of it but what is published, in statistics neither', async () => {
    const reader = await shop.asReader()
    const seen = async (view: string) =>
      (await reader.query(`select distinct schemaname::text as name from ${view} order by 1`)).rows
    const ours = ({ name }: { name: string }) => /^(shop|vitrine)/.test(name)
    expect((await seen('pg_stats')).filter(ours)).toEqual([{ name: 'shop' }])
    for (const view of ['pg_stats_ext', 'pg_stats_ext_exprs']) expect((await seen(view)).filter(ours)).toEqual([])
    for (const relation of ['pg_statistic', 'pg_statistic_ext_data', `${RETIRED}.shop_customer`, 'vitrine.ledger']) {
      await expect(reader.query(`select from ${relation}`)).rejects.toMatchObject({ code: '42501' })
    }
    await shop.target.close(reader)
  })

  test('a value is not taken from the command line, nor echoed', async () => {
    for (const line of [
      'trace Gwendoline',
      'erase shop_customer Gwendoline',
      'trace shop_customer name Gwendoline',
      'trace shop_customer --value=Gwendoline',
    ]) {
      const { status, stdout, stderr } = await command(line)
      expect([status, (stdout + stderr).includes('Gwendoline')]).toEqual([EXIT.usage, false])
    }
    expect((await command('trace shop_customer', '')).stderr).toContain('standard input')
    expect((await command('trace shop_customer', 'a\nb')).stderr).toContain('several lines')
  })

  test('what is still published, or recorded for ever, is not erased by the way', async () => {
    const early = await command('erase shop_customer name')
    expect([early.status, early.stderr]).toEqual([EXIT.data, expect.stringContaining('ERASURE_EARLY')])
    await shop.change(`delete from customer where email = '${EMAIL}'`)
    await shop.run({ at: new Date('2026-01-04T12:00:00Z') })
    const recorded = await command('erase shop_customer name')
    expect([recorded.status, recorded.stderr]).toEqual([EXIT.data, expect.stringContaining('ERASURE_OF_HISTORY')])
    expect(await shop.look(`select from ${RETIRED}.shop_customer`)).toHaveLength(61)
  })

  test('while somebody keeps the version before, it is not erased, and does not come back either', async () => {
    const user = await shop.target.connect()
    await user.query(`begin; select from ${RETIRED}.shop_customer`)
    const blocked = await command('erase shop_customer name --history')
    await shop.target.close(user)
    expect([blocked.status, blocked.stderr]).toEqual([EXIT.busy, expect.stringContaining('ERASURE_BLOCKED')])
    expect((await command('rollback')).stderr).toContain('VERSION_ERASED')
    expect(await traced('trace shop_customer name')).toEqual([
      EXIT.left,
      expect.arrayContaining(['kept shop_customer.name 1']),
    ])
  })

  test('the page is followed to the end, and no file of the server holds anything', async () => {
    const table = (text: string) => text.replaceAll('metabase_utilisateur', 'shop_customer name')
    // In a table that nights change, where what was deleted stays in the file.
    await shop.change(`insert into purchase (customer_id, amount, label) values (1, 1, '${NAME}')`)
    for (const day of [5, 6, 7]) await shop.run({ at: new Date(Date.UTC(2026, 0, day, 12)) })
    await shop.change(`delete from purchase where label = '${NAME}'`)
    const statuses: string[] = []
    for (const { words, from } of commandsOf(PAGE)) {
      const line = table(words.slice(words.indexOf('vitrine') + 1).join(' '))
      const flag = line.startsWith('erase') ? ' --history' : ''
      expect(line.startsWith('trace') || line.startsWith('erase')).toBe(from !== null)
      statuses.push(`${line}: ${(await command(`${line}${flag}`)).status}`)
    }
    expect(statuses).toEqual([
      'check --lineage: 0',
      'sync --full: 0',
      'trace shop_customer name: 11',
      'erase shop_customer name: 0',
      'trace shop_customer name: 0',
    ])
    expect(await traced('trace shop_customer person', EMAIL)).toEqual([EXIT.ok, []])
    expect(await shop.look('select table_name, erased_at from vitrine.erasure')).toHaveLength(2)
    await shop.look('checkpoint')
    expect(new Set(filesWithPerson())).toEqual(new Set(['base', 'pg_wal']))
    const client = await shop.target.connect()
    await client.query('vacuum full shop.shop_stats')
    for (const { text } of fencesIn(PAGE).filter(({ language }) => language === 'sql')) {
      if (text.includes('\\gexec')) {
        const { rows } = await client.query<{ statement: string }>(text.replace('\\gexec', ''))
        for (const { statement } of rows) await client.query(statement)
      } else for (const statement of text.split(';')) await client.query(statement)
    }
    await shop.target.close(client)
    expect(filesWithPerson()).toEqual([])
  })

  test('no rollback brings an older version back; the next run makes one possible again', async () => {
    expect(await command('rollback')).toMatchObject({
      status: EXIT.drift,
      stderr: expect.stringContaining('VERSION_ERASED'),
    })
    await shop.run()
    expect((await command('rollback')).status).toBe(EXIT.ok)
    // A version that somebody brought back from elsewhere, from before the erasure.
    await shop.look("update vitrine.kept_freshness set published_at = published_at - interval '1 year'")
    expect((await command('rollback')).stderr).toContain('VERSION_ERASED')
  })
})
