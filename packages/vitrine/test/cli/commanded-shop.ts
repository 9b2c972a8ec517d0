/** A shop in an operational database and an empty target, for commands in the order in which a team uses them. */
import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { TestDatabase, type TestRole, type Version } from '../../../../test/database.ts'
import { EXIT } from '../../src/base/errors.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import type { Publication } from '../../src/index.ts'
import { createShop, KEY, shopRights } from '../publication/shop.ts'
import { run, type Setting } from './captured-io.ts'

export async function commandedShop(
  publish: (roles: { writer: string; reader: string }) => Publication,
  version: Version = 18,
) {
  const [source, target] = await Promise.all([
    TestDatabase.create(version, 'cli_source'),
    TestDatabase.create(version, 'cli_target'),
  ])
  const app = await source.createRole('app')
  await createShop(await source.connect(), 60)
  const role = (name: string): TestRole => {
    const suffix = randomBytes(5).toString('hex')
    return { user: `${name}_${suffix}`, password: randomBytes(9).toString('hex') }
  }
  const [writer, reader] = [role('writer'), role('reader')]
  const program = { ...vitrine, publication: publish({ writer: writer.user, reader: reader.user }) }
  /** Runs one statement as a superuser of the source. */
  async function change(text: string): Promise<void> {
    await source.ask(text)
  }
  await change(shopRights(app.user))

  const environment = () => ({
    DATABASE_URL: source.url(app),
    METABASE_DATABASE_URL: `${target.url(writer)}?currentSchema=shop`,
    METABASE_READER_URL: target.url(reader),
    METABASE_ADMIN_URL: target.url(),
    VITRINE_PSEUDONYM_KEY: KEY,
  })
  /** Runs a command, and looks for what must never be written: passwords, keys and values of the source. */
  async function command(line: string, setting: Setting = {}) {
    const outcome = await run(program, line, { environment: environment(), ...setting })
    for (const secret of [writer.password, reader.password, app.password, KEY, 'canary', 'person1@'])
      expect(outcome.stdout + outcome.stderr).not.toContain(secret)
    return outcome
  }
  /** What a command prints that succeeds. */
  async function written(line: string, setting: Setting = {}): Promise<string> {
    const { status, stdout, stderr } = await command(line, setting)
    expect([line, status, status === EXIT.ok ? '' : stderr]).toEqual([line, EXIT.ok, ''])
    return stdout
  }
  async function drop(): Promise<void> {
    await source.drop([app])
    await target.drop([writer, reader])
  }
  return { source, target, app, writer, reader, program, change, environment, command, written, drop }
}
