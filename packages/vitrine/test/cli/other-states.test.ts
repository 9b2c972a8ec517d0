/** A target in a state that the commands did not leave: newer, older, restored, or interrupted in the middle of a migration. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { vitrine } from '../../src/cli/vitrine.ts'
import type { Publication } from '../../src/index.ts'
import { olderLayout } from '../migration/older-layout.ts'
import { KEY } from '../publication/shop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { Installation } from '../run/installation.ts'
import { receive } from '../schedule/receiver.ts'
import { run, type Setting } from './captured-io.ts'

let shop: Installation
const folder = mkdtempSync(join(tmpdir(), 'vitrine-states-'))
beforeAll(async () => {
  shop = await Installation.create(18, 40, shopWithHistory)
  expect(await command('provision')).toMatchObject({ status: 0 })
  await shop.run()
  await shop.run()
  writeFileSync(join(folder, 'days.csv'), 'day,customers,revenue\n2023-11-28,3,30\n')
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await shop.drop()
})

const environment = () => ({
  DATABASE_URL: shop.source.url(shop.reading),
  METABASE_DATABASE_URL: shop.target.url(shop.writer),
  METABASE_READER_URL: shop.target.url(shop.reader),
  METABASE_ADMIN_URL: shop.target.url(),
  VITRINE_PSEUDONYM_KEY: KEY,
})
const command = (line: string, publication: Publication = shop.publication, setting: Setting = {}) =>
  run({ ...vitrine, publication }, line, { folder, environment: environment(), ...setting })

/** Every relation of ours with its rows, so that a command that touched anything shows. */
async function picture() {
  const relations = await shop.look<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where (n.nspname = 'vitrine' or n.nspname like 'shop%') and c.relkind = 'r' order by 1`,
  )
  const rows = relations.map(({ name }) => `select tableoid::text, ctid::text, xmin::text from ${name}`)
  return [relations, await shop.look(`${rows.join(' union all ')} order by 1, 2`)]
}

/** Every command that has to do with the target. */
const COMMANDS = [
  'sync',
  'sync --dry-run',
  'sync --if-due',
  'migrate',
  'plan',
  'status',
  'status --alarm',
  'runs',
  'runs 1',
  'rollback',
  'rebuild',
  'provision',
  'drop --yes',
  'drop --history --yes',
  'history export shop_stats',
  'history import shop_stats days.csv',
  'doctor',
] as const

describe.sequential('bookkeeping of a newer version of the tool', () => {
  let before: unknown
  beforeAll(async () => {
    await shop.look('insert into vitrine.layout values (1000)')
    before = await picture()
  })
  afterAll(() => shop.look('delete from vitrine.layout where version = 1000'))

  test.each(COMMANDS)('%s refuses, says which, and touches nothing', async (line) => {
    const { status, stderr } = await command(line)
    expect([status, stderr]).toEqual([6, expect.stringContaining('error BOOKKEEPING_NEWER')])
    expect(stderr).toMatch(/Layout 1000, this version knows \d+\./)
    expect(await picture()).toEqual(before)
  })

  test('schedule does not run, and says why once, and to whom it must be said', async () => {
    let interrupt = () => undefined as unknown
    const webhook = await receive((_, response) => {
      response.end()
      interrupt()
    })
    const { status, stderr } = await command('schedule', shop.publication, {
      environment: { ...environment(), VITRINE_ALARM_WEBHOOK: webhook.url },
      interrupt: (now) => {
        interrupt = now
      },
    })
    await webhook.close()
    expect(status).toBe(0)
    expect(stderr.match(/error BOOKKEEPING_NEWER/g)).toHaveLength(1)
    expect(webhook.received.map(({ body }) => JSON.parse(body).code)).toEqual(['BOOKKEEPING_NEWER'])
    expect(await picture()).toEqual(before)
  })
})

describe.sequential.each([1, 2, 3, 4])('a target restored from a backup of layout %i', (layout) => {
  let before: unknown
  beforeAll(async () => {
    await shop.look(olderLayout(layout))
    await shop.look("update vitrine.run set started_at = started_at - interval '3 days'")
    before = await picture()
  })

  test.each([
    'sync',
    'sync --if-due',
    'status',
    'runs',
    'runs 1',
    'rollback',
    'drop --yes',
    'history export shop_stats',
    'history import shop_stats days.csv',
  ])('%s says that it must be migrated, and touches nothing', async (line) => {
    const { status, stderr } = await command(line)
    expect([status, stderr]).toEqual([6, expect.stringContaining('error TARGET_NOT_MIGRATED')])
    expect(stderr).toContain('un `vitrine migrate`')
    expect(await picture()).toEqual(before)
  })

  test('after migrate the next run publishes, and everything is there again', async () => {
    expect(await command('plan')).toMatchObject({ status: 0 })
    expect(await command('migrate')).toMatchObject({ status: 0 })
    expect((await command('sync --if-due')).stdout).toMatch(/^shop_customer +40 /m)
    for (const line of ['status', 'runs', 'rollback', 'sync', 'history export shop_stats', 'doctor']) {
      expect([line, (await command(line)).status]).toEqual([line, 0])
    }
  })
})

test('a target restored with older rows: the record is as old as they are, so the next run publishes', async () => {
  await shop.look(`update vitrine.run set started_at = started_at - interval '9 days', published_at = published_at - interval '9 days';
    update vitrine.freshness set published_at = published_at - interval '9 days', data_of = data_of - interval '9 days';
    delete from vitrine.ledger; truncate shop.shop_stats; delete from shop.shop_purchase; delete from shop.shop_customer where id > 30`)
  expect(await command('status')).toMatchObject({ status: 9 })
  const { status, stdout } = await command('sync --if-due')
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^shop_customer +40 +10 /m)])
  expect(await command('status')).toMatchObject({ status: 0 })
})

test.each([
  [{ schedule: '0 25 * * *' }, ['schedule: «0 25 * * *» is not a time that comes in the zone Europe/Paris']],
  [{ schedule: '* * * * * *' }, ['schedule: «* * * * * *» is not a time']],
  [{ schedule: '' }, ['schedule: «» is not a time']],
  [{ schedule: '0 0 30 2 *' }, ['schedule: «0 0 30 2 *» is not a time that comes']],
  [{ zone: 'Europe/Pariss' }, ['zone: «Europe/Pariss» is not a time zone']],
  [{ zone: '', schedule: 'at noon' }, ['zone: «» is not a time zone', 'schedule: «at noon» is not a time']],
  [{ limits: { copyStreams: 0, runsKept: -1 } }, ['limits.copyStreams: it must be', 'limits.runsKept: it must be']],
])('check lists what is wrong with %j, and no command touches anything', async (wrong, said) => {
  const before = await picture()
  const limits = { ...shop.publication.limits, ...('limits' in wrong ? wrong.limits : {}) }
  const publication = { ...shop.publication, ...wrong, limits }
  // A schedule is of no matter to a run by hand, and limits to a command that finds nothing due.
  const lines = 'limits' in wrong ? ['check', 'sync'] : ['check', 'sync --if-due', 'status', 'schedule']
  for (const line of lines) {
    const { status, stderr } = await command(line, publication)
    expect([line, status, stderr]).toEqual([line, 3, expect.stringContaining('error DEFINITION_INVALID')])
    if (line === 'check') for (const text of said) expect(stderr).toContain(text)
  }
  expect(await picture()).toEqual(before)
})
