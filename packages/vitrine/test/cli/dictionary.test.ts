/** The command `dictionary`: what it prints and what it refuses; it needs no setting and no database. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { DICTIONARY_SCHEMA, placeThatDiffers } from '../../src/dictionary/schema.ts'
import { listedShop } from '../dictionary/listed-shop.ts'
import { run } from './captured-io.ts'

const folder = mkdtempSync(join(tmpdir(), 'dictionary-'))
afterAll(() => rmSync(folder, { recursive: true }))
const dictionary = (line: string, publication = listedShop) =>
  run({ ...vitrine, publication }, `dictionary ${line}`.trim(), { folder })
const json = async (line = '') => JSON.parse((await dictionary(`--json ${line}`.trim())).stdout)

test('prints Markdown, a page in either language, or JSON that its schema describes', async () => {
  expect((await dictionary('')).stdout).toMatch(/^<a id="top"><\/a>\n\n# Data dictionary: shop\n/)
  expect((await dictionary('--html')).stdout).toMatch(/^<!doctype html>\n<html lang="en">/)
  expect((await dictionary('--html --language fr')).stdout).toMatch(/^<!doctype html>\n<html lang="fr">/)
  expect(placeThatDiffers(DICTIONARY_SCHEMA, await json())).toBe(null)
})

test('tells what changed since an earlier file, whose own changes are left aside', async () => {
  const before = await json()
  before.tables[1].columns[2].origins[1].treatments[0].reason = 'Another reason.'
  writeFileSync(join(folder, 'old.json'), JSON.stringify(before))
  const after = await json('--since old.json')
  expect(placeThatDiffers(DICTIONARY_SCHEMA, after)).toBe(null)
  expect(after.changes).toMatchObject([
    {
      table: 'shop_member',
      column: 'name',
      change: 'changed',
      what: 'reasons',
      before: [{}, { says: ['Another reason.'] }],
    },
  ])
  writeFileSync(join(folder, 'new.json'), JSON.stringify(after))
  expect((await json('--since new.json')).changes).toEqual([])
  expect((await dictionary('--since old.json --html')).stdout).toContain('Another reason.')
  expect((await dictionary('--since new.json')).stdout).toContain('Nothing changed.')
})

test.each([
  ['--html --markdown', 'Give one of --html, --markdown and --json.'],
  ['--html --json', 'Give one of --html, --markdown and --json.'],
  ['--language de', 'The languages are en and fr.'],
  ['--language constructor', 'The languages are en and fr.'],
  ['--json --language fr', 'The JSON has no language'],
  ['--since nowhere.json', 'The file cannot be read (ENOENT).'],
  ['--since .', 'The file cannot be read (EISDIR).'],
])('%s is refused', async (line, says) => {
  const { status, stderr } = await dictionary(line)
  expect([status, stderr]).toEqual([EXIT.usage, expect.stringContaining(says)])
})

test('a file that is no dictionary is refused by name', async () => {
  writeFileSync(join(folder, 'other.json'), '{"canary":1}')
  const { status, stdout, stderr } = await dictionary('--since other.json')
  expect([status, stdout, stderr]).toEqual([EXIT.usage, '', expect.stringContaining('error DICTIONARY_INVALID')])
  expect(stderr).not.toContain('canary')
})

test('a publication with a leak has no dictionary', async () => {
  const [table] = listedShop.tables
  const columns = table?.columns.map((column) => ({ ...column, comment: '' })) ?? []
  const unsound = { ...listedShop, tables: [{ ...listedShop.tables[0], columns } as never] }
  const { status, stdout, stderr } = await dictionary('', unsound)
  expect([status, stdout, stderr]).toEqual([EXIT.definition, '', expect.stringContaining('it has no comment')])
})
