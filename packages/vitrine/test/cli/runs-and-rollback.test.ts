/** `rollback`, `runs`, `drop --history` and `rebuild` as a person and a program see them: results, exit statuses, refusals. */
import { afterAll, describe, expect, test } from 'vitest'
import type { TestRole } from '../../../../test/database.ts'
import { EXIT } from '../../src/base/errors.ts'
import { RETIRED } from '../publication/shop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { commandedShop } from './commanded-shop.ts'

const { target, writer, reader, change, environment, command, written, drop } = await commandedShop(shopWithHistory)
for (const line of ['provision', 'migrate']) await written(line)
afterAll(drop)

/** What changes from one time to the next: instants and durations, with the width of their columns. */
const stable = (text: string) =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<instant>')
    .replaceAll(/ *\b\d+(?:\.\d+)? (?:ms|s)\b/g, ' <time>')
    .replaceAll(/^(table|n°|run|table .+?) {2,}.*time.*$/gm, (line) => line.replaceAll(/ +/g, ' '))
    .replaceAll(/ {2,}/g, '  ')
async function sql<Row extends object>(text: string, as?: TestRole): Promise<Row[]> {
  const client = await target.connect(as === undefined ? {} : { role: as })
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await target.close(client)
  }
}
describe.sequential('rollback and runs', () => {
  test('before anything was published there is nothing to go back to, and no run', async () => {
    const { status, stdout, stderr } = await command('rollback')
    expect([status, stdout]).toEqual([EXIT.drift, ''])
    expect(stderr).toMatchInlineSnapshot(`
      "checking
      error VERSION_NOT_KEPT: There is no version to go back to. Nothing was published before the present version, or it was dropped.
        where: shop
        what to do: Correct the cause and run \`vitrine sync\`; the present version stays.
      "
    `)
    expect(JSON.parse((await command('rollback --json')).stdout)).toMatchObject({
      error: { code: 'VERSION_NOT_KEPT', exit: 'drift', retry: false },
    })
    // Both attempts are in the record.
    expect(stable(await written('runs'))).toMatchInlineSnapshot(`
      "run started by state time error
        2  <instant>  rollback  failed <time>  VERSION_NOT_KEPT shop
        1  <instant>  rollback  failed <time>  VERSION_NOT_KEPT shop
      "
    `)
  })

  test('rollback says of when the data are that readers see, and what comes next', async () => {
    await written('sync')
    await change("update customer set name = 'Wrong' where id <= 7; delete from purchase where id > 115")
    await written('sync')
    expect(stable(await written('rollback'))).toMatchInlineSnapshot(`
      "table rows added changed removed time
      shop_customer  60  0  11  0 <time>
      shop_purchase  120  5  0  0 <time>
      shop_stats  1  0  0  0 <time>
      Rolled back in <time>. Readers see data of <instant> (Europe/Paris).
      A second rollback undoes this one. The next run is due at <instant> (Europe/Paris), and reads the source again.
      "
    `)
    expect(await sql("select count(*)::integer as n from shop.shop_customer where name = 'Wrong'")).toEqual([{ n: 0 }])
  })

  test('rollback --json', async () => {
    const answer = JSON.parse(await written('rollback --json'))
    expect(answer).toMatchObject({
      run: expect.any(Number),
      dataOf: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/),
      nextDue: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/),
      tables: [
        { table: 'shop_customer', rows: 60, added: 0, changed: 11, removed: 0 },
        { table: 'shop_purchase', rows: 115, added: 0, changed: 0, removed: 5 },
        { table: 'shop_stats', rows: 1 },
      ],
      switch: { tries: 1 },
    })
    expect(Object.keys(answer)).toEqual(['run', 'dataOf', 'nextDue', 'tables', 'switch', 'milliseconds'])
  })

  test('an interrupted rollback changes nothing, and another run in the way is named', async () => {
    const before = await sql('select * from shop.shop_customer order by id')
    const outcome = await command('rollback', { interrupt: (now) => now() })
    expect(outcome).toMatchObject({ status: EXIT.interrupted, stdout: '' })
    const holder = await target.connect({ role: writer })
    await holder.query("select pg_advisory_lock(1986622578, hashtext('shop'))")
    const { status, stderr } = await command('rollback')
    expect([status, stderr]).toEqual([EXIT.busy, expect.stringMatching(/It is session \d+ \(test\), \d+ s old\./)])
    await target.close(holder)
    expect(await sql('select * from shop.shop_customer order by id')).toEqual(before)
  })

  test('runs lists them, the newest first; --last bounds the list', async () => {
    expect(stable(await written('runs --last 4'))).toMatchInlineSnapshot(`
      "run started by state time error
        7  <instant>  rollback  failed <time>  INTERRUPTED
        6  <instant>  rollback  succeeded <time>
        5  <instant>  rollback  succeeded <time>
        4  <instant>  command  succeeded <time>
      "
    `)
    const { publication, schema, runs } = JSON.parse(await written('runs --last 2 --json'))
    expect([publication, schema, runs.map(({ state }: { state: string }) => state)]).toEqual([
      'shop',
      'shop',
      ['failed', 'succeeded'],
    ])
  })

  test('runs with a number tells everything of that run', async () => {
    const { runs } = JSON.parse(await written('runs --json'))
    const sync = runs.findLast(
      ({ trigger, state }: Record<string, string>) => trigger === 'command' && state === 'succeeded',
    )
    expect(stable(await written(`runs ${sync.id}`))).toMatchInlineSnapshot(`
      "run started by state time error
        3  <instant>  command  succeeded <time>
      Data of <instant> (Europe/Paris).
      Phases: checking <time>, opening the snapshot <time>, staging <time>, verifying <time>, publishing <time>, describing <time>, recording <time>.
      The source’s snapshot was held for <time>.
      table rows added changed removed time
      shop_customer  60  60  0  0 <time>
      shop_purchase  120  120  0  0 <time>
      shop_stats  1  1  0  0 <time>
      "
    `)
    const failed = runs.find(({ state }: Record<string, string>) => state === 'failed')
    expect(stable(await written(`runs ${failed.id}`))).toMatchInlineSnapshot(`
      "run started by state time error
        7  <instant>  rollback  failed <time>  INTERRUPTED
      Nothing was published.
      "
    `)
    expect(JSON.parse(await written(`runs ${sync.id} --json`))).toEqual({
      publication: 'shop',
      schema: 'shop',
      runs: [sync],
    })
  })

  test.each([
    ['runs 999', 'The record has no run of this number.'],
    ['runs last', 'A run is given by its number, as the list shows it.'],
    ['runs 0', 'A run is given by its number, as the list shows it.'],
    ['runs --last 0', '--last'],
    ['runs --last many', '--last'],
    ['runs 1 2', ''],
  ])('%s is refused', async (line, text) => {
    expect(await command(line)).toMatchObject({
      status: EXIT.usage,
      stdout: '',
      stderr: expect.stringContaining(text),
    })
  })
})

