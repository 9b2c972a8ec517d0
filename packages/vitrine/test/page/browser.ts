/**
 * The system's Chromium for tests of the page: skipped with a word where there is none. Whatever a page says in its console, asks
 * beyond loopback or fails to load is kept, and axe is run in a context of its own.
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
  page.on('requestfailed', (request) => wrong.push(`failed: ${request.url()}`))
  return { page, wrong }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds on an address: the rule, and where. Its script is let in by switching the policy off. */
export async function axeFindings(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<readonly string[]> {
  const context = await browser.newContext({ bypassCSP: true, locale: 'fr-FR', ...options })
  try {
    const page = await context.newPage()
    await page.goto(url)
    await page.addScriptTag({ content: AXE })
    return await page.evaluate(async () => {
      // sound because the script above has put it there.
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> }
      }
      const { violations } = await axe.run()
      return violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .map(({ target }) => target.join(' '))
            .slice(0, 3)
            .join(', ')}`,
      )
    })
  } finally {
    await context.close()
  }
}
