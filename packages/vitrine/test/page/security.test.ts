/** Who may see the page, and what each answer of it carries: asked as browsers, proxies and attackers would. */
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import { pageSettings } from '../../src/cli/page-settings.ts'
import type { Access } from '../../src/page/access.ts'
import { listenForPages } from '../../src/page/listen.ts'
import { passwordHash } from '../../src/page/password.ts'
import { runsPlace } from '../../src/page/runs-place.ts'
import { shop } from '../publication/shop.ts'
import { askedPage, MovedClock, pageApp, posted } from './asked-page.ts'

const publication = shop({ writer: 'writer', reader: 'reader' })
const READER = 'a password of readers'
const OPERATOR = 'a password of operators'
const passwords: Access = {
  kind: 'passwords',
  passwords: { reader: new Secret(READER), operator: new Secret(OPERATOR) },
}
const beyond = { origin: null, onLoopback: false, trustsProxy: false, framedBy: [] }
const started: string[] = []
const actions = {
  sync: async () => void started.push('sync'),
  rollback: () => Promise.reject(new VitrineError('RUN_IN_PROGRESS')),
}

const cookieOf = (answer: Response): string => (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
const tokenIn = (text: string): string => /name="token" value="([^"]+)"/.exec(text)?.[1] ?? ''

describe('every answer', () => {
  const page = askedPage(publication)

  test.each(['/dashboards', '/nothing', '/assets/nothing.css', '/login', '/dashboards/%00'])(
    '%s carries the headers',
    async (path) => {
      const { headers } = await page.ask(path)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers.get('permissions-policy')).toContain('camera=()')
      expect(headers.get('strict-transport-security')).toBeNull()
    },
  )

  test('says nothing that a script or a style in the page would need', async () => {
    const text = await page.text('/dashboards')
    expect(text).not.toMatch(/\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/i)
  })

  test('is for the names of this machine, whoever makes another name lead here', async () => {
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example:4000',
      '',
      'evil.example:4000',
    ])
      expect([host, (await page.ask('/dashboards', { host })).status]).toEqual([host, 421])
    expect((await page.ask('/dashboards', { host: 'evil.example' })).headers.get('x-content-type-options')).toBe(
      'nosniff',
    )
    for (const host of ['localhost', '127.0.0.1:4000', '[::1]:4000', 'LOCALHOST:1'])
      expect([host, (await page.ask('/dashboards', { host })).status]).toEqual([host, 200])
  })

  test('comes only so often to one caller', async () => {
    const clock = new MovedClock()
    const limited = askedPage(publication, { clock })
    let last = 200
    for (let count = 0; count < 700 && last !== 429; count++) last = (await limited.ask('/language/fr')).status
    expect(last).toBe(429)
    clock.at += 60_000
    expect((await limited.ask('/dashboards')).status).toBe(200)
  })
})

test('whoever asks for the head of a run that goes keeps nobody from following it', async () => {
  const live = askedPage(publication, { places: [runsPlace] })
  for (let count = 0; count < 110; count++) await live.ask('/runs/current/events', { method: 'HEAD' })
  const followed = await live.ask('/runs/current/events')
  expect(followed.status).toBe(200)
  await followed.body?.cancel()
})

