/** The promises about Metabase, through its address alone: against the stand-in, or a real one that METABASE_TEST_URL names. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import { EXIT } from '../../src/base/errors.ts'
import type { Dashboard, Publication } from '../../src/index.ts'
import { commandedShop } from '../cli/commanded-shop.ts'
import { shop } from '../publication/shop.ts'
import { LiveMetabase, PATIENT } from './live.ts'
import { dashboardsOf, NAMES } from './shop-dashboards.ts'

/** Tests of its kind stand in `set-up.test.ts`: this one is for a real one, and for `npm run test:all`. */
const WANTED = process.env['METABASE_TEST_URL'] !== undefined || EVERYTHING
let folder: string
let at: Awaited<ReturnType<typeof commandedShop>>
let metabase: LiveMetabase
let key = ''
let collection: { readonly id: number }
const secrets = new Map<string, string>()

/** In a collection of this trial, for its team. */
const boards = (title?: string): readonly Dashboard[] =>
  dashboardsOf(title).map((board) => ({
    ...board,
    collection: {
      ...board.collection,
      name: `Boutique "1" ${metabase.suffix}`,
      access: { [`${NAMES.team} ${metabase.suffix}`]: 'read' },
    },
  }))

async function command(line: string, publication: Publication = at.program.publication) {
  const before = at.program.publication
  at.program.publication = publication
  const login =
    key === '' ? { METABASE_ADMIN_EMAIL: metabase.admin.email, METABASE_ADMIN_PASSWORD: metabase.admin.password } : {}
  const environment = {
    ...at.environment(),
    METABASE_URL: metabase.url,
    ...login,
    ...(key === '' ? {} : { METABASE_API_KEY: key }),
  }
  try {
    return await at.command(`metabase ${line}`, { environment, folder })
  } finally {
    at.program.publication = before
  }
}
async function succeeds(line: string, publication?: Publication): Promise<string> {
  const { status, stdout, stderr } = await command(line, publication)
  expect([line, status, stderr]).toEqual([line, EXIT.ok, stderr])
  return stdout
}
const inStep = 'Metabase is in step: nothing to do.\n'
const board = async () => {
  const [found] = await metabase.items(collection.id, 'dashboard')
  return metabase.ask('GET', `/dashboard/${found?.id}`)
}
const question = async (name: string) => {
  const found = (await metabase.items(collection.id, 'card')).find((each) => each['name'] === name)
  if (found === undefined) throw new Error(`no question ${name}`)
  return found
}
const tiles = async () =>
  ((await board())['dashcards'] as { readonly id: number }[]).map(({ id }) => id).toSorted((a, b) => a - b) // sound because dashboards have them.

describe.runIf(WANTED).sequential('a Metabase', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'metabase-live-'))
    metabase = await LiveMetabase.reach()
    at = await commandedShop((roles) => {
      const plain = shop(roles)
      const { suffix } = metabase
      const limits = { ...plain.limits, ...PATIENT }
      const names = { source: `${NAMES.source} ${suffix}`, team: `${NAMES.team} ${suffix}` }
      return { ...plain, name: `shop-${suffix}`, metabase: names, locale: 'fr-FR', limits, dashboards: boards() }
    })
    for (const line of ['provision', 'migrate', 'sync']) await at.written(line)
  }, 600_000)
  afterAll(async () => {
    await metabase.end()
    rmSync(folder, { recursive: true })
    await at.drop()
  })

  test('is set up, and is in step afterwards', async () => {
    const invited = `ana.${metabase.suffix}@example.org`
    await succeeds(`setup --key-file keys.env --invite ${invited}`)
    for (const line of readFileSync(join(folder, 'keys.env'), 'utf8').trim().split('\n')) {
      const [name = '', value = ''] = line.split(/=(.*)/)
      secrets.set(name, value)
    }
    key = secrets.get('METABASE_API_KEY') ?? ''
    collection = await metabase.named('/collection', `Boutique "1" ${metabase.suffix}`)
    expect(await succeeds('plan')).toBe(inStep)
    expect(await succeeds('apply')).toBe(inStep)
  }, 600_000)

  test('answers every question, to the team too, which writes no SQL and sees nothing else', async () => {
    const email = [...secrets.keys()].find((name) => name.includes('@')) ?? ''
    const session = await metabase.login({ email, password: secrets.get(email) ?? '' })
    const cards = await metabase.items(collection.id, 'card')
    expect(cards).toHaveLength(3)
    for (const { id } of cards) expect((await metabase.rows(id, session)).length).toBeGreaterThan(0)
    const [found] = await metabase.items(collection.id, 'dashboard')
    expect(await metabase.ask('GET', `/dashboard/${found?.id}`, undefined, session)).toMatchObject({
      name: 'Who buys?',
    })
    const { id: database } = await metabase.named('/database', at.program.publication.metabase.source)
    const sql = { database, type: 'native', native: { query: 'select 1' } }
    expect((await metabase.answer('POST', '/dataset', sql, session)).status).toBe(403)
    expect((await metabase.answer('GET', '/api-key', undefined, session)).status).toBe(403)
  }, 600_000)

  test('keeps the numbers of its tiles through a changed definition', async () => {
    const before = await tiles()
    const changed = { ...at.program.publication, dashboards: boards('Who buys now?') }
    expect((await command('plan', changed)).status).toBe(EXIT.different)
    await succeeds('apply', changed)
    expect([(await board())['name'], await tiles()]).toEqual(['Who buys now?', before])
    await succeeds('apply')
    expect(await succeeds('plan')).toBe(inStep)
  }, 600_000)

  test('keeps what people change until --force; pull writes it', async () => {
    const { id } = await question('Customers')
    await metabase.ask('PUT', `/card/${id}`, { name: 'Clients 🛍️', display: 'table' })
    const { id: moved } = await board()
    await metabase.ask('PUT', `/dashboard/${moved}`, { collection_id: null })
    const planned = await command('plan')
    expect([planned.status, planned.stdout]).toEqual([
      EXIT.different,
      expect.stringMatching(/^! question all-customers: .*name, display[\s\S]*^! dashboard buyers: .*collection/m),
    ])
    await succeeds('apply')
    expect(await question('Clients 🛍️')).toMatchObject({ id })
    expect(await succeeds('pull')).toContain('Clients 🛍️')
    await succeeds('apply --force')
    expect(await question('Customers')).toMatchObject({ id })
    expect(await board()).toMatchObject({ id: moved })
    expect(await succeeds('plan')).toBe(inStep)
  }, 600_000)

  test('archives what is declared no longer, and has it again under its old number', async () => {
    const [{ id }, before] = [await question('Customers'), await board()]
    await succeeds('apply', { ...at.program.publication, dashboards: [] })
    expect(await metabase.items(collection.id, 'card')).toEqual([])
    expect(await metabase.ask('GET', `/card/${id}`)).toMatchObject({ archived: true })
    await succeeds('apply')
    expect(await question('Customers')).toMatchObject({ id })
    expect(await board()).toMatchObject({ id: before['id'] })
    expect(await succeeds('plan')).toBe(inStep)
  }, 600_000)

  test('is audited', async () => {
    const { status, stdout } = await command('doctor')
    expect([EXIT.ok, EXIT.privilege]).toContain(status)
    for (const held of [
      'Metabase can log in',
      'Metabase is what the publication says',
      'Only administrators may write SQL',
    ])
      expect(stdout).toMatch(new RegExp(`^✓ ${held}`, 'm'))
    await succeeds('apply', { ...at.program.publication, dashboards: [] })
  }, 600_000)
})
