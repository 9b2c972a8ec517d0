/**
 * Whatever a role or a database has been given as a setting, on either side, changes nothing: every setting of the server
 * that can be given to them is given at once, at a value that nobody would choose.
 */
import { isDeepStrictEqual } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { because, bigint, definePublication, from, type Publication, sql, text } from '../../src/index.ts'
import { customer, purchase, type ShopRoles, shop, source as shopSource } from '../publication/shop.ts'
import { stats } from '../publication/shop-history.ts'
import { round } from '../schedule/round.ts'
import { commandedShop } from './commanded-shop.ts'

/** Values that PostgreSQL writes, reads or compares as the settings say. */
const written = from(shopSource.selectFrom('customer as c')).publish('shop_written', 'Texts.', ({ ref }) => ({
  id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
  texts: text(
    sql<string>`concat_ws('|', ${ref('c.created_at')}, cast('01/02/2024' as date), cast('2024-01-02 03:04 IST' as timestamptz),
      cast('1 day 02:03' as interval), cast(1 as double precision) / 3, convert_to('a\\b', 'UTF8'), 'a\\b',
      to_char(cast('2024-03-01' as date), 'TMMonth TMDay'), to_char(1234.5, 'L9G999D9'), cast('{null}' as text array),
      case when 1 = null then 1 end)`,
    'Written',
  ),
}))
const publish = (roles: ShopRoles): Publication =>
  definePublication({
    ...shop(roles, [customer, purchase, written]),
    histories: [stats],
    limits: { ...shop(roles).limits, deltaFloorRows: 0, deltaProofNights: 100 },
  })

interface Setting {
  readonly name: string
  readonly type: string
  readonly value: string
  readonly least: string | null
  readonly most: string | null
  readonly words: readonly string[] | null
}

/** With these nobody could log in or query; or they say who somebody is, what is logged, or how long a commit sleeps. */
const LEFT_OUT =
  /_libraries$|_path$(?<!search_path)|^jit_provider$|^max_stack_depth$|^ignore_system_indexes$|^(role|session_authorization|seed|commit_delay)$|^transaction_(?!timeout)|^log_|^wal_consistency/
const TEXTS: Readonly<Record<string, string>> = {
  DateStyle: 'German',
  TimeZone: 'Asia/Kolkata',
  client_encoding: 'LATIN1',
  search_path: 'odd, pg_catalog',
  default_tablespace: 'odd',
  temp_tablespaces: 'odd',
  default_table_access_method: 'odd',
  default_text_search_config: 'pg_catalog.french',
  lc_monetary: 'C.UTF-8',
  timezone_abbreviations: 'India',
  restrict_nonsystem_relation_kind: 'view',
  createrole_self_grant: 'set, inherit',
  'plpgsql.extra_errors': 'all',
  'plpgsql.extra_warnings': 'all',
}

function oddValue({ name, type, value, least, most, words }: Setting): string {
  if (type === 'bool') return value === 'on' ? 'off' : 'on'
  if (type === 'enum') return words?.find((word) => word !== value) ?? value
  if (type === 'string') return TEXTS[name] ?? 'C'
  // Longer than a login, shorter than a run that waits.
  if (/^(?!tcp).*_timeout$/.test(name)) return '1500'
  return (value === least ? most : least) ?? value
}

let drop: () => Promise<void>
afterEach(() => drop())

