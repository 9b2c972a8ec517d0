/** A shop that is published, and a Metabase beside it that nobody has touched. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Publication } from '../../src/publication/publication.ts'
import { run, type Setting } from '../cli/captured-io.ts'
import { commandedShop } from '../cli/commanded-shop.ts'
import { type ShopRoles, shop } from '../publication/shop.ts'
import { dashboardsOf, NAMES } from './shop-dashboards.ts'
import { StandIn } from './stand-in.ts'

export const ADMIN = { email: 'admin@example.org', password: randomBytes(12).toString('hex') }

/** Waits are a millisecond: the stand-in counts requests, not time. */
export const QUICK = {
  metabasePauseMs: 1,
  metabaseAskMs: 1,
  metabaseSyncMs: 5_000,
  metabaseTimeoutMs: 10_000,
}

export function shown(roles: ShopRoles, tables?: Publication['tables']): Publication {
  const plain = shop(roles, tables)
  const limits = { ...plain.limits, ...QUICK }
  return Object.freeze({ ...plain, metabase: NAMES, locale: 'fr-FR', limits, dashboards: dashboardsOf() })
}

export async function metabaseShop() {
  const at = await commandedShop(shown)
  for (const line of ['provision', 'migrate', 'sync']) await at.written(line)
  const metabase = await StandIn.start()
  const folder = mkdtempSync(join(tmpdir(), 'metabase-'))
  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    ...at.environment(),
    METABASE_URL: `${metabase.url}/`,
    METABASE_ADMIN_EMAIL: ADMIN.email,
    METABASE_ADMIN_PASSWORD: ADMIN.password,
    ...more,
  })
  const keyed = () => environment({ METABASE_API_KEY: String(metabase.keys[0]?.['unmasked_key']) })
  /** Runs `metabase …`, and looks for keys and passwords in what it wrote. */
  async function command(line: string, setting: Setting & { readonly publication?: Publication } = {}) {
    const { publication = at.program.publication, ...given } = setting
    const program = { ...at.program, publication }
    const outcome = await run(program, `metabase ${line}`, { environment: keyed(), folder, ...given })
    const secrets = [ADMIN.password, at.writer.password, at.reader.password, at.app.password]
    for (const secret of [...secrets, ...metabase.keys.map((key) => String(key['unmasked_key']))])
      expect(outcome.stdout + outcome.stderr).not.toContain(secret)
    return outcome
  }
  async function written(line: string, setting: Parameters<typeof command>[1] = {}): Promise<string> {
    const { status, stdout, stderr } = await command(line, setting)
    expect([line, status, stderr]).toEqual([line, 0, stderr])
    return stdout
  }
  const json = async (line: string, setting: Parameters<typeof command>[1] = {}) => {
    const { status, stdout } = await command(`${line} --json`, setting)
    return { status, answer: JSON.parse(stdout) }
  }
  async function end(): Promise<void> {
    await metabase.stop()
    rmSync(folder, { recursive: true })
    await at.drop()
  }
  return { at, metabase, folder, environment, keyed, command, written, json, end }
}
