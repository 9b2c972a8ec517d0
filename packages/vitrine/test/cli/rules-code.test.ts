/** The code of rules is told by all files that they can reach; where that is not sure, nothing is told. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { codeOf } from '../../src/cli/rules-code.ts'
import { definePublication, register } from '../../src/index.ts'

const LATER = Date.now() + 3_600_000

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vitrine-code-')))
  write('app/package.json', '{}')
  write('app/dist/publication.js', "import { label } from './rules.js'")
  write('app/dist/rules.js', 'export const label = (l) => l')
  write('app/dist/words.csv', 'a;b')
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}

const MADE = Symbol.for('vitrine: made')
const publication = (pureRules = true, module = join(folder, 'app/dist/publication.js')) =>
  Object.assign(
    {
      ...definePublication({
        ...{ name: 'a', schema: 'a', writer: 'w', reader: 'r' },
        pureRules,
        tables: [],
        source: register('public', {}),
      }),
    },
    { [MADE]: { copy: '', place: `${module}:1` } },
  )
const code = (started = LATER) => codeOf(publication(), started)

/** What another content of a file does to the fingerprint; the first content has the first again. */
function change(name: string, [first, second]: readonly [string, string]): void {
  write(name, first)
  const before = code()
  expect(before).toMatch(/^[0-9a-f]{64}$/)
  write(name, second)
  expect(code(), name).not.toBe(before)
  write(name, first)
  expect(code(), name).toBe(before)
}

test('every file of the package counts, whatever it holds', () => {
  for (const name of ['app/dist/rules.js', 'app/dist/words.csv', 'app/package.json', 'app/other/new.txt'])
    change(name, ['one', 'two'])
  const before = code()
  write('app/dist/rules2.js', 'export const label = (l) => l')
  expect(code()).not.toBe(before)
})

test('packages that are installed count by the list of them, those that are linked by their files', () => {
  write('node_modules/dep/index.js', 'one')
  expect(code()).toBeNull()
  change('node_modules/.package-lock.json', ['one', 'two'])
  write('near/package.json', '{}')
  mkdirSync(join(folder, 'node_modules/@own'))
  symlinkSync(join(folder, 'near'), join(folder, 'node_modules/@own/near'), 'dir')
  change('near/index.js', ['one', 'two'])
})

test('a package whose files are imported by their place counts', () => {
  write('shared/package.json', '{}')
  write('app/dist/rules.js', "export { label } from '../../shared/index.js'")
  change('shared/index.js', ['one', 'two'])
})

test('nothing is told of what is newer than the process, or leads elsewhere', () => {
  expect(code(0)).toBeNull()
  const old = new Date(1)
  utimesSync(join(folder, 'app/dist/rules.js'), old, old)
  // When a file was last written can be set; when it last changed cannot.
  expect(code(1_000)).toBeNull()
  expect(codeOf(publication(false), LATER)).toBeNull()
  expect(codeOf(publication(true, join(folder, 'app/none.js')), LATER)).toBeNull()
  symlinkSync(join(folder, 'app/dist'), join(folder, 'app/link'), 'dir')
  expect(code()).toBeNull()
})
