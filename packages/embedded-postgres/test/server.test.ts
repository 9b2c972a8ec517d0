// Tests the launcher's promises with real servers, under any account, root included.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeFolder } from '../src/account.ts'
import { EmbeddedPostgresError, type EmbeddedServer, serverHome, startServer, stopServerIn } from '../src/index.ts'
import { isAlive } from '../src/postmaster.ts'
import { processesOf } from './processes.ts'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'embedded-postgres-test-'))
const homes = new Set([home])
const used = new Set<string>()

beforeAll(() => {
  // The server's account must pass through the tests' folder; a folder that it cannot enter has its own test.
  chmodSync(home, 0o755)
})

afterAll(async () => {
  for (const dataDirectory of used) {
    await stopServerIn(dataDirectory, 'immediate')
    rmSync(dataDirectory, { recursive: true, force: true })
    rmSync(`${dataDirectory}.pgpass`, { force: true })
  }
  for (const folder of homes) rmSync(folder, { recursive: true, force: true })
})

function place(name: string, folder = home): string {
  const dataDirectory = serverHome(join(folder, name))
  used.add(dataDirectory)
  return dataDirectory
}

test('a folder that it makes is closed to others, whatever the umask', () => {
  const before = process.umask(0)
  try {
    makeFolder(join(home, 'made', 'inside'))
  } finally {
    process.umask(before)
  }
  // The server's account can enter root's folders, but nobody can read them.
  for (const path of ['made', 'made/inside']) expect(statSync(join(home, path)).mode & 0o066).toBe(0)
})

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

async function refusal(promise: Promise<unknown>): Promise<EmbeddedPostgresError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(EmbeddedPostgresError)
  // Sound because of the line above.
  return error as EmbeddedPostgresError
}

/** Another process that starts a server, prints its pid, and does `then`. It runs the compiled package: plain Node knows no TypeScript here. */
function elsewhere(options: object, then: string): ChildProcess {
  const tsc = join(packageFolder, '../../node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-b', packageFolder], { stdio: 'pipe' })
  const program =
    `const { startServer } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)})\n` +
    `const server = await startServer(${JSON.stringify(options)})\n` +
    `await new Promise((done) => process.stdout.write(server.pid + ' ' + server.port + '\\n', done))\n${then}`
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine(child: ChildProcess): Promise<readonly [pid: number, port: number]> {
  // Sound because its stdout is a pipe.
  const [data] = await once(child.stdout!, 'data')
  const [pid, port] = String(data).split(' ').map(Number)
  return [pid ?? 0, port ?? 0]
}

test('versions 18 and 15 start side by side, on the loopback only, in UTF8 and UTC', async () => {
  const servers = await Promise.all(
    ([18, 15] as const).map((version) =>
      startServer({ dataDirectory: place(`v${version}`), version, ephemeral: true }),
    ),
  )
  for (const server of servers) {
    const facts = `select concat_ws(' ', current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
      current_setting('timezone'), current_setting('listen_addresses'), current_setting('unix_socket_directories'),
      (select datcollate from pg_database where datname = 'postgres'), current_setting('fsync'))`
    expect(await ask(server.url('postgres'), facts)).toBe(`${server.version} UTF8 UTC 127.0.0.1  C off`)
  }
  await Promise.all(servers.map((server) => server.stop()))
})