describe('a page with passwords', () => {
  const page = askedPage(publication, { access: passwords, reach: beyond, actions })
  const logIn = (password: string, headers = {}) => page.ask('/login', posted({ password, to: '/dashboards' }, headers))

  test('shows nothing before the login, and comes back to where one was going', async () => {
    const answer = await page.ask('/dashboards/sales?size=1')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login?to=%2Fdashboards%2Fsales%3Fsize%3D1'])
    for (const path of ['/dictionary', '/runs', '/edition', '/']) expect((await page.ask(path)).status).toBe(303)
  })

  test('keeps its session as OWASP asks: random, of its own, out of the reach of scripts', async () => {
    const [one, other] = [await logIn(READER), await logIn(READER)]
    expect(one.status).toBe(303)
    const cookie = one.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^vitrine=[\w-]{43};/)
    expect(cookie).toContain('HttpOnly')
    expect(cookie).toContain('SameSite=Lax')
    expect(cookieOf(one)).not.toBe(cookieOf(other))
    // What somebody else has put there is no session, and a login does not take it over.
    const fixed = await logIn(READER, { cookie: 'vitrine=chosen-by-somebody-else' })
    expect(cookieOf(fixed)).not.toContain('chosen')
    expect((await page.ask('/dashboards', { headers: { cookie: 'vitrine=chosen-by-somebody-else' } })).status).toBe(303)
  })

  test('a login ends the session that the browser had', async () => {
    const before = cookieOf(await logIn(READER))
    await logIn(READER, { cookie: before })
    expect((await page.ask('/dashboards', { headers: { cookie: before } })).status).toBe(303)
  })

  test('ends a session after an hour without a page, and after twelve at most', async () => {
    const clock = new MovedClock()
    const timed = askedPage(publication, { access: passwords, reach: beyond, clock })
    const at = async (cookie: string) => (await timed.ask('/dashboards', { headers: { cookie } })).status
    const idle = cookieOf(await timed.ask('/login', posted({ password: READER })))
    clock.at += 59 * 60_000
    expect(await at(idle)).toBe(200)
    clock.at += 61 * 60_000
    expect(await at(idle)).toBe(303)
    const busy = cookieOf(await timed.ask('/login', posted({ password: READER })))
    for (let minutes = 0; minutes < 12 * 60; minutes += 30) {
      expect(await at(busy)).toBe(200)
      clock.at += 30 * 60_000
    }
    clock.at += 1
    expect(await at(busy)).toBe(303)
  })

  test('says that a session is over, to whoever comes back and to whoever acts', async () => {
    const clock = new MovedClock()
    const timed = askedPage(publication, { access: passwords, reach: beyond, clock, actions })
    const cookie = cookieOf(await timed.ask('/login', posted({ password: OPERATOR })))
    const token = tokenIn(await timed.text('/dashboards', { headers: { cookie } }))
    clock.at += 61 * 60_000
    expect(await timed.text('/dashboards', { headers: { cookie } })).toContain('The session is over: log in again.')
    expect(await timed.text('/login')).not.toContain('The session is over')
    started.length = 0
    const acted = await timed.ask('/actions/sync', posted({ token }, { cookie }))
    expect([acted.status, await acted.text(), started]).toEqual([
      403,
      expect.stringContaining('Nothing was started'),
      [],
    ])
  })

  test('knows a password by its hash too, and refuses another', async () => {
    const hashed = new Secret(await passwordHash(READER))
    const other = askedPage(publication, {
      access: { kind: 'passwords', passwords: { reader: hashed } },
      reach: beyond,
    })
    expect((await other.ask('/login', posted({ password: READER }))).status).toBe(303)
    const refused = await other.ask('/login', posted({ password: 'another password' }))
    expect(refused.status).toBe(403)
    expect(await refused.text()).not.toContain('another password')
    expect((await other.ask('/login', posted({ password: hashed.reveal() }))).status).toBe(403)
  })

  test('lets nobody guess: eight tries, then one in ten seconds', async () => {
    const clock = new MovedClock()
    const other = askedPage(publication, { access: passwords, reach: beyond, clock })
    const statuses: number[] = []
    for (let count = 0; count < 10; count++)
      statuses.push((await other.ask('/login', posted({ password: `${count}` }))).status)
    expect(statuses).toEqual([...Array.from({ length: 8 }, () => 403), 429, 429])
    expect((await other.ask('/login', posted({ password: READER }))).status).toBe(429)
    clock.at += 10_000
    expect((await other.ask('/login', posted({ password: READER }))).status).toBe(303)
  })

  test('leads to no other site after the login', async () => {
    for (const to of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      '/a\r\nset-cookie: a=b',
      'x',
    ]) {
      const answer = await page.ask(`/language/fr?to=${encodeURIComponent(to)}`)
      expect([to, answer.headers.get('location')]).toEqual([to, '/dashboards'])
    }
  })

  test('lets an operator act, from a page of ours, with the token of that session alone', async () => {
    started.length = 0
    const clocked = askedPage(publication, { access: passwords, reach: beyond, actions })
    const session = async (password: string) => {
      const cookie = cookieOf(await clocked.ask('/login', posted({ password })))
      return { cookie, token: tokenIn(await clocked.text('/dashboards', { headers: { cookie } })) }
    }
    const [operator, second, reader] = [await session(OPERATOR), await session(OPERATOR), await session(READER)]
    const act = async (cookie: string, token: string, headers = {}) =>
      (await clocked.ask('/actions/sync', posted({ token }, { cookie, ...headers }))).status
    expect(await act(operator.cookie, second.token)).toBe(403)
    expect(await act(operator.cookie, '')).toBe(403)
    expect(await act(operator.cookie, operator.token, { origin: 'https://evil.example' })).toBe(403)
    expect(await act(operator.cookie, operator.token, { origin: 'null' })).toBe(403)
    expect(await act(operator.cookie, operator.token, { origin: 'http://localhost:4001' })).toBe(403)
    expect(await act(reader.cookie, reader.token)).toBe(403)
    expect(await act('', operator.token)).toBe(403)
    expect(started).toEqual([])
    // No two pages hold the same signs, or the size of a compressed one would tell them.
    const again = tokenIn(await clocked.text('/dashboards', { headers: { cookie: operator.cookie } }))
    expect(again).not.toBe(operator.token)
    expect(await act(operator.cookie, again)).toBe(303)
    started.length = 0
    expect(await act(operator.cookie, operator.token)).toBe(303)
    expect(started).toEqual(['sync'])
    const { status } = await clocked.ask(
      '/actions/rollback',
      posted({ token: operator.token }, { cookie: operator.cookie }),
    )
    expect(status).toBe(409)
    // Who leaves is gone, and the token with the session.
    await clocked.ask('/logout', posted({ token: operator.token }, { cookie: operator.cookie }))
    expect(await act(operator.cookie, operator.token)).toBe(403)
  })

  test('takes no body beyond a form', async () => {
    const answer = await page.ask('/login', posted({ password: 'x'.repeat(20_000) }))
    expect(answer.status).toBe(413)
    const broken = { 'content-type': 'multipart/form-data; boundary=x', origin: 'http://localhost:4000' }
    for (const body of ['--x\r\nbroken', '', '--x--'])
      expect((await page.ask('/login', { method: 'POST', headers: broken, body })).status).toBe(403)
  })
})

