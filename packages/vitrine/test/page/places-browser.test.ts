/** The dictionary, the runs and the state in a browser: by keyboard, without script, on a narrow screen, for everybody. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause } from '../../src/base/pause.ts'
import { begun } from '../../src/page/actions.ts'
import { listenForPages } from '../../src/page/listen.ts'
import type { Listener } from '../../src/schedule/listener.ts'
import { buildGate, closeGate, openGate, somebodyWaits } from '../run/gate.ts'
import type { Installation } from '../run/installation.ts'
import { barriersOn, CHROMIUM, openBrowser, openPage, WAYS } from './browser.ts'
import { pageOf, placedShop } from './placed-shop.ts'

const PATHS = [
  '/dashboards',
  '/dashboards/sales',
  '/dashboards/sales/questions/amounts',
  '/dashboards/sales/questions/amounts/rows',
  '/public/open',
  '/dictionary',
  '/dictionary/shop_customer',
  '/dictionary/shop_customer/person',
  '/dictionary-whole',
  '/runs',
  '/runs/2',
  '/runs/sync',
  '/state',
]

describe.skipIf(CHROMIUM === null).sequential('in Chromium', () => {
  let shop: Installation
  let page: ReturnType<typeof pageOf>
  let server: Listener
  let browser: Browser

  beforeAll(async () => {
    ;[shop, browser] = await Promise.all([placedShop(60), openBrowser()])
    await shop.run()
    await shop.change("update customer set name = repeat('x', 30) where id = 3")
    await shop.failure()
    await shop.change("update customer set name = 'Customer 3' where id = 3")
    const sync = () =>
      begun(
        (began) => shop.run({ observer: began }),
        () => undefined,
      )
    const rollback = () =>
      begun(
        (began) => shop.rollBack(began),
        () => undefined,
      )
    page = pageOf(shop, { language: 'fr', actions: { sync, rollback } })
    server = await listenForPages({ host: '127.0.0.1', port: 0 }, page.app)
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
    await page.readers.close()
    await shop.drop()
  })

  test('the dictionary is found by keyboard alone', async () => {
    const { page: tab, wrong } = await openPage(browser)
    await tab.goto(`${server.url}/dashboards`)
    const press = async (name: string) => {
      const focused = () =>
        tab.evaluate("document.activeElement?.textContent?.trim() || document.activeElement?.id || ''")
      for (let tries = 0; tries < 40; tries++) {
        await tab.keyboard.press('Tab')
        if ((await focused()) === name) return
      }
      throw new Error(`${name} is not reached by the keyboard`)
    }
    await press('Dictionnaire')
    await tab.keyboard.press('Enter')
    await tab.waitForURL('**/dictionary')
    await press('q')
    await tab.keyboard.type('pseudonyme')
    await tab.keyboard.press('Enter')
    await tab.waitForURL('**/dictionary?q=pseudonyme')
    await press('shop_customer.person')
    await tab.keyboard.press('Enter')
    await tab.waitForURL('**/dictionary/shop_customer/person')
    expect(await tab.locator('main').innerText()).toContain('customer.email → pseudonyme')
    expect(wrong).toEqual([])
    await tab.context().close()
  })

  test.each(WAYS)('everybody can read every page: %j', async (way) => {
    const { page: tab, wrong } = await openPage(browser, way)
    await tab.goto(`${server.url}/language/${way.locale.slice(0, 2)}`)
    for (const path of PATHS) {
      await tab.goto(server.url + path)
      expect([path, await barriersOn(tab)]).toEqual([path, []])
    }
    expect(wrong).toEqual([])
    await tab.context().close()
  })

  test('with script a chart says its values by keyboard, and a dashboard that is edited follows', async () => {
    let title = 'Sales'
    const watch = { edition: 0, failure: null, problems: () => [], after: () => pause(50) }
    const edited = pageOf(shop, {
      watch,
      publication: () => ({
        ...shop.publication,
        dashboards: shop.publication.dashboards.map((each) => (each.key === 'sales' ? { ...each, title } : each)),
      }),
    })
    const listening = await listenForPages({ host: '127.0.0.1', port: 0 }, edited.app)
    const { page: tab, wrong } = await openPage(browser)
    await tab.goto(`${listening.url}/dashboards/sales`)
    await tab.locator('.v-is-coming').first().waitFor({ state: 'detached' })
    const [plot, tip] = [tab.locator('#q-amounts .v-plot:visible'), tab.locator('.v-tip')]
    await plot.focus()
    await tab.keyboard.press('ArrowLeft')
    const said = await tip.innerText()
    expect(said).toMatch(/^job : \w+\ntotal : [\d,]+$/)
    await tab.keyboard.press('ArrowRight')
    expect(await tip.innerText()).not.toBe(said)
    await tab.keyboard.press('Escape')
    expect(await tip.isVisible()).toBe(false)
    const heightOf = async (part: string) => (await tab.locator(part).boundingBox())?.y ?? 0
    const apart = (await heightOf('#q-amounts-turn')) - (await heightOf('[for=q-amounts-turn]'))
    expect(Math.abs(apart), 'what turns a card is seen where the keyboard is').toBeLessThan(24)
    await tab.emulateMedia({ media: 'print', colorScheme: 'dark' })
    const isCut = `[...document.querySelectorAll('.v-cell')].some((cell) => {
      const { display, breakInside } = getComputedStyle(cell)
      return display !== 'inline-block' && breakInside !== 'avoid'
    })`
    expect(await tab.evaluate(isCut), 'a card is cut by the end of a sheet').toBe(false)
    expect(await tab.locator('nav, .v-foot, .v-language').filter({ visible: true }).count()).toBe(0)
    const colour = "getComputedStyle(document.querySelector('.v-card')).backgroundColor"
    expect(await tab.evaluate(colour)).toBe('rgb(255, 255, 255)')
    expect(await tab.locator('.v-tone').isVisible(), 'of when the data are').toBe(true)
    title = 'Sold'
    watch.edition = 1
    await tab.getByRole('heading', { name: 'Sold', exact: true }).waitFor()
    expect(wrong).toEqual([])
    await tab.context().close()
    await listening.close()
    await edited.readers.close()
  })

  test('without script all is there', async () => {
    const { page: tab } = await openPage(browser, { javaScriptEnabled: false })
    const read = async (path: string) => {
      await tab.goto(server.url + path)
      return tab.locator('main').innerText()
    }
    expect(await read('/dictionary?q=courriel')).toContain('0 résultat')
    expect(await read('/runs/2')).toMatch(
      /Que faire[\s\S]*Des données n’ont pas passé les contrôles[\s\S]*vitrine sync/,
    )
    expect(await read('/state')).toContain('Le lecteur trouve tout ce qui est publié')
    await tab.goto(`${server.url}/runs`)
    await tab.getByRole('link', { name: 'Mettre à jour maintenant' }).click()
    expect(await tab.locator('main').innerText()).toContain('Toutes les tables sont relues à un même instant')
    await tab.context().close()
  })

  test('a run started from the page is followed to its end, and its figures change', async () => {
    const { page: tab, wrong } = await openPage(browser)
    await tab.goto(`${server.url}/dashboards/sales`)
    const figure = tab.locator('#q-customers .v-fig')
    expect(await figure.innerText()).toBe('60')
    const owner = await shop.source.connect({ role: shop.app })
    await owner.query("insert into customer (email, password, name, created_at) values ('n@n.n', '', 'New', now())")
    await buildGate(owner)
    await shop.provisionSource()
    const keeper = await shop.source.connect()
    await closeGate(keeper)
    await tab.goto(`${server.url}/runs`)
    await tab.getByRole('link', { name: 'Mettre à jour maintenant' }).click()
    await tab.getByRole('button', { name: 'Oui, mettre à jour' }).click()
    await somebodyWaits(keeper)
    await tab.locator('li.v-active', { hasText: 'copier' }).waitFor()
    const ended = tab.locator('.v-ended')
    expect(await ended.innerText()).toBe('')
    await openGate(keeper)
    await tab.locator('.v-ended', { hasText: 'La mise à jour est terminée : publiée' }).waitFor()
    await tab.locator('.v-runs tr', { hasText: 'Mise à jour 3' }).filter({ hasText: 'publiée' }).waitFor()
    await tab.goto(`${server.url}/dashboards/sales`)
    expect(await figure.innerText()).toBe('61')
    await tab.goto(`${server.url}/runs`)
    await tab.getByRole('link', { name: 'Revenir à la version précédente' }).click()
    expect(await tab.locator('main').innerText()).toContain('L’historique ne recule pas')
    await tab.getByRole('button', { name: 'Oui, revenir' }).click()
    await tab.locator('.v-runs tr', { hasText: 'un retour en arrière' }).filter({ hasText: 'publiée' }).waitFor()
    await tab.goto(`${server.url}/dashboards/sales`)
    expect(await figure.innerText()).toBe('60')
    expect(wrong).toEqual([])
    for (const client of [owner, keeper]) await shop.source.close(client)
    await tab.context().close()
  })
})
