/**
 * The system's Chromium for tests of the page: skipped with a word where there is none. Whatever a page says in its console, asks
 * beyond loopback or fails to load is kept.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

export const CHROMIUM: string | null =
  process.env['CHROMIUM_PATH'] ??
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
    .find((path) => existsSync(path)) ??
  null

export const openBrowser = (): Promise<Browser> =>
  // Tests run as root in containers, where the sandbox has no user to become.
  chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] })

/** A page, and what went wrong on it. */
export interface WatchedPage {
  readonly page: Page
  readonly wrong: string[]
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'fr-FR', ...options })
  // Its own limit of half a minute is one that a busy machine reaches.
  context.setDefaultTimeout(240_000)
  const page = await context.newPage()
  const wrong: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`))
  page.on('request', (request) => {
    if (!/^(?:http:\/\/(?:127\.0\.0\.1|localhost)[:/]|data:)/.test(request.url()))
      wrong.push(`request: ${request.url()}`)
  })
  page.on('requestfailed', (request) => {
    // Who leaves the page of a run cuts its events, and one that is watched what it waits for.
    if (!/\/events$|\/edition\?/.test(request.url())) wrong.push(`failed: ${request.url()}`)
  })
  return { page, wrong }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The spacing that somebody may set (WCAG 1.4.12); a style sheet that is made by a script asks no policy. */
const SPACING = `(() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}')
  document.adoptedStyleSheets = [sheet]
})()`

/** What keeps somebody from reading a page: what axe finds, as the rule and where; and what is wider than the screen, with wide spacing too. */
export async function barriersOn(page: Page): Promise<readonly string[]> {
  await page.locator('.v-is-coming').first().waitFor({ state: 'detached' })
  // Evaluated by the debugger, which asks no policy.
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    // sound because the script above has put it there.
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> }
    }
    const { violations } = await axe.run({ rules: { 'target-size': { enabled: true } } })
    return violations.map(({ id, nodes }) => {
      const where = nodes.map(({ target }) => target.join(' '))
      return `${id}: ${where.slice(0, 3).join(', ')}`
    })
  })
  const wider = async (how: string) => {
    const pixels = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
    if (pixels > 0) found.push(`${pixels} pixels wider than the screen ${how}`)
  }
  await wider('as it is')
  await page.evaluate(SPACING)
  await wider('with wide spacing')
  return found
}

/** The two ways in which every page is looked at. */
export const WAYS = [
  { locale: 'fr-FR', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { locale: 'en-GB', colorScheme: 'dark', viewport: { width: 320, height: 700 } },
] as const satisfies readonly BrowserContextOptions[]