describe.sequential('rebuild', () => {
  /** All that a reader has: rights, comments, rows, history. */
  const picture = async () => ({
    rights: await sql(`select c.relname, c.relkind, obj_description(c.oid) as comment,
        (select array_agg(a::text order by a::text) from unnest(c.relacl) a) as acl
      from pg_class c where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'v') order by 1`),
    columns: await sql(`select c.relname, a.attname, col_description(c.oid, a.attnum) as comment from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'v') order by 1, a.attnum`),
    schema: await sql("select obj_description(oid) as comment, nspacl::text from pg_namespace where nspname = 'shop'"),
    defaults: await sql(
      `select defaclobjtype, defaclacl::text from pg_default_acl where defaclnamespace = 'shop'::regnamespace`,
    ),
    customers: await sql('select * from shop.shop_customer order by id', reader),
    purchases: await sql('select * from shop.shop_purchase order by id', reader),
    days: await sql('select * from shop.shop_stats order by id', reader),
    fresh: await sql('select table_name, row_count from shop.vitrine_freshness order by 1', reader),
  })

  test('after drop schema cascade and revoked rights the reader has everything again', async () => {
    await sql(`insert into vitrine.ledger (schema_name, table_name, day, figures, origin, recorded_at)
      select schema_name, table_name, date '2024-01-01', figures, 'import', now() from vitrine.ledger limit 1`)
    await written('sync')
    const before = await picture()
    expect(before.days).toHaveLength(2)
    await sql(`drop schema shop cascade; drop schema if exists ${RETIRED} cascade;
      revoke connect on database "${target.name}" from "${reader.user}", public;
      alter role "${reader.user}" reset all`)
    await expect(sql('select 1', reader)).rejects.toThrow(/permission denied/)
    const { status, stdout, stderr } = await command('rebuild')
    expect([status, stderr]).toEqual([EXIT.ok, expect.stringContaining('Schema shop')])
    expect(stable(stdout)).toMatchInlineSnapshot(`
      "table rows added changed removed time
      shop_customer  60  60  0  0 <time>
      shop_purchase  115  115  0  0 <time>
      shop_stats  2  0  0  0 <time>
      Published 3 tables as of <instant> (Europe/Paris), in <time>. The source’s snapshot was held for <time>.
      "
    `)
    expect(await picture()).toEqual(before)
    expect(await written('doctor')).toMatch(/^\d+ guarantees held\.$/m)
  })

  test('rebuild --json tells the steps; with nothing missing there are none, and it publishes', async () => {
    await sql(`revoke usage on schema shop from "${reader.user}"`)
    const first = JSON.parse(await written('rebuild --json'))
    expect(first).toMatchObject({
      provisioned: ['The reader may look into the schema.'],
      left: [],
      migrated: [],
      tables: [{ rows: 60 }, { rows: 115 }, { rows: 2 }],
    })
    expect(JSON.parse(await written('rebuild --json'))).toMatchObject({ provisioned: [], left: [], migrated: [] })
  })

  test('without an administrator the rights are left to somebody else, and said', async () => {
    await sql(`revoke connect on database "${target.name}" from "${reader.user}", public`)
    await sql(`grant connect on database "${target.name}" to "${writer.user}"`)
    const alone = { environment: { ...environment(), METABASE_ADMIN_URL: '' } }
    await sql('drop schema shop cascade')
    const { status, stdout, stderr } = await command('rebuild', alone)
    expect([status, stderr]).toEqual([EXIT.privilege, expect.stringContaining('error PRIVILEGE_MISSING')])
    expect(stderr).toContain(`grant connect on database ${target.name} to ${reader.user};`)
    expect(stderr).toMatch(/\nOne right must be given by somebody else: see `vitrine provision --sql`\.\n$/)
    // What can be done is done: the data are back, and wait for the reader.
    expect(stdout).toContain('Published 3 tables')
    expect(JSON.parse((await command('rebuild --json', alone)).stdout)).toMatchObject({
      left: ['The reader may connect.'],
      tables: [{ rows: 60 }, { rows: 115 }, { rows: 2 }],
    })
    await written('rebuild')
    expect(await sql('select count(*)::integer as n from shop.shop_customer', reader)).toEqual([{ n: 60 }])
  })

  test('what the owner of the database alone can refuse is a note: provision, rebuild and doctor end with 0', async () => {
    await sql(`grant temporary on database "${target.name}" to public`)
    const alone = { environment: { ...environment(), METABASE_ADMIN_URL: '' } }
    const note = `  ! Nobody else creates schemas or temporary tables. (${reader.user} may not)`
    expect(await written('provision', alone)).toContain(
      `Nothing to do: roles, schema and rights are as they should be.\n${note}`,
    )
    expect(await command('rebuild', alone)).toMatchObject({ status: EXIT.ok, stderr: expect.stringContaining(note) })
    expect(await written('doctor', alone)).toContain(`! ${reader.user} creates no temporary table`)
    await written('provision')
    expect(await written('doctor', alone)).toContain(`✓ ${reader.user} creates no temporary table`)
  })

  test('a loss of rows stops it as it stops a run, with the old version served', async () => {
    await change('delete from purchase where id % 2 = 0')
    const { status, stderr } = await command('rebuild')
    expect([status, stderr]).toEqual([EXIT.data, expect.stringContaining('error TABLE_SHRANK')])
    expect(await sql('select count(*)::integer as n from shop.shop_purchase', reader)).toEqual([{ n: 115 }])
    await written('rebuild --allow-shrink')
  })
})

