/** What is no Metabase, refuses us, breaks off, or belongs to somebody else: each a clear error, and nothing is touched. */
import { createServer, type RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ERRORS, VitrineError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import { metabaseSettings } from '../../src/cli/metabase-settings.ts'
import { Metabase } from '../../src/metabase/client.ts'
import { planMetabase } from '../../src/metabase/metabase-apply.ts'
import { probeMetabase, setUp } from '../../src/metabase/metabase-server.ts'
import { wantedFrom } from '../../src/metabase/wanted.ts'
import { ADMIN, QUICK, shown } from './metabase-shop.ts'
import { NAMES } from './shop-dashboards.ts'
import { type Fault, StandIn } from './stand-in.ts'

const publication = shown({ writer: 'w', reader: 'r' })
const admin = { email: ADMIN.email, password: new Secret(ADMIN.password) }
const source = { host: '127.0.0.1', port: 1, database: 'd', user: 'r', password: new Secret('p'), sslMode: 'prefer' }
const wanted = wantedFrom(publication, { ...source, sslRootCert: null })
const limits = { ...publication.limits, ...QUICK, metabaseAnswerBytes: 1024 * 1024 }

let standIn: StandIn
beforeEach(async () => {
  timeout = QUICK.metabaseTimeoutMs
  standIn = await StandIn.start()
})
afterEach(() => standIn.stop())

/** A server that hangs is waited for no longer than this; all else answers. */
const HANGS_MS = 300
let timeout: number = QUICK.metabaseTimeoutMs

const client = (key: string | null = null, url = standIn.url): Metabase =>
  new Metabase({
    url,
    login: key === null ? null : { header: 'X-API-KEY', value: new Secret(key) },
    limits: { ...limits, metabaseTimeoutMs: timeout },
    signal: new AbortController().signal,
  })

async function setUpOnce(): Promise<string> {
  const metabase = client()
  const wish = { publication, admin, siteUrl: standIn.url, newKey: false }
  return (await setUp(metabase, await probeMetabase(metabase), wish)).reveal()
}

/** A server on this machine, while `work` talks to it. */
async function serving(answer: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number } // sound because it listens at a port.
  await work(`http://127.0.0.1:${port}`)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** The code that it fails with, and how often Metabase was asked. */
async function failure(work: () => Promise<unknown>): Promise<string> {
  const error = await work().then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof VitrineError)) return `${error}`
  for (const secret of [ADMIN.password, ...standIn.keys.map((key) => String(key['unmasked_key']))])
    expect(JSON.stringify([error.message, error])).not.toContain(secret)
  return error.code
}