test('callers who send half a request keep nobody out, and no more of them are kept than there is room for', async () => {
  const listening = await listenForPages({ host: '127.0.0.1', port: 0 }, pageApp(publication))
  const { port } = new URL(listening.url)
  const half = Array.from({ length: 600 }, () => {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined)
    socket.write('GET /dashboards HTTP/1.1\r\nHost: localhost\r\nX-a: ')
    return socket
  })
  await expect.poll(() => half.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(0)
  expect((await fetch(`${listening.url}/login`, { redirect: 'manual' })).status).toBe(303)
  for (const socket of half) socket.destroy()
  await listening.close()
})

describe('behind a proxy', () => {
  const reach = { ...beyond, origin: 'https://data.example.org' }
  const access: Access = { kind: 'proxy', header: 'X-Remote-User', operators: ['ada'] }

  test('the visitor is whom the proxy names, and nobody without', async () => {
    const page = askedPage(publication, { access, reach, actions, prefix: '/vitrine' })
    const as = (user: string) => ({ host: 'data.example.org', headers: { 'x-remote-user': user } })
    expect((await page.ask('/vitrine/dashboards', { host: 'data.example.org' })).status).toBe(403)
    expect(await page.text('/vitrine/dashboards', as('bob'))).toContain('data-role="reader"')
    const text = await page.text('/vitrine/dashboards', as('ada'))
    expect(text).toContain('data-role="operator"')
    expect(
      [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)]
        .map(([, path]) => path)
        .filter((path) => !/^(?:\/vitrine\/|#|data:)/.test(path ?? '')),
    ).toEqual([])
    expect((await page.ask('/dashboards', as('ada'))).status).toBe(404)
    expect((await page.ask('/vitrine/dashboards', { ...as('ada'), host: 'evil.example' })).status).toBe(421)
  })

  test('https is kept by the browser, and cookies have the name that forbids another', async () => {
    const page = askedPage(publication, { access: passwords, reach })
    const answer = await page.ask('/login', {
      ...posted({ password: READER }, { origin: reach.origin }),
      host: 'data.example.org',
    })
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-vitrine=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$|^__Host-vitrine=/,
    )
    expect(answer.headers.get('set-cookie')).toContain('Secure')
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
  })

  test('what it forwards is believed only when that was said', async () => {
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'data.example.org',
      'x-forwarded-for': '203.0.113.9',
    }
    const secure = async (trustsProxy: boolean) => {
      const page = askedPage(publication, { access: passwords, reach: { ...beyond, trustsProxy } })
      const answer = await page.ask('/login', { headers: forwarded, host: 'inside:8080' })
      return answer.headers.get('strict-transport-security') !== null
    }
    expect([await secure(true), await secure(false)]).toEqual([true, false])
  })
})

