/**
 * Les tableaux de bord d’Impact dans un vrai navigateur : sans erreur, sans rien demander ailleurs, lisibles sans script, et qui
 * disent ce qui leur arrive. Sauté, avec un mot, où il n’y a pas de Chromium.
 */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../packages/vitrine/src/base/clock.ts'
import { createPage } from '../../../packages/vitrine/src/page/app.ts'
import { dashboardsPlace } from '../../../packages/vitrine/src/page/dashboards-place.ts'
import { listenForPages } from '../../../packages/vitrine/src/page/listen.ts'
import { Readers } from '../../../packages/vitrine/src/page/reader-sessions.ts'
import { connect } from '../../../packages/vitrine/src/postgres/connect.ts'
import type { Listener } from '../../../packages/vitrine/src/schedule/listener.ts'
import { barriersOn, CHROMIUM, openBrowser, openPage, WAYS } from '../../../packages/vitrine/test/page/browser.ts'
import { tableaux } from '../../dashboards/index.ts'
import { ImpactInstallation } from '../publication/installation.ts'

if (CHROMIUM === null) console.warn('Chromium manque : les tests du navigateur sont sautés.')

describe.skipIf(CHROMIUM === null)('dans Chromium', () => {
  let impact: ImpactInstallation
  let readers: Readers
  let served: Listener
  let browser: Browser

  const serve = async (port = 0): Promise<Listener> => {
    const page = createPage({
      publication: () => impact.publication,
      clock: systemClock,
      prefix: '',
      language: null,
      theme: {},
      metabaseUrl: null,
      readers,
      tell: (thrown) => {
        throw thrown
      },
      asWriter: null,
      actions: { sync: null, rollback: null },
      watch: null,
      access: { kind: 'open' },
      reach: { origin: null, onLoopback: true, trustsProxy: false, framedBy: [] },
      places: [dashboardsPlace],
    })
    return listenForPages({ host: '127.0.0.1', port }, page)
  }

  beforeAll(async () => {
    impact = await ImpactInstallation.create(18, 'S')
    await impact.run()
    readers = new Readers(() =>
      connect(impact.readerAddress(), { side: 'target', name: 'page', limits: impact.publication.limits }),
    )
    served = await serve()
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await served?.close()
    await readers?.close()
    await impact?.drop()
  })

  test.each(WAYS)(
    'chaque tableau s’ouvre sans erreur, ne demande rien ailleurs, et chacun peut le lire : %j',
    async (way) => {
      const { page, wrong } = await openPage(browser, way)
      for (const { key, title } of tableaux) {
        await page.goto(`${served.url}/dashboards/${key}`)
        const barriers = await barriersOn(page)
        expect([key, await page.title(), await page.locator('.v-is-failed').count()]).toEqual([
          key,
          `${title} – Impact`,
          0,
        ])
        expect(await page.locator('html').getAttribute('lang')).toBe(way.locale.slice(0, 2))
        expect([key, await page.locator('.v-tone').textContent()]).toEqual([
          key,
          expect.stringMatching(/^(?:Données du|Data of) \d/),
        ])
        expect(await page.locator('main h2').last().textContent()).toBe('Ce que ces chiffres ne disent pas')
        expect([key, barriers]).toEqual([key, []])
      }
      expect(wrong).toEqual([])
      await page.context().close()
    },
  )

  test('sans script un filtre change les chiffres', async () => {
    const { page } = await openPage(browser, { viewport: { width: 320, height: 700 }, javaScriptEnabled: false })
    const figure = async () => (await page.locator('#q-ent-connues .v-fig').textContent())?.trim()
    await page.goto(`${served.url}/dashboards/entreprises`)
    const all = await figure()
    await page.locator('.v-list summary').first().click()
    await page.getByLabel('50 à 249', { exact: true }).check()
    await page.getByRole('button', { name: 'Appliquer' }).click()
    expect(page.url()).toBe(`${served.url}/dashboards/entreprises?effectif=50-249`)
    const [{ n } = { n: '' }] = await impact.look<{ n: string }>(
      `select count(*) as n from impact.metabase_entreprise where effectif = '50-249'`,
    )
    expect([await figure(), all === (await figure())]).toEqual([n, false])
    await page.goBack()
    expect(await figure()).toBe(all)
  })

  test('une version publiée sous la page ouverte est là au chargement suivant, et la base absente se dit', async () => {
    const { page } = await openPage(browser)
    const figure = async () => (await page.locator('#q-ent-connues .v-fig').textContent())?.replace(/\D/g, '')
    await page.goto(`${served.url}/dashboards/entreprises`)
    const before = await figure()
    // With script, a choice is enough.
    await page.locator('.v-list summary').first().click()
    await page.getByLabel('50 à 249', { exact: true }).check()
    await page.waitForURL('**/entreprises?effectif=50-249')
    expect(Number(await figure())).toBeLessThan(Number(before))
    await page.getByRole('link', { name: 'Réinitialiser' }).click()
    await page.waitForURL('**/entreprises')
    await impact.change(
      `insert into entreprises_entreprise (siren, denomination, created_at, updated_at) select '999999999', 'NOUVELLE', now(), now()`,
    )
    await impact.run()
    await page.reload()
    expect(Number(await figure())).toBe(Number(before) + 1)
    await impact.look('alter schema impact rename to absent')
    await page.reload()
    expect(await page.locator('.v-tone').textContent()).toBe('Rien n’est publié')
    await impact.look('alter schema absent rename to impact')
    const { port } = new URL(served.url)
    await served.close()
    expect(await page.reload().catch(() => null)).toBeNull()
    served = await serve(Number(port))
    const again = await openPage(browser)
    await again.page.goto(`${served.url}/dashboards/entreprises`)
    expect([await again.page.locator('.v-is-failed').count(), again.wrong]).toEqual([0, []])
  })
})