describe('what answers', () => {
  test.each([
    ['a web site', 200, 'text/html', '<!doctype html><p>Hello</p>', 'METABASE_ELSEWHERE'],
    ['another API', 200, 'application/json', '{"version":"1"}', 'METABASE_ELSEWHERE'],
    ['a list', 200, 'application/json', '[]', 'METABASE_ELSEWHERE'],
    ['a page that is not there', 404, 'text/plain', 'Not found', 'METABASE_ELSEWHERE'],
    ['a proxy that asks for a login', 401, 'text/plain', 'Who are you?', 'METABASE_ELSEWHERE'],
    ['a redirection', 301, 'text/plain', '', 'METABASE_ELSEWHERE'],
    ['a page of maintenance', 503, 'text/html', '<html>Soon</html>', 'METABASE_BUSY'],
    ['an overloaded server', 429, 'text/plain', '', 'METABASE_BUSY'],
    ['half an answer', 200, 'application/json', '{"version":{"tag"', 'METABASE_UNREACHABLE'],
    ['0.57', 200, 'application/json', '{"version":{"tag":"v0.57.2"},"setup-token":null}', 'METABASE_TOO_OLD'],
  ])('%s', async (_, status, type, text, code) => {
    await serving(
      (_request, response) => response.writeHead(status, { 'content-type': type }).end(text),
      async (url) => expect(await failure(() => probeMetabase(client(null, url)))).toBe(code),
    )
  })

  test('a redirection to another server, which never sees the key', async () => {
    let asked = 0
    await serving(
      (_request, response) => response.writeHead(200).end(`${++asked}`),
      async (elsewhere) =>
        serving(
          (_request, response) => response.writeHead(307, { location: elsewhere }).end(),
          async (url) => expect(await failure(() => probeMetabase(client('mb_key=', url)))).toBe('METABASE_ELSEWHERE'),
        ),
    )
    expect(asked).toBe(0)
  })

  test.each(['Wed, 21 Oct 2099 07:28:00 GMT', '-5', 'soon', ''])('429 with Retry-After «%s»', async (after) => {
    let asked = 0
    await serving(
      (_request, response) => {
        asked++
        response.writeHead(429, { 'retry-after': after }).end()
      },
      async (url) => expect(await failure(() => probeMetabase(client(null, url)))).toBe('METABASE_BUSY'),
    )
    expect(asked).toBe(limits.metabaseTries)
  })

  test('a letter at a time, without end', async () => {
    timeout = HANGS_MS
    await serving(
      (_request, response) => {
        const timer = setInterval(() => response.write(' '), 10)
        response.on('close', () => clearInterval(timer))
      },
      async (url) => expect(await failure(() => probeMetabase(client(null, url)))).toBe('METABASE_UNREACHABLE'),
    )
  })

  const FACTS = '{"version":{"tag":"v0.65.4"},"setup-token":null}'

  test('more than can be held, packed into little', async () => {
    let asked = 0
    const packed = gzipSync(FACTS.replace('v0.65.4', ' '.repeat(limits.metabaseAnswerBytes)))
    expect(packed.length).toBeLessThan(limits.metabaseAnswerBytes / 10)
    await serving(
      (_request, response) => {
        asked++
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(packed)
      },
      async (url) => expect(await failure(() => client(null, url).get('/card'))).toBe('METABASE_STRANGE'),
    )
    expect(asked).toBe(1)
  })

  test('a Metabase below a path, that packs its answers', async () => {
    await serving(
      (request, response) => {
        if (request.url !== '/data/metabase/api/session/properties') return response.writeHead(404).end()
        return response
          .writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json;charset=utf-8' })
          .end(gzipSync(FACTS))
      },
      async (url) => {
        const settings = metabaseSettings(
          (name) => (name === 'METABASE_URL' ? `${url}/data/metabase//` : null),
          'required',
        )
        expect((await probeMetabase(client(null, settings?.url))).tag).toBe('v0.65.4')
      },
    )
  })

  test('nothing', async () => {
    expect(await failure(() => probeMetabase(client(null, 'http://127.0.0.1:1')))).toBe('METABASE_UNREACHABLE')
  })

  test.each([
    ['v0.58.15', null],
    ['v1.65.4', null],
    ['v0.66.0', 'Metabase is 0.66; this version of the tool knows 0.58 to 0.65.'],
    ['vUNKNOWN', 'Metabase does not say its version; this version of the tool knows 0.58 to 0.65.'],
  ])('the version %s', async (tag, unknown) => {
    standIn.tag = tag
    expect((await probeMetabase(client())).unknown).toBe(unknown)
  })
})

describe('a login', () => {
  test('by a wrong key, or one without rights', async () => {
    await setUpOnce()
    expect(await failure(() => planMetabase(client('mb_wrong='), wanted, []))).toBe('METABASE_KEY_REFUSED')
    expect(await failure(() => planMetabase(client(standIn.weakKey()), wanted, []))).toBe('METABASE_FORBIDDEN')
  })

  test('to a Metabase that somebody else has set up', async () => {
    await setUpOnce()
    const server = await probeMetabase(client())
    const wish = { publication, siteUrl: '', newKey: false }
    expect(await failure(() => setUp(client(), server, { ...wish, admin: null }))).toBe('METABASE_NOT_BLANK')
    const other = { email: 'x@example.org', password: new Secret('wrong') }
    expect(await failure(() => setUp(client(), server, { ...wish, admin: other }))).toBe('METABASE_KEY_REFUSED')
  })
})

