/** "Synchronise now" and "Roll back" on real runs: who presses while another run goes is told so, and nothing else happens. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { begun } from '../../src/page/actions.ts'
import { buildGate, closeGate, openGate, somebodyWaits } from '../run/gate.ts'
import type { Installation } from '../run/installation.ts'
import { pageOf, placedShop } from './placed-shop.ts'

let shop: Installation
let page: ReturnType<typeof pageOf>
const ends: Promise<unknown>[] = []

beforeAll(async () => {
  shop = await placedShop(60)
  await shop.run()
  const start = (run: (began: () => void) => Promise<unknown>) => () =>
    begun(
      (began) => {
        const going = run(began)
        ends.push(going.catch(() => undefined))
        return going
      },
      () => undefined,
    )
  const actions = {
    sync: start((observer) => shop.run({ observer })),
    rollback: start((began) => shop.rollBack(began)),
  }
  page = pageOf(shop, { actions })
})
afterAll(async () => {
  await page.readers.close()
  await shop.drop()
})

const press = async (action: 'sync' | 'rollback'): Promise<readonly [number, string]> => {
  const token = /name="token" value="([^"]+)"/.exec((await page.get(`/runs/${action}`)).text)?.[1] ?? ''
  const headers = { host: 'localhost', origin: 'http://localhost' }
  const body = new URLSearchParams({ token })
  const answer = await page.app.request(`http://localhost/actions/${action}`, { method: 'POST', headers, body }, {})
  return [answer.status, await answer.text()]
}
const customers = async (): Promise<string | undefined> =>
  /id="q-customers"[\s\S]*?<p class="v-fig">([^<]*)</.exec((await page.get('/dashboards/sales')).text)?.[1]

test('of two who press at once one starts the run, the other is told; nobody turns back under a run', async () => {
  expect(await customers()).toBe('60')
  const owner = await shop.source.connect({ role: shop.app })
  await owner.query("insert into customer (email, password, name, created_at) values ('n@n.n', '', 'New', now())")
  await buildGate(owner)
  await shop.provisionSource()
  const keeper = await shop.source.connect()
  await closeGate(keeper)
  const pressed = await Promise.all([press('sync'), press('sync')])
  expect(pressed.map(([status]) => status).toSorted()).toEqual([303, 409])
  expect(pressed.find(([status]) => status === 409)?.[1]).toContain('A run is under way already')
  await somebodyWaits(keeper)
  expect((await press('rollback'))[0]).toBe(409)
  expect(await customers()).toBe('60')
  await openGate(keeper)
  await Promise.all(ends)
  expect(await customers()).toBe('61')
  for (const client of [owner, keeper]) await shop.source.close(client)
})

test('a run of the schedule that goes is left alone, and what was kept of a version ends with it', async () => {
  const owner = await shop.source.connect({ role: shop.app })
  const keeper = await shop.source.connect()
  await closeGate(keeper)
  const night = shop.run({ trigger: 'schedule' })
  await somebodyWaits(keeper)
  expect([(await press('sync'))[0], (await press('rollback'))[0]]).toEqual([409, 409])
  await openGate(keeper)
  await night
  expect((await press('rollback'))[0]).toBe(303)
  await Promise.all(ends)
  expect((await press('rollback'))[0]).toBe(303)
  await Promise.all(ends)
  expect(await customers()).toBe('61')
  for (const client of [owner, keeper]) await shop.source.close(client)
})
