/** The whole system as `npm start` makes it: two servers, sample, publication, the next night, the end. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverHome, stopServerIn } from '@vitrine/embedded-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../../packages/vitrine/test/cli/captured-io.ts'
import { impact } from '../../cli/impact.ts'
import { startProgram } from '../../cli/start/program.ts'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'impact-start-'))
const operational = serverHome(join(folder, 'operationnelle'))
const target = serverHome(join(folder, 'metabase-data'))

/** How far the clock of the command is ahead; the servers keep the true time. */
let aheadMs = 0
const DAY_MS = 24 * 60 * 60 * 1000
const clock = { now: () => new Date(Date.now() + aheadMs), monotonicMs: () => performance.now() }

let running: Promise<Outcome>
let interrupt = () => undefined as unknown
let environment: Readonly<Record<string, string>>
const environmentFile = join(folder, 'environnement')

async function until<T>(look: () => Promise<T | null> | T | null): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== null) return found
    await sleep(50)
  }
}

const command = (line: string, setting = {}) => run(impact, line, { environment, ...setting })

interface Status {
  readonly state: string
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly dataOf: string }[]
  readonly runs: readonly { readonly trigger: string; readonly state: string }[]
}
const status = async (): Promise<Status> => JSON.parse((await command('status --json', { clock })).stdout)

/** A URL of the environment file with another database and the server's superuser, from the file beside the data. */
function asSuperuser(variable: string, dataDirectory: string, database: string): string {
  const url = new URL(environment[variable] ?? '')
  const [, , , user = '', password = ''] = readFileSync(`${dataDirectory}.pgpass`, 'utf8').trim().split(':')
  return Object.assign(url, { username: user, password, pathname: `/${database}`, search: '' }).toString()
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A port that is free at this moment. */
const pagePort = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    // sound because it listens on a port.
    const { port } = server.address() as AddressInfo
    server.close(() => resolve(port))
  })
})

beforeAll(async () => {
  running = run(startProgram, `--size S --data ${folder} --page ${pagePort}`, {
    clock,
    interrupt: (now) => {
      interrupt = now
    },
  })
  const ended = running.then(({ stderr }) => Promise.reject(new Error(stderr)))
  const lines = await Promise.race([
    ended,
    until(() => {
      try {
        return readFileSync(environmentFile, 'utf8')
      } catch {
        return null
      }
    }),
  ])
  environment = Object.fromEntries(
    lines
      .trim()
      .split('\n')
      .map((line) => {
        const [, name = '', value = ''] = /^(\w+)='(.*)'$/.exec(line) ?? []
        return [name, value]
      }),
  )
  // The newest of two brings the invented history; before it the last invented night is.
  await until(async () => {
    const { runs }: Status = JSON.parse((await command('status --json --runs 2', { clock })).stdout)
    return runs.length === 2 && runs[0]?.state === 'succeeded' && runs[0].trigger === 'command' ? true : null
  })
})

afterAll(async () => {
  interrupt()
  await running
  await Promise.all([operational, target].map((directory) => stopServerIn(directory, 'immediate')))
  for (const path of [folder, operational, target]) rmSync(path, { recursive: true, force: true })
  for (const directory of [operational, target]) {
    for (const ending of ['.pgpass', '.roles.json']) rmSync(`${directory}${ending}`, { force: true })
  }
})

