/** `init` as a stranger runs it: the built tool in a folder of its own, on schemas in the shapes that other tools make. */
import { execFile, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { serverHome, stopServerIn } from '@vitrine/embedded-postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole } from '../../../../test/database.ts'
import { root } from '../../../../test/documentation/commands.ts'
import { Pgbouncer, withoutPgbouncer } from '../../../../test/pgbouncer.ts'
import { EXIT } from '../../src/base/errors.ts'
import type { CheckAnswer } from '../../src/cli/commands/check.ts'
import type { InitAnswer } from '../../src/cli/commands/init.ts'

const SCHEMAS = ['pagila', 'chinook', 'django', 'rails', 'prisma'] as const
const MAIN = join(root, 'packages/vitrine/dist/cli/main.js')

const home = mkdtempSync(join(tmpdir(), 'vitrine-init-'))
symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'), 'dir')
const databases = new Map<string, TestDatabase>()
const source = (name: string): TestDatabase => databases.get(name) ?? expect.fail(name)
let target: TestDatabase
let weak: TestRole

/** An empty folder. */
function place(name: string): string {
  const folder = join(home, name)
  mkdirSync(folder)
  return folder
}

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

const vitrine = (
  cwd: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> =>
  new Promise((resolve) => {
    const { PATH = '', HOME = '' } = process.env
    execFile(
      process.execPath,
      [MAIN, ...words],
      { cwd, env: { PATH, HOME, ...environment } },
      (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

async function succeeded(cwd: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = await vitrine(cwd, words, environment)
  expect([words.join(' '), status, status === 0 ? '' : stderr]).toEqual([words.join(' '), 0, ''])
  return { stdout, stderr }
}

async function create(name: string, sql: string): Promise<TestDatabase> {
  const database = await TestDatabase.create(18, name)
  databases.set(name, database)
  const client = await database.connect()
  await client.query(sql)
  await database.close(client)
  return database
}

beforeAll(async () => {
  const text = (name: string) => readFileSync(join(import.meta.dirname, `schemas/${name}.sql`), 'utf8')
  target = await TestDatabase.create(18, 'target')
  await Promise.all(SCHEMAS.map((name) => create(name, text(name))))
  await create('empty', '')
  await create('bare', 'create table log (at timestamptz, line text); create table other (id integer primary key)')
  weak = await source('bare').createRole('weak')
  const client = await source('bare').connect()
  await client.query(`grant select on log to "${weak.user}"`)
  await source('bare').close(client)
})
afterAll(async () => {
  const folder = serverHome(join(home, 'embedded', '.vitrine', 'target'))
  await stopServerIn(folder, 'immediate')
  for (const leftover of [folder, dirname(folder)].slice(0, folder.startsWith(home) ? 0 : 1))
    rmSync(leftover, { recursive: true, force: true })
  rmSync(home, { recursive: true, force: true })
  await target.drop(['chinook_writer', 'chinook_reader'].map((user) => ({ user, password: '' })))
  for (const [name, database] of databases) await database.drop(name === 'bare' ? [weak] : [])
})

describe('from a source to published rows', () => {
  test('with an embedded target: one command, and the others work after it', async () => {
    const folder = place('embedded')
    const { stdout, stderr } = await succeeded(folder, ['init', '--yes', '--name', 'store'], {
      DATABASE_URL: source('rails').url(),
      // As npx sets it for what it runs.
      npm_command: 'exec',
    })
    expect(stdout).toContain('\n  npx --no vitrine check   after each change')
    expect(stdout).toMatch(/What store_reader reads:\nid +account_id +created_at_month[\s\S]*Published 15 rows in/)
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
    const secrets = readFileSync(join(folder, '.env'), 'utf8').match(/(?<=:)[0-9a-f]{20,}(?=@)|(?<=KEY=')\w+/g) ?? []
    expect(secrets).toHaveLength(3)
    for (const secret of [...secrets, '@example.org']) expect(stdout + stderr).not.toContain(secret)
    expect((await succeeded(folder, ['status'])).stdout).toContain('Fresh: ')
    expect((await succeeded(folder, ['url', 'psql'])).stdout).toMatch(
      /^postgresql:\/\/store_reader@127\.0\.0\.1:\d+\/store\n$/,
    )
    // A second time it would write over what is there.
    const again = await vitrine(folder, ['init', '--yes'])
    expect([again.status, again.stderr]).toEqual([EXIT.usage, expect.stringContaining('FILES_EXIST')])
    expect((await succeeded(folder, ['embedded', '--stop'])).stdout).toBe('Stopped.\n')
  })

  test('with a database of the team, whose role may create roles', async () => {
    const folder = place('named')
    writeFileSync(join(folder, '.env'), `# ours\nDATABASE_URL='${source('chinook').url()}'\n`)
    const words = ['init', '--json', '--tables', 'Invoice,Cust*', '--name', 'chinook', '--ci', 'gitlab']
    const { stdout } = await succeeded(folder, [...words, '--target', target.url()])
    const answer: InitAnswer = JSON.parse(stdout)
    expect(answer).toMatchObject({
      registered: { tables: 2, columns: 14 },
      published: { table: 'chinook_invoice', rows: 30 },
      embedded: false,
    })
    expect(answer.files).toContain('.gitlab/vitrine.yml')
    expect(readFileSync(join(folder, '.env'), 'utf8')).toMatch(
      /^# ours\nDATABASE_URL='[^\n]+\n# Written by vitrine init\.\nMETABASE_DATABASE_URL=/,
    )
    const reader = await target.connect({ role: await readerOf(folder) })
    const { rows } = await reader.query('select count(*)::integer as n from chinook_invoice')
    await target.close(reader)
    expect(rows).toEqual([{ n: 30 }])
    // Names that are taken are nobody's to take over.
    const again = await vitrine(place('taken'), [...words, '--target', target.url()], {
      DATABASE_URL: source('chinook').url(),
    })
    expect([again.status, again.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining('chinook_writer: the target has this role'),
    ])
    expect(readdirSync(join(home, 'taken'))).toEqual([])
  })

  async function readerOf(folder: string): Promise<TestRole> {
    const { stdout } = await succeeded(folder, ['url', 'psql', '--with-password', '--json'])
    return JSON.parse(stdout)
  }
})

describe('the register and the example', () => {
  const made = new Map<string, { readonly folder: string; readonly answer: InitAnswer }>()
  beforeAll(async () => {
    await Promise.all(
      SCHEMAS.map(async (name) => {
        const folder = place(name)
        const words = ['init', '--yes', '--only-files', '--json', '--name', name]
        const { stdout } = await succeeded(folder, words, { DATABASE_URL: source(name).url() })
        made.set(name, { folder, answer: JSON.parse(stdout) })
      }),
    )
  })
  const of = (name: string) => made.get(name) ?? expect.fail(name)
  const written = (name: string): string => {
    const folder = join(of(name).folder, 'publication')
    return readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n')
  }

  test.each([
    ['pagila', 7, ['rental.written_at (pg_lsn)'], []],
    ['chinook', 7, [], []],
    ['django', 5, [], ['tables of migration tools: django_migrations, django_session']],
    [
      'rails',
      3,
      [],
      [
        'other schemas, which --schema adds: audit',
        'tables of migration tools: ar_internal_metadata, schema_migrations',
      ],
    ],
    ['prisma', 6, [], ['tables of migration tools: _prisma_migrations']],
  ])('of %s: %i tables; what no query reads, and what is left out, is named', (name, tables, opaque, leftOut) => {
    const { answer } = of(name)
    const sorted = answer.leftOut.map((each) =>
      each.replace(/(?<=tables of migration tools: ).+/, (names) => names.split(', ').toSorted().join(', ')),
    )
    expect([answer.registered.tables, answer.opaque, sorted]).toEqual([tables, opaque, leftOut])
  })

  test.each(SCHEMAS)('of %s join two tables, and let nothing personal and no secret out', (name) => {
    expect(written(name)).toMatch(/(?:inner|left)Join\(/)
    for (const line of written(name)
      .split('\n')
      .filter((each) => /: (?:personal|secret|indirect)\./.test(each)))
      expect(line).toContain('// guessed: ')
    expect(written(name)).not.toMatch(/: open\./)
  })

  test('guess secrets and names in every shape', () => {
    const lines = SCHEMAS.map(written).join('\n')
    for (const secret of [
      'password',
      'encrypted_password',
      'reset_password_token',
      'otp_secret',
      'api_digest',
      'twoFactorBackupCodes',
      'sessionToken',
    ]) {
      expect(lines).toMatch(new RegExp(`^ +${secret}: secret\\.`, 'm'))
    }
    for (const personal of ['email', 'first_name', 'LastName', 'BirthDate', 'phone_number', 'locale']) {
      expect(lines).toMatch(new RegExp(`^ +${personal}: personal\\.`, 'm'))
    }
  })

  test('of several schemas stand in one register', async () => {
    const folder = place('several')
    const words = ['init', '--yes', '--only-files', '--name', 'several', '--schema', 'audit,public', '--json']
    const { stdout } = await succeeded(folder, words, { DATABASE_URL: source('rails').url() })
    expect(JSON.parse(stdout)).toMatchObject({
      registered: { tables: 4 },
      leftOut: [expect.stringContaining('migration tools')],
    })
    made.set('several', { folder, answer: JSON.parse(stdout) })
    expect(written('several')).toMatch(/register\(\{\n[\s\S]* {2}audit: \{\n {4}versions: \{\n {6}id: indirect\.bigint/)
  })

  test('of several schemas take further tables, each among those of its own', async () => {
    const { folder } = of('several')
    const environment = { DATABASE_URL: source('rails').url() }
    const client = await source('rails').connect()
    await client.query('create table audit.visits (id bigint primary key, address inet)')
    await source('rails').close(client)
    const words = ['register', 'audit.*', 'schema_*']
    const printed = await succeeded(folder, words, environment)
    expect(printed.stdout).toMatch(/ {2}\/\/ of the schema audit:\n {2}visits: \{\n {4}id: /)
    expect(printed.stderr).toBe('registered already: audit.versions\n')
    await succeeded(folder, [...words, '--write'], environment)
    expect(written('several')).toMatch(
      /public: \{[\s\S]* {4}schema_migrations: \{[\s\S]* {2}audit: \{[\s\S]* {4}visits: \{\n {6}id: [\s\S]*\/\/ New tables of audit /,
    )
    await succeeded(folder, ['check'], environment)
    const { status, stderr } = await vitrine(of('rails').folder, ['register', '--write', 'audit.visits'], environment)
    expect([status, stderr]).toEqual([EXIT.usage, expect.stringContaining('It has no line “New tables of audit come')])
  })

  test('compile in an editor, whatever the schema', () => {
    const include = [...SCHEMAS, 'several'].map((name) => join(of(name).folder, 'publication/*'))
    const settings = JSON.parse(readFileSync(join(of('pagila').folder, 'tsconfig.json'), 'utf8'))
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ ...settings, include }))
    // The oldest compiler that teams use finds what ours does not: see `node scripts/install-nodes.mjs`.
    const compilers = ['', '.vitrine/typescript/5.9.3']
      .map((folder) => join(root, folder, 'node_modules/typescript/bin/tsc'))
      .filter((path) => existsSync(path))
    for (const compiler of compilers) {
      const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', home], { encoding: 'utf8' })
      expect([compiler, status, stdout]).toEqual([compiler, 0, ''])
    }
  })

  test('take further tables, once', async () => {
    const { folder } = of('rails')
    const environment = { DATABASE_URL: source('rails').url() }
    const words = ['register', 'schema_*', 'users']
    const printed = await succeeded(folder, words, environment)
    expect(printed.stdout).toBe(
      '  schema_migrations: {\n    version: personal.text, // guessed: may hold anything\n  },\n',
    )
    expect(printed.stderr).toBe('registered already: users\n')
    await succeeded(folder, [...words, '--write'], environment)
    const before = written('rails')
    expect(before).toContain('schema_migrations: {')
    await succeeded(folder, [...words, '--write'], environment)
    expect(written('rails')).toBe(before)
    await succeeded(folder, ['check'], environment)
  })

  test('the job for the application’s repository says which published column a migration breaks', async () => {
    const job = readFileSync(join(root, 'deploy/ci/application.yml'), 'utf8')
    const [, words = ''] = /&& npx --no vitrine (.+)$/m.exec(job) ?? []
    const { folder } = of('chinook')
    const branch = await create('branch', readFileSync(join(import.meta.dirname, 'schemas/chinook.sql'), 'utf8'))
    const environment = { DATABASE_URL: branch.url() }
    const { tables }: CheckAnswer = JSON.parse((await succeeded(folder, [words, '--json'], environment)).stdout)
    const published = tables.flatMap(({ name, columns }) =>
      columns.map((column) => ({ place: `${name}.${column.name}`, made: column.lineage[0] })),
    )
    const broken = published.findLast(({ made }) => made !== undefined)
    const client = await branch.connect()
    await client.query(`alter table "${broken?.made?.table}" drop column "${broken?.made?.column}" cascade`)
    await branch.close(client)
    const { status, stderr } = await vitrine(folder, [words], environment)
    expect([status, stderr]).toEqual([EXIT.drift, expect.stringContaining(`published in ${broken?.place}`)])
  })
})

describe('what is refused leaves nothing', () => {
  const local = { DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:1/nothing' }
  test.each([
    ['without an answer and a terminal', [], {}, EXIT.usage, ['--source: ', '--target: ', '--tables: ']],
    ['a server that is not there', ['--yes'], local, EXIT.connection, ['CONNECTION_FAILED']],
    ['a URL that is none', ['--yes', '--source', 'mysql://u:hunter2@h/d'], {}, EXIT.usage, ['URL_INVALID']],
    ['another system', ['--yes', '--ci', 'jenkins'], local, EXIT.usage, ['--ci: it is not known']],
    ['a name of PostgreSQL', ['--yes', '--name', 'pg_x'], local, EXIT.usage, ['--name: ']],
  ] as const)('%s', async (name, words, environment, status, says) => {
    const folder = place(name)
    const outcome = await vitrine(folder, ['init', ...words], environment)
    expect(outcome).toMatchObject({ status, stdout: '' })
    for (const each of says) expect(outcome.stderr).toContain(each)
    expect(outcome.stderr).not.toContain('hunter2')
    expect(readdirSync(folder)).toEqual([])
  })

  test('a source without tables, and tables that it does not have', async () => {
    const folder = place('nothing')
    const empty = await vitrine(folder, ['init', '--yes'], { DATABASE_URL: source('empty').url() })
    expect([empty.status, empty.stderr]).toEqual([EXIT.drift, expect.stringContaining('NOTHING_TO_REGISTER')])
    const words = ['init', '--only-files', '--tables', 'log,logs']
    const unknown = await vitrine(folder, words, { DATABASE_URL: source('bare').url() })
    expect([unknown.status, unknown.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining('logs: the source has no such table'),
    ])
    expect(readdirSync(folder)).toEqual([])
  })

  test('a target that is the source, or a copy of it', async () => {
    const folder = place('target')
    const copy = await create('copy', 'create table log (at timestamptz); create table other (id integer)')
    for (const url of [source('bare').url(), `${copy.url()}?application_name=x`]) {
      const outcome = await vitrine(folder, ['init', '--tables', 'all', '--target', url], {
        DATABASE_URL: source('bare').url(),
      })
      expect([outcome.status, outcome.stderr]).toEqual([EXIT.usage, expect.stringContaining('TARGET_IS_SOURCE')])
    }
    expect(readdirSync(folder)).toEqual([])
  })

  test.skipIf(withoutPgbouncer)('the URL of a pooler that lends no session; one that does is taken', async () => {
    const url = source('bare').url()
    const { username: user, password } = new URL(url)
    const pool = await Pgbouncer.start(new URL(url), [{ user, password }], 'transaction')
    try {
      const [folder, environment] = [place('pooled'), { DATABASE_URL: pool.through(url) }]
      const words = ['init', '--yes', '--only-files', '--name', 'pooled']
      const outcome = await vitrine(folder, words, environment)
      expect([outcome.status, outcome.stderr]).toEqual([EXIT.connection, expect.stringContaining('POOLER')])
      expect(readdirSync(folder)).toEqual([])
      await pool.become('session')
      await succeeded(folder, words, environment)
    } finally {
      await pool.stop()
    }
  })

  test('a folder that has a publication already', async () => {
    const folder = place('full')
    mkdirSync(join(folder, 'publication'))
    const outcome = await vitrine(folder, ['init', '--yes'], { DATABASE_URL: source('bare').url() })
    expect([outcome.status, outcome.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining('publication: it is there already'),
    ])
    expect(readdirSync(folder)).toEqual(['publication'])
  })
})

test('tables without a key, and without rights, are registered; what can be read is counted', async () => {
  const folder = place('weak')
  const { stderr } = await succeeded(folder, ['init', '--yes', '--only-files', '--name', 'weak'], {
    DATABASE_URL: source('bare').url(weak),
  })
  expect(stderr).toMatch(/other +\? +< 0\.1 MB +may not be read/)
  const [example = ''] = readdirSync(join(folder, 'publication')).filter((file) => file.startsWith('weak_'))
  expect(readFileSync(join(folder, 'publication', example), 'utf8')).toContain(
    "counted: integer(count(), 'Number of rows')",
  )
  expect(existsSync(join(folder, '.env'))).toBe(false)
})

test('of 3 000 tables some are shown, and those that are named are registered, whatever they are called', async () => {
  const wide = await create(
    'wide',
    `do $$ begin for n in 1..3000 loop execute 'create table t' || n || ' (id integer)'; end loop; end $$;
     create table constructor (id integer primary key, "constructor" text, "__proto__" text, "hasOwnProperty" integer);
     create table "toString" (id integer primary key, constructor_id integer references constructor, "valueOf" date)`,
  )
  const folder = place('wide')
  const words = ['init', '--only-files', '--name', 'wide', '--tables', 'constructor,toString,t299*', '--json']
  const { stdout, stderr } = await succeeded(folder, words, { DATABASE_URL: wide.url() })
  expect(stderr).toContain('and 2972 more')
  expect(JSON.parse(stdout)).toMatchObject({ registered: { tables: 13, columns: 18 } })
  await succeeded(folder, ['check'], { DATABASE_URL: wide.url() })
})