test('a wrong password is refused, and the right one is shown by no printing of the server', async () => {
  const server = await startServer({ dataDirectory: place('password'), ephemeral: true })
  const wrong = server.url('postgres', { user: server.superuser, password: "it's: a\\%40 é" })
  await expect(ask(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  expect(JSON.stringify(server)).not.toContain(server.password)
  expect(await ask(server.url('postgres'), 'show password_encryption')).toBe('scram-sha-256')
  await server.stop()
})

test('a restart keeps the data, the port and the password, after an orderly stop and after a crash', async () => {
  const dataDirectory = place('kept')
  const settings = { work_mem: '7MB' }
  const first = await startServer({ dataDirectory, settings })
  await ask(first.url('postgres'), 'create table kept as select 42 as answer')
  await first.stop()
  expect(statSync(`${dataDirectory}.pgpass`).mode & 0o777).toBe(0o600)

  const second = await startServer({ dataDirectory, settings })
  expect([second.port, second.password, second.adopted]).toEqual([first.port, first.password, false])
  expect(await ask(second.url('postgres'), 'select answer from kept')).toBe(42)
  expect(await ask(second.url('postgres'), 'show work_mem')).toBe('7MB')
  await second.crash()

  const third = await startServer({ dataDirectory, settings })
  expect(third.port).toBe(first.port)
  expect(await ask(third.url('postgres'), 'select answer from kept')).toBe(42)
  await third.stop()

  expect((await refusal(startServer({ dataDirectory, version: 15 }))).code).toBe('version-mismatch')
  expect((await refusal(startServer({ dataDirectory, ephemeral: true }))).code).toBe('invalid-option')
  rmSync(`${dataDirectory}.pgpass`)
  expect((await refusal(startServer({ dataDirectory }))).code).toBe('password-unknown')
})

test('a server left behind by a killed process is adopted, with its port and its password', async () => {
  const dataDirectory = place('left')
  const child = elsewhere({ dataDirectory }, 'setInterval(() => {}, 1000)')
  const [pid, port] = await firstLine(child)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isAlive(pid)).toBe(true)

  expect((await refusal(startServer({ dataDirectory, port: port === 40_000 ? 40_001 : 40_000 }))).code).toBe(
    'already-running',
  )
  const [one, other] = await Promise.all([startServer({ dataDirectory }), startServer({ dataDirectory })])
  expect([one.adopted, one.pid, one.port, other.pid]).toEqual([true, pid, port, pid])
  expect(await ask(one.url('postgres'), 'select 1')).toBe(1)
  await one.stop()
  expect(isAlive(pid)).toBe(false)
  expect(await stopServerIn(dataDirectory)).toBe(false)
})

test('a server that ends with its process ends with one that is killed, or by the next start when its guard was killed too', async () => {
  const dataDirectory = place('guarded')
  const options = { dataDirectory, endsWithProcess: true }
  // Without /proc the test cannot find the guard to kill it.
  for (const isGuarded of process.platform === 'linux' ? [true, false] : [true]) {
    const child = elsewhere(options, 'setInterval(() => {}, 1000)')
    const [pid] = await firstLine(child)
    // Sound because it was spawned.
    const guards = processesOf(child.pid!).filter((each) => ![child.pid, pid].includes(each))
    if (!isGuarded) for (const each of guards) process.kill(each, 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'exit')
    if (isGuarded) while (isAlive(pid)) await setTimeout(10)
    else expect(isAlive(pid)).toBe(true)

    const server = await startServer(options)
    expect([server.replaced, server.adopted, server.pid === pid, isAlive(pid)]).toEqual([
      !isGuarded,
      false,
      false,
      false,
    ])
    await server.stop()
  }
})

test('stop leaves no process and no ephemeral file, and may be called again', async () => {
  const dataDirectory = place('ended')
  const server = await startServer({ dataDirectory, ephemeral: true })
  const client = new pg.Client({ connectionString: server.url('postgres') })
  client.on('error', () => undefined)
  await client.connect()
  const processes = processesOf(server.pid)
  await Promise.all([server.stop(), server.stop()])
  await server.stop('immediate')
  expect(processes.filter(isAlive)).toEqual([])
  expect([existsSync(dataDirectory), existsSync(`${dataDirectory}.pgpass`)]).toEqual([false, false])
})

test('a process that exits without a stop takes its ephemeral server along', async () => {
  const dataDirectory = place('exit')
  const child = elsewhere({ dataDirectory, ephemeral: true }, 'process.exit(0)')
  const [[pid]] = await Promise.all([firstLine(child), once(child, 'exit')])
  expect([isAlive(pid), existsSync(dataDirectory)]).toEqual([false, false])
})

test('a data directory wanted in a private folder works, also for root, whose server runs as another account', async () => {
  const isPrivate = mkdtempSync(join(tmpdir(), 'embedded-postgres-private-'))
  homes.add(isPrivate)
  chmodSync(isPrivate, 0o700)
  const wanted = join(isPrivate, 'data')
  const dataDirectory = place('data', isPrivate)
  const isRoot = process.getuid?.() === 0
  expect(dataDirectory === wanted).toBe(!isRoot)
  expect(serverHome(wanted)).toBe(dataDirectory)
  if (isRoot) expect((await refusal(startServer({ dataDirectory: wanted }))).code).toBe('folder-unreachable')

  const server = await startServer({ dataDirectory, ephemeral: true })
  expect(await ask(server.url('postgres'), 'select 1')).toBe(1)
  expect(statSync(dataDirectory).uid === 0).toBe(false)
  await server.stop()
})

test('a taken port is said so, and one that was chosen is replaced', async () => {
  const dataDirectory = place('port')
  const first = await startServer({ dataDirectory })
  await first.stop()
  const squatter = createServer()
  squatter.listen(first.port, '127.0.0.1')
  await once(squatter, 'listening')
  let second: EmbeddedServer | null = null
  try {
    const error = await refusal(startServer({ dataDirectory, port: first.port }))
    expect(error.code).toBe('port-taken')
    expect(error.message).toBe(`Port ${first.port} of 127.0.0.1 is taken by another program, or not allowed.`)
    second = await startServer({ dataDirectory })
    expect(second.port).not.toBe(first.port)
  } finally {
    squatter.close()
    await second?.stop()
  }
})

test('a stale pid file does not hinder a start, and its process is never touched', async () => {
  const dataDirectory = place('stale')
  const first = await startServer({ dataDirectory })
  await first.stop()
  // A running process of our account that is not PostgreSQL.
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await once(bystander, 'spawn')
  const stale = `${bystander.pid}\n${dataDirectory}\n1700000000\n${first.port}\n\n127.0.0.1\n\nready   \n`
  writeFileSync(join(dataDirectory, 'postmaster.pid'), stale)
  expect(await stopServerIn(dataDirectory)).toBe(false)
  const second = await startServer({ dataDirectory })
  expect(second.adopted).toBe(false)
  await second.stop()
  expect(bystander.exitCode ?? bystander.signalCode).toBe(null)
  bystander.kill()
})

test('a start that fails says what the server said, and what it said before stays in the log', async () => {
  const dataDirectory = place('failed')
  const server = await startServer({ dataDirectory })
  await expect(ask(server.url('postgres'), "select 'sentinel-value'::int")).rejects.toThrow()
  await server.stop()
  expect(readFileSync(join(dataDirectory, 'server.log'), 'utf8')).toContain('sentinel-value')
  const error = await refusal(startServer({ dataDirectory, settings: { shared_buffers: 'many' } }))
  expect(error.code).toBe('start-failed')
  expect(error.message).toContain('invalid value for parameter "shared_buffers": "many"')
  expect(error.message).not.toContain('sentinel-value')
})

test('a directory that was not made here is left alone', async () => {
  const dataDirectory = place('foreign')
  mkdirSync(dirname(dataDirectory), { recursive: true })
  mkdirSync(dataDirectory)
  writeFileSync(join(dataDirectory, 'letter.txt'), 'dear all')
  expect((await refusal(startServer({ dataDirectory, ephemeral: true }))).code).toBe('folder-foreign')
  expect((await refusal(stopServerIn(dataDirectory))).code).toBe('folder-foreign')
  expect(readFileSync(join(dataDirectory, 'letter.txt'), 'utf8')).toBe('dear all')
  used.delete(dataDirectory)
})