describe('settings', () => {
  const none = { host: null, port: null, prefix: null, language: null }
  const given = (variables: Readonly<Record<string, string>>, wish = {}) =>
    pageSettings((name) => variables[name] ?? null, { ...none, ...wish })
  const refusal = (variables: Readonly<Record<string, string>>, wish = {}) => {
    try {
      given(variables, wish)
      return null
    } catch (error) {
      return error instanceof VitrineError
        ? [error.code, ...error.problems.map(({ place }) => place)].join(' ')
        : 'thrown'
    }
  }

  test('are those of this machine when nothing is said', () => {
    expect(given({})).toMatchObject({
      address: { host: '127.0.0.1', port: 4000 },
      access: { kind: 'open' },
      prefix: '',
    })
  })

  test.each([
    [{}, { host: '0.0.0.0' }],
    [{}, { host: '::' }],
    [{}, { host: '192.0.2.1' }],
    [{}, { host: 'data.example.org' }],
    [{}, { host: '127.0.0.1.example.org' }],
    [{ VITRINE_PAGE_URL: 'https://data.example.org' }, {}],
    [{ VITRINE_PAGE_TRUST_PROXY: 'yes' }, {}],
  ])('refuse to be open beyond it: %j %j', (variables, wish) => {
    expect(refusal(variables, wish)).toBe('PAGE_OPEN')
    expect(refusal({ ...variables, VITRINE_PAGE_PASSWORD: READER }, wish)).toBeNull()
    expect(refusal({ ...variables, VITRINE_PAGE_USER_HEADER: 'X-Remote-User' }, wish)).toBeNull()
  })

  test.each([
    ['VITRINE_PAGE_PASSWORD', 'short'],
    ['VITRINE_PAGE_PASSWORD', 'scrypt:not:a-hash'],
    ['VITRINE_PAGE_URL', 'ftp://data.example.org'],
    ['VITRINE_PAGE_URL', 'https://user:password@data.example.org'],
    ['VITRINE_PAGE_TRUST_PROXY', 'maybe'],
    ['VITRINE_PAGE_FRAMED_BY', "'self'; script-src *"],
    ['VITRINE_PAGE_OPERATORS', 'ada'],
    ['VITRINE_PAGE_USER_HEADER', 'X Remote'],
  ])('name what is wrong: %s=%s', (name, value) => {
    expect(refusal({ [name]: value })).toBe(`SETTINGS_INVALID ${name}`)
  })

  test.each([
    [{ port: '70000' }, '--port'],
    [{ port: 'x' }, '--port'],
    [{ prefix: 'x/..' }, '--prefix'],
    [{ prefix: '/../x' }, '--prefix'],
    [{ language: 'de' }, '--language'],
    [{ host: 'a b' }, '--host'],
  ])('and of the command line: %j', (wish, place) => {
    expect(refusal({}, wish)).toBe(`SETTINGS_INVALID ${place}`)
  })

  test('take a proxy, or passwords, not both; and two passwords that differ', () => {
    expect(refusal({ VITRINE_PAGE_USER_HEADER: 'X-User', VITRINE_PAGE_PASSWORD: READER })).toContain(
      'VITRINE_PAGE_USER_HEADER',
    )
    expect(refusal({ VITRINE_PAGE_PASSWORD: READER, VITRINE_PAGE_OPERATOR_PASSWORD: READER })).toContain(
      'OPERATOR_PASSWORD',
    )
  })
})

describe('language', () => {
  const page = askedPage(publication)
  const spoken = async (headers: Readonly<Record<string, string>>, from = page) =>
    /<html lang="(\w+)"/.exec(await from.text('/dashboards', { headers }))?.[1]

  test.each([
    ['fr-FR,fr;q=0.9,en;q=0.8', 'fr'],
    ['de, en;q=0.5, fr;q=0.9', 'fr'],
    ['en-US', 'en'],
    ['de', 'en'],
    ['fr;q=0, en', 'en'],
    [',;q=x,', 'en'],
    ['', 'en'],
  ])('%s is answered in %s', async (asked, language) => {
    expect(await spoken({ 'accept-language': asked })).toBe(language)
  })

  test('what the visitor chose comes first, then what the page was told', async () => {
    const cookie = cookieOf(await page.ask('/language/fr?to=/dashboards'))
    expect(await spoken({ cookie, 'accept-language': 'en' })).toBe('fr')
    expect(await spoken({ 'accept-language': 'en' }, askedPage(publication, { language: 'fr' }))).toBe('fr')
  })
})

test('a theme stands after our style, and above and below each page', async () => {
  const theme = { css: ':root{--v-accent:#000091}', header: '<p id="above">Team</p>', footer: '<p id="below">End</p>' }
  const page = askedPage(publication, { theme })
  const text = await page.text('/dashboards')
  expect(text).toMatch(/<p id="above">Team<\/p><header[\s\S]*<\/main>\s*<p id="below">End<\/p>/)
  const style = await page.ask(/href="(\/assets\/style[^"]+)"/.exec(text)?.[1] ?? '')
  expect(style.headers.get('cache-control')).toContain('immutable')
  expect((await style.text()).trimEnd()).toMatch(/--v-accent:#000091}$/)
})
