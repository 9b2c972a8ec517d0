import { EmbeddedPostgresError } from '@vitrine/embedded-postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole } from '../../../test/database.ts'
import { explain } from '../../cli/failures.ts'
import { impact } from '../../cli/impact.ts'
import { startProgram } from '../../cli/start/program.ts'
import { ImpactDatabaseError } from '../../database/database-error.ts'
import { makeLikeDjango } from '../database/django.ts'
import { run } from './run.ts'

describe('sans base', () => {
  test('check', async () => {
    const { status, stdout } = await run(impact, 'check')
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^The publication is sound: 12 tables, \d+ columns, 7 dashboards, 64 questions\.\nThe source was not compared/,
    )
  })

  test('a command of the tool is suggested under the name that it has here', async () => {
    const { status, stderr } = await run(impact, 'sync --dry-run')
    expect([status, stderr.split('\n')[0]]).toEqual([
      2,
      'error USAGE: The command line is wrong. Unknown command. Did you mean impact sync_metabase?',
    ])
    expect((await run(impact, 'constructor')).stderr).toContain("Unknown command 'constructor'.")
  })

  test.each([
    ['sync_metabase', {}, 'SETTINGS_INVALID'],
    ['sync_metabase', { DATABASE_URL: 'postgresql://a@127.0.0.1:1/a' }, 'TARGET_URL_MISSING'],
    ['migrate metabase --database metabase', { DATABASE_URL: 'postgresql://a@127.0.0.1:1/a' }, 'TARGET_URL_MISSING'],
    ['migrate', {}, 'SOURCE_URL_MISSING'],
    ['migrate users', {}, 'USAGE'],
    ['migrate --database autre', {}, 'USAGE'],
    ['migrate metabase --database default', {}, 'USAGE'],
    ['sample --size XL', {}, 'USAGE'],
  ])('%s', async (line, environment, code) => {
    const { status, stderr } = await run(impact, line, { environment })
    expect(status).toBe(2)
    expect(stderr).toContain(`error ${code}: `)
  })

  test.each([
    ['--size XL', {}, 'USAGE'],
    ['--port 0', {}, 'USAGE'],
    ['--sample', {}, 'USAGE'],
    ['', { DATABASE_URL: 'postgresql://a@127.0.0.1:1/a' }, 'TARGET_URL_MISSING'],
    ['', { METABASE_DATABASE_URL: 'postgresql://a@127.0.0.1:1/a' }, 'SOURCE_URL_MISSING'],
    ['', { METABASE_DATABASE_URI: 'x' }, 'SETTINGS_INVALID'],
    [
      '--fresh',
      { DATABASE_URL: 'postgresql://a@127.0.0.1:1/a', METABASE_DATABASE_URL: 'postgresql://a@127.0.0.1:1/b' },
      'USAGE',
    ],
  ])('npm start -- %s: refused before anything is started', async (line, environment, code) => {
    const { status, stdout, stderr } = await run(startProgram, line, { environment })
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`error ${code}: `)
    expect(stderr.split('\n')[0]).toMatch(/^error/)
  })
})

test('an example of the tool is one that this program understands', async () => {
  expect((await run(impact, 'rollback --help')).stdout).toContain('\n  impact sync_metabase\n')
  expect((await run(startProgram, '--help')).stdout).toContain('\n  npm start -- --once\n')
})

describe('les erreurs', () => {
  test('of the operational database keep its registry and never show the server’s message', () => {
    const cause = Object.assign(new Error('canary'), { code: '42501', detail: 'Key (email)=(canary)' })
    const failure = explain(new ImpactDatabaseError('MIGRATION_FAILED', { place: '0001', cause }))
    expect(failure).toMatchObject({ code: 'MIGRATION_FAILED', place: '0001', sqlState: '42501', exit: 'data' })
    expect(JSON.stringify(failure)).not.toContain('canary')
  })

  test('of the demonstration servers are told with their message', () => {
    expect(explain(new EmbeddedPostgresError('port-taken', 'The port 5432 is taken.'))).toMatchObject({
      code: 'SERVER_PORT_TAKEN',
      detail: 'The port 5432 is taken.',
      remedy: 'Give another --port, or none to take free ones.',
    })
    expect(explain(new Error('canary'))).toBeNull()
  })
})

