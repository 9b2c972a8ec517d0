/** `history` as a team uses it: a copy for safe keeping, and back into a database that lost everything. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { commandedShop } from './commanded-shop.ts'

const shop = await commandedShop(shopWithHistory)
const folder = await mkdtemp(join(tmpdir(), 'vitrine-history-'))
afterAll(async () => {
  await rm(folder, { recursive: true })
  await shop.drop()
})
const command = (line: string) => shop.command(line, { folder })
const written = (line: string) => shop.written(line, { folder })

describe.sequential('from a file to a published table, and back', () => {
  test('an import is rehearsed, then done, then published by a sync', async () => {
    await written('provision')
    await written('migrate')
    const file = 'day,customers,revenue,best\n2023-11-28,3,30,\n2023-11-29,4,40,"Zoe, of course"\n'
    await writeFile(join(folder, 'stats.csv'), file)
    expect(await written('history import shop_stats stats.csv --dry-run')).toBe(
      'Days of the file: 2. Added 2, replaced 0, kept 0.\nFrom 2023-11-28 to 2023-11-29.\nNothing was recorded.\n',
    )
    expect(await written('history import shop_stats stats.csv')).toContain('The next sync publishes them.\n')
    expect(JSON.parse(await written('history import shop_stats stats.csv --replace --json'))).toMatchObject({
      table: 'shop_stats',
      dryRun: false,
      days: 2,
      replaced: 2,
    })
    expect(await written('sync')).toMatch(/^shop_stats +3 /m)
    expect(await written('status')).toMatch(/^shop_stats +3 /m)
    expect(await written('check')).toContain('3 tables, 16 columns')
    expect(await written('check --lineage')).toContain(
      '  revenue bigint not null: Sum of all purchases\n    ← shop_purchase.amount [open]',
    )
    const exported = await written('history export shop_stats')
    expect(exported.startsWith(file)).toBe(true)
    expect(exported.trim().split('\n')).toHaveLength(4)
    expect(JSON.parse(await written('history export shop_stats --json'))).toEqual({
      table: 'shop_stats',
      csv: exported,
    })
    expect(await written('drop --yes')).toBe('Removed.\n')
    await written('migrate')
    expect(await written('history export shop_stats')).toBe(exported)
  })

  test.each([
    ['history show shop_stats', EXIT.usage, 'The first word is export or import.'],
    ['history export shop_stats stats.csv', EXIT.usage, 'An export goes to stdout'],
    ['history import shop_stats', EXIT.usage, 'Give the file after the table.'],
    ['history import shop_stats nowhere.csv', EXIT.usage, 'The file cannot be read (ENOENT).'],
    ['history export shop_customer', EXIT.usage, 'The history tables are shop_stats.'],
  ])('%s exits with %i', async (line, status, text) => {
    expect(await command(line)).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(text) })
  })

  test('a file with problems is refused with each of them, and no value of it is printed', async () => {
    await writeFile(join(folder, 'bad.csv'), 'day,customers,revenue\n2023-11-28,three,30\n28/11/2023,secretvalue,30\n')
    const { status, stdout, stderr } = await command('history import shop_stats bad.csv')
    expect([status, stdout]).toEqual([EXIT.data, ''])
    expect(stderr).toContain('line 2, customers: a whole number is wanted')
    expect(stderr).toContain('line 3, day: a date written YYYY-MM-DD is wanted')
    expect(stderr).not.toMatch(/secretvalue|three|28\/11/)
  })
})