test('a set-up that broke off after the first administrator is done again', async () => {
  standIn.fail('drop', /^GET \/api-key$/, Number.POSITIVE_INFINITY)
  expect(await failure(setUpOnce)).toBe('METABASE_UNREACHABLE')
  standIn.fail('drop', /^never/)
  const key = await setUpOnce()
  expect([standIn.users.length, standIn.keys.map((made) => made['unmasked_key'])]).toEqual([1, [key]])
})

describe('an answer that is lost', () => {
  const FAULTS: readonly Fault[] = ['drop', 'drop afterwards', 'cut', 'busy', 'page', 'maintenance', 'hang']
  const STEPS = ['POST /setup', 'PUT /setting/site-url', 'GET /api-key', 'POST /api-key']

  test.each(STEPS.flatMap((step) => FAULTS.map((fault) => [fault, step] as const)))(
    '%s at %s: once it is survived, and nothing is made twice; for ever it is an error that says so',
    async (fault, step) => {
      if (fault === 'hang') timeout = HANGS_MS
      standIn.fail(fault, new RegExp(`^${step}$`))
      const key = await setUpOnce()
      expect([standIn.users.length, standIn.keys.map((made) => made['unmasked_key'])]).toEqual([1, [key]])
    },
  )

  test.each(FAULTS)('%s for ever is an error that is worth another try', async (fault) => {
    const key = await setUpOnce()
    if (fault === 'hang') timeout = HANGS_MS
    standIn.fail(fault, /^GET \/database$/, Number.POSITIVE_INFINITY)
    const code = await failure(() => planMetabase(client(key), wanted, []))
    const expected = { busy: 'METABASE_BUSY', maintenance: 'METABASE_BUSY', page: 'METABASE_ELSEWHERE' }
    expect(code).toBe(expected[fault as 'busy'] ?? 'METABASE_UNREACHABLE')
    expect(ERRORS[code as 'METABASE_BUSY'].retry).toBe(fault !== 'page')
    expect(standIn.requests.filter(({ path }) => path === '/database').length).toBe(limits.metabaseTries)
  })
})

describe('what has our name', () => {
  const ours = { host: '127.0.0.1', port: 1, dbname: 'd', user: 'r', 'schema-filters-patterns': 'shop' }

  test.each([
    ['another database', { dbname: 'e' }],
    ['another server', { host: 'db.example.org' }],
    ['another role', { user: 'postgres' }],
    ['another schema, of another installation', { 'schema-filters-patterns': 'shop_test' }],
  ])('and leads to %s is refused, whatever was recorded', async (_, other) => {
    const key = await setUpOnce()
    const id = await standIn.addDatabase(NAMES.source, { ...ours, ...other })
    const before = standIn.requests.length
    expect(await failure(() => planMetabase(client(key), wanted, []))).toBe('METABASE_TAKEN')
    const recorded = [
      { kind: 'source', key: NAMES.source, id: String(id), attributes: { ...ours, dbname: 'd', name: 'x' } },
    ] as const
    if (!('user' in other) && !('schema-filters-patterns' in other))
      expect(await failure(() => planMetabase(client(key), wanted, recorded))).toBe('METABASE_TAKEN')
    expect(standIn.requests.slice(before).every(({ method }) => method === 'GET')).toBe(true)
  })

  test('a group that has rights elsewhere is refused; the right of a stranger on ours as a map is read', async () => {
    const key = await setUpOnce()
    standIn.groups.push({ id: 99, name: NAMES.team })
    await standIn.addDatabase('Accounts', { ...ours, dbname: 'accounts' })
    await standIn.addDatabase(NAMES.source, ours)
    standIn.right(NAMES.team, 'Accounts', 'query-builder')
    standIn.mapped = true
    expect(await failure(() => planMetabase(client(key), wanted, []))).toBe('METABASE_TAKEN')
    standIn.right(NAMES.team, 'Accounts', 'no')
    const { changes } = await planMetabase(client(key), wanted, [])
    expect(changes.map(({ kind, key: name, action }) => `${action} ${kind} ${name}`)).toContain(
      'change rights everyone',
    )
  })
})