describe.sequential('npm start', () => {
  test('publishes the sample', async () => {
    const { state, tables } = await status()
    expect(state).toBe('fresh')
    expect(tables.find(({ table }) => table === 'metabase_entreprise')?.rows).toBe(300)
  })

  test('has sixty nights behind it: some failed, one was tried again, one published by hand', async () => {
    const { runs }: Status = JSON.parse((await command('status --json --runs 100', { clock })).stdout)
    const nights = runs.slice(1, -1)
    expect([runs.length, nights.length]).toEqual([64, 62])
    expect(nights.filter(({ state }) => state === 'failed')).toHaveLength(3)
    expect(nights.slice(0, 30).some(({ state }) => state === 'failed')).toBe(true)
    expect(nights.filter(({ trigger }) => trigger === 'command')).toHaveLength(1)
  })

  test('shows the dashboards of what it published', async () => {
    const board = `http://127.0.0.1:${pagePort}/dashboards/entreprises`
    const text = await (await until(async () => fetch(board).catch(() => null))).text()
    expect(text).toContain('<h1>Entreprises</h1>')
    // However long it takes to be drawn.
    expect(await (await fetch(`${board}/questions/ent-connues/tile`)).text()).toMatch(/id="q-ent-connues"[\s\S]*?>300</)
  })

  test('keeps passwords in private files, two servers apart', () => {
    expect(statSync(environmentFile).mode & 0o777).toBe(0o600)
    expect(statSync(`${target}.roles.json`).mode & 0o777).toBe(0o600)
    expect(new URL(environment['DATABASE_URL'] ?? '').port).not.toBe(
      new URL(environment['METABASE_READER_URL'] ?? '').port,
    )
  })

  test('the reader reads, and the commands of the team work', async () => {
    const rows = await query(
      environment['METABASE_READER_URL'] ?? '',
      'select count(*)::integer as n from impact.metabase_entreprise',
    )
    expect(rows).toEqual([{ n: 300 }])
    expect(await command('check')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('The source is what the register describes.'),
    })
    expect(await command('migrate metabase --database metabase')).toMatchObject({ status: 0 })
    expect(await command('plan --check')).toMatchObject({ status: 0 })
    for (const line of ['provision', 'provision --source'])
      expect(await command(line)).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing to do') })
    expect(await command('sync_metabase --dry-run')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Nothing was published.'),
    })
    const doctor = await command('doctor')
    expect(doctor.stdout).toMatch(/guarantees held\.$/m)
    expect(doctor.status).toBe(0)
  })

  test('a second start on the same data is refused and ends nothing', async () => {
    const second = await run(startProgram, `--once --data ${folder}`)
    expect(second.stderr).toContain(`It runs already on this data, as process ${process.pid}.`)
    expect(second.status).toBe(2)
    expect((await status()).state).toBe('fresh')
  })

  test('a day later it publishes again', async () => {
    const before = (await status()).runs
    // For the command a day passes; for the target, what it did is a day old. Its own clock cannot be moved.
    const writer = environment['METABASE_DATABASE_URL'] ?? ''
    await query(writer, "update vitrine.run set started_at = started_at - interval '1 day'")
    aheadMs = DAY_MS
    const [latest] = await until(async () => {
      const { runs } = await status()
      return runs[0]?.trigger === 'schedule' && runs[0].state === 'succeeded' ? runs : null
    })
    expect(before[0]?.trigger).toBe('command')
    expect(latest?.trigger).toBe('schedule')
  })

  test('with databases of one’s own: the same steps, no server', async () => {
    const admin = asSuperuser('METABASE_DATABASE_URL', target, 'autre')
    await query(asSuperuser('DATABASE_URL', operational, 'postgres'), 'create database autre owner impact_app')
    await query(asSuperuser('METABASE_DATABASE_URL', target, 'postgres'), 'create database autre')
    const other = (variable: string) =>
      Object.assign(new URL(environment[variable] ?? ''), { pathname: '/autre' }).toString()
    const own = {
      DATABASE_URL: other('DATABASE_URL'),
      DATABASE_ADMIN_URL: other('DATABASE_ADMIN_URL'),
      METABASE_DATABASE_URL: other('METABASE_DATABASE_URL'),
      METABASE_READER_URL: other('METABASE_READER_URL'),
      VITRINE_PSEUDONYM_KEY: environment['VITRINE_PSEUDONYM_KEY'],
    }
    // Without an administrator what is missing is told, and the run says what it lacks.
    const refused = await run(startProgram, '--once', { environment: own })
    expect(refused.stderr).toContain('error PRIVILEGE_MISSING')
    expect(refused.status).not.toBe(0)

    const first = await run(startProgram, '--once --sample --size S', {
      environment: { ...own, METABASE_ADMIN_URL: admin },
    })
    expect(first.stderr).toContain('size S: 300 companies')
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Read only, as the role metabase: metabase@'),
    })

    await query(own.DATABASE_ADMIN_URL, 'drop table impact_schema_migrations')
    const again = await run(startProgram, '--once --json', { environment: own })
    expect(again.stderr).toContain('the tables of the application are there, nothing is changed')
    expect(JSON.parse(again.stdout)).toMatchObject({ dryRun: false, nextDue: expect.any(String) })
    expect(await query(own.DATABASE_ADMIN_URL, "select to_regclass('impact_schema_migrations') as made")).toEqual([
      { made: null },
    ])
  })

  test('an interrupt ends it and its servers', async () => {
    interrupt()
    const { status, stdout, stderr } = await running
    expect(status).toBe(0)
    expect(stdout).toMatch(/metabase_entreprise +300 +300 +0 +0/)
    expect(stdout).toContain('Read only, as the role metabase: postgresql://metabase:')
    expect(stdout).toContain(`Dashboards, in a browser: http://127.0.0.1:${pagePort}/\n`)
    expect(stderr).toMatch(/Next run due: \d{4}-\d\d-\d\d 00:00:00 \(Europe\/Paris\)\./)
    expect(stderr).toContain('servers stopped')
    expect(stderr).not.toContain('error ')
    expect(await stopServerIn(operational)).toBe(false)
    expect(await stopServerIn(target)).toBe(false)
    expect((await command('status')).status).toBe(4)
  })

  test('another size than that of the data is refused, and names --fresh', async () => {
    const { status, stderr } = await run(startProgram, `--once --size M --data ${folder}`)
    expect(status).toBe(2)
    expect(stderr).toContain('The data that is there has the size S, not M.')
    expect(stderr).toContain('--fresh --size M')
    expect(await stopServerIn(operational)).toBe(false)
  })

  test('after kill -9 the servers end too, and the next start reuses the data and leaves nothing behind', async () => {
    const built = join(import.meta.dirname, '../../dist/cli/start.js')
    const child: ChildProcess = spawn(process.execPath, [built, '--data', folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let told = ''
    child.stdout?.on('data', (chunk) => {
      told += chunk
    })
    await until(() => (told.includes('Ctrl-C stops everything.') ? true : null))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { status, stderr, stdout } = await run(startProgram, `--once --data ${folder}`)
    expect(stderr).toContain('server of the operational database started')
    expect(stderr).toContain('data there already, size S')
    expect(stdout).toMatch(/metabase_entreprise +300 +0 +/)
    // An address of servers that have stopped would lead nowhere.
    expect(stdout).not.toContain('postgresql://')
    expect(status).toBe(0)
    expect([await stopServerIn(operational), await stopServerIn(target)]).toEqual([false, false])
  })
})