test.each(VERSIONS)('on PostgreSQL %i no setting of a role or a database changes a result', async (version) => {
  const installed = await commandedShop(publish, version)
  const { source, target, app, writer, program, command, written: done, ...shopping } = installed
  drop = shopping.drop
  const [ofSource, ofTarget] = [await source.connect(), await target.connect()] as const
  await done('provision')
  await done('migrate')
  for (const admin of [ofSource, ofTarget]) {
    await admin.query('create schema odd; grant usage on schema odd to public')
    await admin.query("create function odd.set_config(text, text, boolean) returns text language sql return 'odd'")
    await admin.query('create function odd.pg_backend_pid() returns integer language sql return 0')
    await admin.query('create access method odd type table handler heap_tableam_handler')
  }
  await ofTarget.query('set allow_in_place_tablespaces = on')
  await ofTarget.query("create tablespace odd location ''")
  await ofTarget.query('grant create on tablespace odd to public')

  async function results() {
    const seen: string[] = []
    for (const line of ['check', 'plan', 'migrate', 'sync', 'status', 'sync --if-due', 'doctor']) {
      // The streams of the run wait, and its leading session is idle.
      const waits = line === 'sync' ? ofSource.query('begin; lock table purchase; select pg_sleep(2); commit') : null
      const [{ status, stdout, stderr }] = await Promise.all([command(line), waits])
      seen.push(line, String(status), ...stdout.split('\n'), ...stderr.split('\n').sort())
    }
    const { outcome, said } = await round(program.publication, installed.environment())
    seen.push(JSON.stringify(outcome), ...said.split('\n').sort())
    for (const table of ['shop_customer', 'shop_purchase', 'shop_written', 'shop_stats'])
      seen.push(...(await ofTarget.query(`select x::text from shop.${table} x order by id`)).rows.map(({ x }) => x))
    const { rows } = await ofTarget.query<{ made: string }>(
      `select concat_ws(' ', relname, relam, reltablespace) as made from pg_class
       where relnamespace = 'shop'::regnamespace order by 1`,
    )
    const changing = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\d+(\.\d+)? m?s\b|^ +\d+(?= +\d{4}-)/g
    return [...seen, ...rows.map(({ made }) => made)]
      .filter((line) => !line.startsWith('Failed for this due time'))
      .map((line) => line.replaceAll(changing, '…').replaceAll(/ +/g, ' '))
  }

  const { rows: settings } = await ofTarget.query<Setting>(
    `select name, vartype as type, setting as value, min_val as least, max_val as most, enumvals as words
     from pg_settings where context in ('user', 'superuser') order by name`,
  )
  const chosen = settings.filter(({ name }) => !LEFT_OUT.test(name))
  expect(chosen.length).toBeGreaterThan(120)
  // Half of them to the role and half to the database, and the other way round on the other version.
  const toRole = (setting: Setting) => chosen.indexOf(setting) % 2 === (version === 18 ? 0 : 1)
  async function give(those: readonly Setting[]) {
    for (const [admin, role, database] of [
      [ofSource, app, source],
      [ofTarget, writer, target],
    ] as const) {
      const [ofRole, ofDatabase] = [`role "${role.user}"`, `database "${database.name}"`]
      await admin.query(`alter ${ofRole} reset all; alter ${ofDatabase} reset all`)
      if (those !== chosen) await command('sync')
      for (const setting of those) {
        const value = setting.name === 'search_path' ? oddValue(setting) : `'${oddValue(setting)}'`
        await admin.query(`alter ${toRole(setting) ? ofRole : ofDatabase} set ${setting.name} = ${value}`)
      }
    }
    return results()
  }

  // With a kept version: how the next run reads each table is said of that.
  for (let run = 0; run < 3; run++) await done('sync')
  const plain = await results()
  expect(plain).toContain(
    '{"shop_customer":"full","shop_purchase":"delta","shop_written":"full","shop_stats":"carried"}',
  )
  expect(plain).toContain('Fresh: the last run that was due has published, and readers can read it.')
  let guilty = chosen
  let found = await give(guilty)
  // Which one it is takes some more runs.
  while (!isDeepStrictEqual(found, plain) && guilty.length > 1) {
    const half = guilty.slice(0, guilty.length / 2)
    found = await give(half)
    guilty = isDeepStrictEqual(found, plain) ? guilty.slice(guilty.length / 2) : half
    if (guilty !== half) found = await give(guilty)
  }
  expect([guilty === chosen ? [] : guilty.map(({ name }) => name), found]).toEqual([[], plain])
  await target.close(ofTarget)
  await source.close(ofSource)
})
