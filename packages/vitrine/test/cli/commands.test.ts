/** The commands in the order in which a team uses them, against a real server. */
import { afterAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { shop } from '../publication/shop.ts'
import { run } from './captured-io.ts'
import { commandedShop } from './commanded-shop.ts'

const { source, target, app, reader, program, change, environment, command, drop } = await commandedShop(shop)
afterAll(drop)

const withoutAdmin = () => ({ ...environment(), METABASE_ADMIN_URL: '' })

describe.sequential('from an empty target to a published version, and back', () => {
  test('check compares the source', async () => {
    const { status, stdout } = await command('check')
    expect([status, stdout]).toEqual([
      EXIT.ok,
      'The publication is sound: 2 tables, 11 columns.\nThe source is what the register describes.\n',
    ])
  })

  test('provision without an administrator says what to do', async () => {
    const { status, stderr } = await command('provision', { environment: withoutAdmin() })
    expect(status).toBe(EXIT.connection)
    expect(stderr).toContain('set METABASE_ADMIN_URL to a role that may create roles')
  })

  test('provision --sql prints a script and connects to nothing', async () => {
    const unreachable = 'postgresql://impact:x@127.0.0.1:1/some_database'
    const { status, stdout } = await run(program, 'provision --sql', {
      environment: { METABASE_DATABASE_URL: unreachable },
    })
    expect(status).toBe(EXIT.ok)
    expect(stdout).toContain('in the database some_database')
  })

  test('provision --dry-run shows the steps and changes nothing', async () => {
    const { status, stdout } = await command('provision --dry-run')
    expect(status).toBe(EXIT.ok)
    expect(stdout.split('\n').filter((line) => line.startsWith('  + ')).length).toBeGreaterThan(3)
    expect((await command('plan')).status).toBe(EXIT.connection)
  })

  test('provision makes roles and rights; a second time there is nothing to do', async () => {
    expect((await command('provision')).stdout).toMatch(/\d+ steps done\.\n$/)
    const { status, stdout } = await command('provision')
    expect([status, stdout]).toEqual([EXIT.ok, 'Nothing to do: roles, schema and rights are as they should be.\n'])
  })

  test('status before migrate: drift', async () => {
    const { status, stderr } = await command('status')
    expect(status).toBe(EXIT.drift)
    expect(stderr).toContain('error TARGET_NOT_MIGRATED')
  })

  test('sync before migrate is refused', async () => {
    expect(await command('sync')).toMatchObject({ status: EXIT.drift, stdout: '' })
  })

  test('plan shows the steps; --check exits with 6', async () => {
    const plan = await command('plan')
    expect(plan.status).toBe(EXIT.ok)
    expect(plan.stdout).toContain('shop_customer')
    expect((await command('plan --check')).status).toBe(EXIT.drift)
    expect(JSON.parse((await command('plan --json')).stdout)).toMatchObject({ schema: 'shop', approved: false })
  })

  test('migrate applies them; then the plan is empty', async () => {
    const migrated = await command('migrate')
    expect(migrated.stdout).toMatch(/Approved in .+; the next run publishes it\.\n$/)
    const plan = await command('plan --check')
    expect([plan.status, plan.stdout]).toEqual([EXIT.ok, 'Schema shop: nothing changes, approved.\n'])
    expect(JSON.parse((await command('migrate --json')).stdout)).toMatchObject({ approved: true, steps: [] })
  })

  test('status before the first run: stale, 9', async () => {
    const { status, stdout, stderr } = await command('status')
    expect(status).toBe(EXIT.stale)
    expect(stdout).toContain('No run yet.')
    expect(stderr).toContain('error STALE')
  })

  test('sync --dry-run publishes nothing', async () => {
    const { status, stdout } = await command('sync --dry-run')
    expect(status).toBe(EXIT.ok)
    expect(stdout).toContain('Nothing was published.')
    expect(JSON.parse((await command('status --json')).stdout)).toMatchObject({ state: 'stale' })
  })

  test('sync publishes: the result on stdout, the progress on stderr', async () => {
    const { status, stdout, stderr } = await command('sync')
    expect(status).toBe(EXIT.ok)
    expect(stdout).toMatch(/^table +rows +added +changed +removed +time\nshop_customer +60 +60 +0 +0 +\d+ ms\n/)
    expect(stdout).toMatch(/\nPublished 2 tables as of .+ \(Europe\/Paris\), in .+\.\n$/)
    expect(stderr.split('\n')).toEqual(expect.arrayContaining(['checking', 'staging', 'publishing', 'recording']))
  })

  test('sync --json and --only', async () => {
    const { status, stdout } = await command('sync --only shop_purchase --json')
    expect(status).toBe(EXIT.ok)
    expect((await command('sync --only shop_purchase,shop_x')).stderr).toContain('where: shop_x\n')
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: false,
      dataOf: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/),
      tables: [
        { table: 'shop_customer', carried: true, rows: 60 },
        { table: 'shop_purchase', carried: false, rows: 120, added: 0, changed: 0, removed: 0 },
      ],
      switch: { tries: 1 },
    })
  })

  test('status: fresh, with the last runs and the next due time', async () => {
    const { status, stdout, stderr } = await command('status --runs 2')
    expect([status, stderr]).toEqual([EXIT.ok, ''])
    expect(stdout.match(/ command {2}succeeded /g)).toHaveLength(2)
    expect(stdout).toMatch(/Next run due: \d{4}-\d\d-\d\d 00:00:00 \(Europe\/Paris\)\.\n$/)
    expect(JSON.parse((await command('status --json')).stdout)).toMatchObject({
      state: 'fresh',
      underWay: null,
      tables: [{ table: 'shop_customer', rows: 60, fresh: true }, { table: 'shop_purchase' }],
      runs: [{ state: 'succeeded', trigger: 'command' }],
    })
  })

  test('two days later without a run: stale, 9', async () => {
    const clock = { now: () => new Date(Date.now() + 48 * 3_600_000), monotonicMs: () => 0 }
    // The clock of whoever asks says nothing: only that of the target counts.
    expect(await command('status', { clock })).toMatchObject({ status: EXIT.ok })
    const client = await target.connect()
    await client.query("update vitrine.freshness set published_at = published_at - interval '2 days'")
    expect(await command('status')).toMatchObject({ status: EXIT.stale })
    await client.query("update vitrine.freshness set published_at = published_at + interval '2 days'")
    await target.close(client)
  })

  test('a lost share of the rows stops the run, with 7, and status shows it', async () => {
    await change('delete from purchase where id % 2 = 0')
    const { status, stdout, stderr } = await command('sync')
    expect([status, stdout]).toEqual([EXIT.data, ''])
    expect(stderr).toContain('error TABLE_SHRANK')
    expect((await command('status')).stdout).toMatch(/ command {2}failed .+TABLE_SHRANK/)
    expect((await command('sync --allow-shrink')).status).toBe(EXIT.ok)
  })

  test('an interrupted sync ends with 130 and is recorded; the previous version stays', async () => {
    const outcome = await command('sync', { interrupt: (now) => setTimeout(now, 30) })
    expect(outcome).toMatchObject({ status: EXIT.interrupted, stdout: '', exits: [] })
    expect(outcome.stderr).toContain('error INTERRUPTED')
    expect(JSON.parse((await command('status --json')).stdout).tables).toMatchObject([{ rows: 60 }, { rows: 60 }])
  })

  test('doctor proves the promises, as the reader too', async () => {
    const { status, stdout } = await command('doctor')
    expect(stdout.split('\n').filter((line) => /^[✗]/.test(line))).toEqual([])
    expect(status).toBe(EXIT.ok)
    expect(stdout).toMatch(/✓ reader_\w+ logs in/)
  })

  test('doctor without the reader’s URL warns and holds', async () => {
    const { status, stdout } = await command('doctor', { environment: { ...environment(), METABASE_READER_URL: '' } })
    expect(status).toBe(EXIT.ok)
    expect(stdout).toContain('! ')
    expect(stdout).toContain('METABASE_READER_URL is not set')
  })

  test('doctor finds a broken promise: 5, and the repair', async () => {
    const client = await target.connect()
    await client.query(`grant update on shop.shop_customer to "${reader.user}"`)
    const { status, stdout, stderr } = await command('doctor --json')
    expect(status).toBe(EXIT.privilege)
    expect(stderr).toContain('error DOCTOR_FAILED')
    expect(JSON.parse(stdout)).toMatchObject({ healthy: false })
    await client.query(`revoke update on shop.shop_customer from "${reader.user}"`)
    await target.close(client)
  })

  test('drop needs to be told: a flag, or the name of the schema', async () => {
    expect(await command('drop')).toMatchObject({ status: EXIT.usage, stdout: '' })
    const refused = await command('drop', { answer: 'y' })
    expect(refused.stderr).toContain('error NOT_CONFIRMED')
    expect(refused.stderr).toContain('This removes from shop:')
    expect((await command('status')).status).toBe(EXIT.ok)
    expect(await command('drop', { answer: 'shop' })).toMatchObject({ status: EXIT.ok, stdout: 'Removed.\n' })
    expect(await command('drop --yes')).toMatchObject({ status: EXIT.ok, stdout: 'Nothing to remove.\n' })
  })

  test('target and source the same under two names: refused before anything is touched', async () => {
    const same = { ...environment(), METABASE_DATABASE_URL: source.url(app).replace('127.0.0.1', 'localhost') }
    for (const line of ['migrate', 'sync', 'drop --yes']) {
      const { status, stderr } = await command(line, { environment: same })
      expect(stderr).toContain('error TARGET_IS_SOURCE')
      expect(status).toBe(EXIT.usage)
    }
  })
})