describe('impact migrate et impact sample', () => {
  let database: TestDatabase
  let owner: TestRole

  beforeAll(async () => {
    database = await TestDatabase.create(15, 'impact_cli')
    owner = await database.createRole('owner')
    await database.ask(`grant create on schema public to "${owner.user}"`)
  })
  afterAll(() => database.drop([owner]))

  const command = (line: string) => run(impact, line, { environment: { DATABASE_URL: database.url(owner) } })

  test('migrate, twice, then a sample, once', async () => {
    expect((await command('sample --size S')).stderr).toContain('error NOT_MIGRATED')
    expect((await command('migrate')).stdout).toMatch(
      / {2}\+ 0001_schema_operationnel\n[\s\S]*Base opérationnelle migrée : \d/,
    )
    expect(await command('migrate')).toMatchObject({ status: 0, stdout: 'Base opérationnelle : rien à migrer.\n' })
    expect(JSON.parse((await command('migrate --json')).stdout)).toEqual({ applied: [] })
    const sample = await command('sample --size S --day 2026-03-01')
    expect(sample.stdout).toMatch(/^Échantillon S du 2026-03-01 : 300 entreprises, en .+\.\n$/)
    expect(await command('sample')).toMatchObject({ status: 2, stderr: expect.stringContaining('error NOT_EMPTY') })
  })

  test('first contact with a database that Django made: what is missing, and who brings it', async () => {
    const django = await TestDatabase.create(15, 'impact_django')
    const client = await django.connect()
    await makeLikeDjango(client)
    const said = async (line: string, url = django.url()) =>
      (await run(impact, line, { environment: { DATABASE_URL: url } })).stderr
    expect(await said('check')).toMatchInlineSnapshot(`
      "error SOURCE_DRIFT: The source is not what the register describes.
        where: public
        - feeds_egapro: the source has no such table; published in metabase_indexegapro.est_soumise, metabase_indexegapro.statut
        - feeds_bges: the source has no such table; published in metabase_bges.est_soumise, metabase_bges.statut
        - feeds_releve: the source has no such table; published in metabase_bges.est_soumise, metabase_bges.statut
        what to do: Run \`impact migrate\`: it adds these tables and changes no other.
      "
    `)
    await client.query('alter table vsme_indicateur rename to elsewhere')
    expect(await said('check')).toMatch(
      /- vsme_indicateur: the source has no such table; published in [^\n]+\n {4}→ bring the application up to its version of July 2026\n/,
    )
    await client.query('alter table elsewhere rename to vsme_indicateur')
    await said('migrate')
    expect(await said('check')).toBe('')
    expect(await said('check', django.url().replace(/[^/]*$/, 'postgres'))).toMatchInlineSnapshot(`
      "error SOURCE_DRIFT: The source is not what the register describes. It has none of the tables of Impact.
        where: public
        what to do: Correct DATABASE_URL; or, when this database is to be made, run \`impact migrate\`.
      "
    `)
    await django.close(client)
    await django.drop()
  })

  test('errors name the commands as the team calls them', async () => {
    const environment = {
      DATABASE_URL: database.url(owner),
      METABASE_DATABASE_URL: 'postgresql://impact:x@127.0.0.1:1/metabase-data',
    }
    const unreachable = await run(impact, 'status', { environment })
    expect(unreachable.status).toBe(4)
    const { stderr } = await run(impact, 'sync_metabase --only metabase_x', { environment })
    expect(stderr).toContain('what to do: Use a name that `impact check` lists.')
  })
})