describe.sequential('drop --history', () => {
  const days = async () => (await sql<{ n: number }>('select count(*)::integer as n from vitrine.ledger'))[0]?.n

  test.each([
    ['nobody is there', undefined],
    ['a wrong name', 'vitrine'],
    ['only the first answer is right', 'shop'],
    ['the number alone', '2'],
    ['nothing', ''],
  ])('asks twice; refused when %s', async (_, answer) => {
    const { status, stdout, stderr } = await command('drop --history', answer === undefined ? {} : { answer })
    expect([status, stdout]).toEqual([EXIT.usage, ''])
    expect(stderr).toContain('error NOT_CONFIRMED')
    expect(stderr).toContain('forget for ever the 2 recorded days of shop_stats, from 2024-01-01 to ')
    expect([await days(), (await command('status')).status]).toEqual([2, EXIT.ok])
  })

  test('the questions name the schema, then the number of days; both right answers do it', async () => {
    const questions: string[] = []
    const answers = ['shop', '2']
    const { status, stdout } = await command('drop --history', {
      ask: async (question) => {
        questions.push(question)
        return answers.shift() ?? ''
      },
    })
    expect([status, stdout]).toEqual([EXIT.ok, 'Removed.\n'])
    expect(questions).toMatchInlineSnapshot(`
      [
        "Type the name of the schema (shop) to remove this: ",
        "Type the number of recorded days (2) to forget them for ever: ",
      ]
    `)
    expect(await days()).toBe(0)
    expect(await command('drop --history --yes')).toMatchObject({ status: EXIT.ok, stdout: 'Nothing to remove.\n' })
    // What is left is enough for a new beginning.
    await written('rebuild')
    expect(await sql('select count(*)::integer as n from shop.shop_stats', reader)).toEqual([{ n: 1 }])
  })

  test('drop --json tells what went and what stays, and drop alone keeps the days', async () => {
    const { removed, kept } = JSON.parse(await written('drop --yes --json'))
    expect([removed, kept].flat().join('\n')).toMatchInlineSnapshot(`
      "drop view: shop.vitrine_freshness, shop.vitrine_runs, shop.vitrine_unknowns, shop_previous.vitrine_freshness, shop_previous.vitrine_runs, shop_previous.vitrine_unknowns
      drop table: shop.shop_customer, shop.shop_purchase, shop.shop_stats, shop_previous.shop_customer, shop_previous.shop_purchase, shop_previous.shop_stats
      drop schema: shop_next, shop_previous
      forget what was approved for shop, and how old its tables were
      schema shop with the rights on it
      schema vitrine with the record of runs and the history"
    `)
    expect(await days()).toBe(1)
  })
})
