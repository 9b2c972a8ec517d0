/** Code of a publication that fails when nobody waits for it: the run ends in good order, and nothing it held is printed. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as language from '../../src/index.ts'
import { KEY } from '../publication/shop.ts'
import { receive } from '../schedule/receiver.ts'
import { Installation } from './installation.ts'
import { plainShop } from './plain-shop.mjs'

const built = join(import.meta.dirname, '../../dist')
const folder = mkdtempSync(join(tmpdir(), 'vitrine-late-'))
let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 2_000, (roles) => plainShop(language, roles))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await shop.drop()
})

/** The line `5` of the file is where `late` fails. */
const publicationFile = (late: string) => {
  const url = (path: string) => JSON.stringify(pathToFileURL(path).href)
  const roles = JSON.stringify({ writer: shop.writer.user, reader: shop.reader.user })
  const file = join(folder, `late-${Math.random()}.mjs`)
  writeFileSync(
    file,
    `import * as vitrine from ${url(join(built, 'index.js'))}
import { plainShop } from ${url(join(import.meta.dirname, 'plain-shop.mjs'))}
const late = (code) => {
  const value = 'canary' + code
  ${late}
  return value
}
const compute = (inputs, rule) => vitrine.compute(inputs, (values) => (late(values.code), rule(values)))
export default { ...plainShop({ ...vitrine, compute }, ${roles}), schedule: '0 0 1 1 *' }`,
  )
  return file
}

async function command(line: string, late: string, alarms: string, redirect = '') {
  const child = spawn(
    'sh',
    [
      '-c',
      `exec "${process.execPath}" "${join(built, 'cli/main.js')}" ${line} --publication ${publicationFile(late)} ${redirect}`,
    ],
    {
      env: {
        DATABASE_URL: shop.source.url(shop.reading),
        METABASE_DATABASE_URL: shop.target.url(shop.writer),
        VITRINE_PSEUDONYM_KEY: KEY,
        VITRINE_ALARM_WEBHOOK: alarms,
      },
    },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  expect(said).not.toContain('canary')
  return { status, said }
}

const CASES: readonly (readonly [string, string, string])[] = [
  ['a timer that throws', 'setTimeout(() => { throw new Error(value) })', 'late-'],
  ['a promise that rejects', 'Promise.resolve().then(() => { throw new TypeError(value) })', 'late-'],
  ['a promise that rejects with a value', 'Promise.reject(value)', ''],
]

test.each(CASES)('%s', async (_, late, place) => {
  const alarms = await receive()
  const { status, said } = await command(
    'sync --if-due',
    `if (!globalThis.once) { globalThis.once = 1; ${late} }`,
    alarms.url,
  )
  await alarms.close()
  expect([status, said]).toEqual([3, expect.stringContaining('error CODE_FAILED_LATE')])
  if (place !== '') expect(said).toMatch(/where: \/.*\/late-.*\.mjs:5\n/)
  // The alarm of one due time is sent once for each code.
  const kinds = alarms.received.map(({ body }) => JSON.parse(body).kind)
  expect(kinds).toEqual(late === CASES[0]?.[1] ? ['failed'] : [])
  expect(await shop.leftovers()).toEqual([])
  const [record] = await shop.look('select state, error_code from vitrine.run order by id desc limit 1')
  expect(record).toEqual({ state: 'failed', error_code: 'CODE_FAILED_LATE' })
})

test('a schedule raises the alarm and ends', async () => {
  await shop.look('delete from vitrine.alarm')
  const alarms = await receive()
  const { status, said } = await command(
    'schedule',
    `if (!globalThis.once) { globalThis.once = 1; ${CASES[0]?.[1]} }`,
    alarms.url,
  )
  await alarms.close()
  expect([status, said]).toEqual([3, expect.stringContaining('error CODE_FAILED_LATE')])
  expect(alarms.received.length).toBeGreaterThan(0)
  expect(await shop.leftovers()).toEqual([])
})

test('where neither output can be written, the alarm is sent and the record is closed', async () => {
  const alarms = await receive()
  const { status } = await command('sync --if-due', 'throw new Error(value)', alarms.url, '>/dev/full 2>/dev/full')
  expect(status).toBe(7)
  expect(alarms.received.map(({ body }) => JSON.parse(body))).toMatchObject([{ kind: 'failed' }])
  const [failed] = await shop.look('select state, error_code from vitrine.run order by id desc limit 1')
  expect(failed).toEqual({ state: 'failed', error_code: 'RULE_FAILED' })
  expect((await command('sync', '', alarms.url, '>/dev/full 2>/dev/full')).status).toBe(1)
  await alarms.close()
  const [published] = await shop.look('select state from vitrine.run order by id desc limit 1')
  expect(published).toEqual({ state: 'succeeded' })
})
