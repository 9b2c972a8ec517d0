/** What many runs in one process, and in one record, leave behind: nothing that grows, and what the next due time needs. */
import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { definePublication } from '../../src/index.ts'
import { isDue } from '../../src/schedule/dueness.ts'
import { RETIRED } from '../publication/shop.ts'
import { Installation } from './installation.ts'

let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 20)
})
afterAll(() => shop.drop())

test('a schedule has one signal for all its runs, and none listens to it afterwards', async () => {
  const { signal } = new AbortController()
  await shop.run({ signal })
  await shop.failure({ signal, only: ['nonsense'] })
  await shop.run({ signal, dryRun: true })
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('an interrupt while the sessions are being opened leaves no timer that keeps the process', async () => {
  const stop = new AbortController()
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const error = await shop.failure({
    signal: stop.signal,
    observer: Installation.onPhase('snapshot', () => stop.abort()),
  })
  expect(error.code).toBe('INTERRUPTED')
  expect(timers()).toBeLessThanOrEqual(before)
})

test('the run that makes the due time done stays in the record, however short that is kept', async () => {
  const short = definePublication({ ...shop.publication, limits: { runsKept: 2 } })
  const { run } = await shop.run({ publication: short })
  for (let turn = 0; turn < 3; turn++) await shop.run({ publication: short, only: ['shop_customer'] })
  const kept = await shop.look<{ id: number }>('select id::integer from vitrine.run order by id')
  expect(kept.map(({ id }) => id)).toEqual([run, run + 2, run + 3])
  const session = await shop.session()
  expect((await isDue(session, shop.publication)).due).toBe(false)
  await session.end()
})

test('a view made on a version that has left is reported by name, instead of showing its rows for ever', async () => {
  const admin = await shop.target.connect()
  await admin.query(`create schema team authorization "${shop.writer.user}"; set role "${shop.writer.user}";
    create view team.late as select count(*) from ${RETIRED}.shop_customer`)
  const { code, problems } = await shop.failure()
  expect([code, ...problems.map(({ place }) => place)]).toEqual(['DEPENDENT_BLOCKS', 'view team.late'])
  await admin.query('drop schema team cascade')
  await shop.target.close(admin)
  await shop.run()
})
