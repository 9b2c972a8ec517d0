/** `npm start -- --metabase`: as a program, from a blank Metabase to its dashboards, and what it refuses before it starts. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverHome } from '@vitrine/embedded-postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StandIn } from '../../../packages/vitrine/test/metabase/stand-in.ts'
import publication from '../../publication/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'impact-metabase-'))
const homes = ['operationnelle', 'metabase-data'].map((name) => serverHome(join(folder, name)))
const keyFile = join(folder, 'metabase.env')
const program = join(import.meta.dirname, '../../dist/cli/start.js')
let metabase: StandIn

beforeAll(async () => {
  metabase = await StandIn.start()
  metabase.syncLag = 0
})
afterAll(async () => {
  await metabase.stop()
  for (const path of [folder, ...homes]) rmSync(path, { recursive: true, force: true })
  for (const home of homes) for (const end of ['.pgpass', '.roles.json']) rmSync(`${home}${end}`, { force: true })
})

/** Runs it to its end; interrupts it once it has said `until`. */
async function start(line: string, { until = null as string | null, environment = {} } = {}) {
  const { PATH, HOME } = process.env
  const argv = [program, '--data', folder, ...line.split(' ')]
  const child = spawn(process.execPath, argv, { cwd: folder, env: { PATH, HOME, ...environment } })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      written[name] += chunk
      if (until !== null && written[name].includes(until)) child.kill('SIGINT')
    })
  }
  const status = await new Promise((resolve) => child.once('close', resolve))
  for (const key of metabase.keys) expect(written.stdout + written.stderr).not.toContain(key['unmasked_key'])
  for (const user of metabase.users) expect(written.stdout + written.stderr).not.toContain(user['password'])
  return { status, ...written }
}
const kept = () =>
  Object.fromEntries(
    readFileSync(keyFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/, 2)),
  )
const nothingStarted = () => homes.every((home) => !existsSync(home))

describe.sequential('npm start -- --metabase', () => {
  test('refuses what is no Metabase, what is far away and what is closed, before anything is started', async () => {
    const page = createServer((_request, response) => response.end('<html>Welcome</html>'))
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    const { port } = page.address() as { readonly port: number } // sound because it listens by TCP.
    const other = await start(`--metabase http://127.0.0.1:${port}`)
    page.close()
    expect([other.status, other.stderr]).toEqual([4, expect.stringContaining('METABASE_ELSEWHERE')])

    const remote = metabase.url.replace('127.0.0.1', '0.0.0.0')
    const far = await start(`--metabase ${remote}`)
    expect([far.status, far.stderr]).toEqual([2, expect.stringContaining('listen on 127.0.0.1 alone')])

    const url = 'postgresql://metabase@127.0.0.1:1/x'
    const environment = { DATABASE_URL: url.replace('/x', '/y'), METABASE_DATABASE_URL: url }
    const blind = await start(`--metabase ${metabase.url} --key-file own.env`, { environment })
    expect([blind.status, blind.stderr]).toEqual([2, expect.stringContaining('--data')])

    const theirs = await StandIn.start()
    const properties: unknown = await (await fetch(`${theirs.url}/api/session/properties`)).json()
    const { 'setup-token': token } = properties as { readonly 'setup-token': string } // sound because it is blank.
    await fetch(`${theirs.url}/api/setup`, {
      method: 'POST',
      body: JSON.stringify({ token, user: { email: 'x' }, prefs: {} }),
    })
    const closed = await start(`--metabase ${theirs.url}`)
    await theirs.stop()
    expect([closed.status, closed.stderr]).toEqual([6, expect.stringContaining('METABASE_NOT_BLANK')])
    expect(nothingStarted()).toBe(true)
  })

  test('says how a Metabase in a container finds the databases, where it does not', async () => {
    const { status, stderr } = await start(`--size S --once --metabase ${metabase.url} --metabase-sees 127.0.0.2`)
    expect([status, stderr]).toEqual([4, expect.stringContaining('--network=host')])
    expect(stderr).toContain('METABASE_SOURCE_UNREACHABLE')
  })

  test('takes a blank one, half set up or not, to where people log in and see the dashboards', async () => {
    const { status, stdout, stderr } = await start(`--once --metabase ${metabase.url}/`)
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
    expect(stdout).toContain(`Dashboards: ${metabase.url}. Log in as admin@example.org; the password is in ${keyFile}.`)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    const { METABASE_ADMIN_EMAIL: email, METABASE_ADMIN_PASSWORD: password, METABASE_API_KEY: key } = kept()
    expect(metabase.users).toMatchObject([{ email, password }])
    expect(metabase.keys).toMatchObject([{ unmasked_key: key }])
    const titles = metabase.dashboards.map(({ name }) => name)
    expect(titles).toEqual(expect.arrayContaining(publication.dashboards.map(({ title }) => title)))
    expect(metabase.settings.get('site-url')).toBe(metabase.url)
  })

  test('finds it again after --fresh, at the same port, and names it in the file for the other commands', async () => {
    const { METABASE_SOURCE_URL: before } = kept()
    const { status, stdout, stderr } = await start(`--size S --fresh --metabase ${metabase.url}`, {
      until: 'Ctrl-C stops everything.',
    })
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('error ')])
    expect(stdout).toContain(`. '${keyFile}'; set +a`)
    expect(new URL(kept()['METABASE_SOURCE_URL'] ?? '').port).toBe(new URL(before ?? '').port)
    expect(metabase.databases).toHaveLength(1)
    expect(metabase.keys).toHaveLength(1)
  })
})
