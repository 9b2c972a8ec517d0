/** `.env` beside the publication: below the variables of the process, looked through for names that we do not know, never printed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { withSettingsFile } from '../../src/cli/environment.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { shop } from '../publication/shop.ts'
import { run } from './captured-io.ts'

const folder = mkdtempSync(join(tmpdir(), 'vitrine-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const program = { ...vitrine, publication: shop({ writer: 'w', reader: 'r' }) }
const place = (name: string, text: string): string => {
  const made = join(folder, name)
  mkdirSync(made, { recursive: true })
  writeFileSync(join(made, '.env'), text)
  return made
}
const READER = "METABASE_READER_URL='postgresql://r:hunter2@h/d'\n"

describe('.env', () => {
  test('is read, and variables of the process win, empty ones too', () => {
    const read = (environment: Readonly<Record<string, string>>) =>
      withSettingsFile(environment, place('wins', 'A=1\nexport B="2"\n# C=3\n'))
    expect([read({}), read({ A: 'x', B: '' })]).toEqual([
      { A: '1', B: '2' },
      { A: 'x', B: '' },
    ])
    expect(process.env).not.toHaveProperty('B')
  })

  test('of the folder above, where the publication is', () => {
    const above = place('above', 'A=1')
    writeFileSync(join(above, 'vitrine.config.mjs'), '')
    const below = place('above/below', 'A=2')
    expect(withSettingsFile({}, below)).toEqual({ A: '1' })
  })

  test('gives commands their settings, and a password only to whoever asks', async () => {
    const at = place('reader', READER)
    const plain = await run(program, 'url psql', { folder: at })
    expect(plain).toMatchObject({ status: EXIT.ok, stdout: 'postgresql://r@h:5432/d\n' })
    const asked = await run(program, 'url reader --with-password', { folder: at })
    expect(asked.stdout).toBe('postgresql://r:hunter2@h:5432/d?currentSchema=shop\n')
    const form = await run(program, 'url metabase --with-password', { folder: at })
    expect(form.stdout).toMatch(/Password +hunter2\nSchemas +Only these: shop\n/)
  })

  test('with a name that can only be meant for us is refused, and its values stay unsaid', async () => {
    const { status, stderr } = await run(program, 'url psql', {
      folder: place('unknown', `${READER}VITRINE_PSEUDONIM_KEY=canary\n`),
    })
    expect([status, stderr]).toEqual([EXIT.usage, expect.stringContaining('did you mean VITRINE_PSEUDONYM_KEY?')])
    expect(stderr).not.toMatch(/canary|hunter2/)
  })

  test('that cannot be read is named', async () => {
    const at = join(folder, 'unreadable')
    mkdirSync(join(at, '.env'), { recursive: true })
    expect(await run(program, 'url psql', { folder: at })).toMatchObject({
      status: EXIT.usage,
      stderr: expect.stringContaining('(EISDIR)'),
    })
  })
})
