/** What a demonstration refuses. That it works is shown by the examples, in `test/examples.test.ts`. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { clearDemonstration, prepareDemonstration } from '../../src/cli/demonstration.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { shop } from '../publication/shop.ts'
import { run } from './captured-io.ts'

const folder = mkdtempSync(join(tmpdir(), 'vitrine-demo-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const publication = shop({ writer: 'demo_writer', reader: 'demo_reader' })
const program = { ...vitrine, publication }

test('without a SQL file there is nothing to show', async () => {
  const { status, stderr } = await run(program, 'demo --once', { folder })
  expect([status, stderr]).toEqual([EXIT.usage, expect.stringContaining('The folder has no SQL file')])
})

test('settings that name databases of somebody else are left alone, and nothing is started', async () => {
  mkdirSync(join(folder, 'source'))
  writeFileSync(join(folder, 'source', 'tables.sql'), 'create table a (b integer);')
  const own = "DATABASE_URL='postgresql://app:canary@db.example.org/app'\n"
  writeFileSync(join(folder, '.env'), own)
  const { status, stderr } = await run(program, 'demo --once', { folder })
  expect([status, stderr]).toEqual([EXIT.usage, expect.stringContaining('FILES_EXIST')])
  expect(stderr).not.toContain('canary')
  expect([readFileSync(join(folder, '.env'), 'utf8'), existsSync(join(folder, '.vitrine'))]).toEqual([own, false])
})

test('a SQL file that fails is told with its line and without a value, and none of the files is kept', async () => {
  const { host, port, superuser, password } = inject('postgres18')
  const server = { url: (database: string) => `postgresql://${superuser}:${password}@${host}:${port}/${database}` }
  const tables = { name: 'source/1.sql', text: 'create table a (b integer unique);' }
  const failing = (text: string) => prepareDemonstration(server, publication, [tables, { name: 'source/2.sql', text }])
  try {
    const wrong = failing('insert into a values (1);\n\ninsert into a values (canary);')
    await expect(wrong).rejects.toMatchObject({
      code: 'SAMPLE_FAILED',
      place: 'source/2.sql:3',
      detail: 'SQLSTATE 42703.',
    })
    const twice = failing('insert into a values (1), (1);')
    await expect(twice).rejects.toMatchObject({ code: 'SAMPLE_FAILED', detail: expect.not.stringMatching(/\(1\)/) })
  } finally {
    await clearDemonstration(server, publication)
  }
})
