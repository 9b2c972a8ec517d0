/** How a publication is loaded: as a module of any kind, by one copy of the package, with words for what goes wrong, and where. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../../../test/documentation/commands.ts'
import { EXIT } from '../../src/base/errors.ts'

const TOOL = join(root, 'packages/vitrine')
/** Called like the tool itself: its files are the team's all the same. */
const folder = join(mkdtempSync(join(tmpdir(), 'vitrine-load-')), 'vitrine')
const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
/** `check` by a Node, the tests' own unless another is given. */
function check(path: string, node = process.execPath, main = join(TOOL, 'dist/cli/main.js')) {
  const { PATH = '', HOME = '' } = process.env
  const options = { cwd: folder, env: { PATH, HOME }, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(node, [main, 'check', '--publication', path], options)
  return { status, stdout, stderr }
}
const SOUND = expect.stringMatching(/^The publication is sound: 1 table/)

const body = (rest = '') => `
const source = register('public', { book: { id: open.bigint, title: indirect.text } })
const book = from(source.selectFrom('book as b')).publish('book', 'A book.', ({ ref }) => ({
  id: bigint(ref('b.id'), 'Key').primaryKey(),
  title: text(because(ref('b.title'), 'A title.'), 'Title'),${rest}
}))
const publication = definePublication({ name: 'books', schema: 'books', source, tables: [book], writer: 'w', reader: 'r' })
`
const NAMES = '{ because, bigint, definePublication, from, indirect, open, register, text }'

beforeAll(() => {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  symlinkSync(TOOL, join(folder, 'node_modules/vitrine'), 'dir')
})
afterAll(() => rmSync(dirname(folder), { recursive: true, force: true }))

describe('a publication', () => {
  test.each([
    ['an ES module', 'a.mjs', `import ${NAMES} from 'vitrine'${body()}export default publication`],
    ['of CommonJS', 'b.cjs', `const ${NAMES} = require('vitrine')${body()}module.exports = publication`],
    [
      'compiled to CommonJS',
      'c.cjs',
      `Object.defineProperty(exports, '__esModule', { value: true })\nconst ${NAMES} = require('vitrine')${body()}exports.default = publication`,
    ],
  ])('%s is sound', (_, path, text) => {
    put(path, text)
    expect(check(path)).toEqual({ status: EXIT.ok, stdout: SOUND, stderr: '' })
  })

  test('that throws, or has a syntax error, is told with its place', () => {
    put('throws.mjs', `import ${NAMES} from 'vitrine'\nthrow new Error('canary')\n`)
    const thrown = check('throws.mjs')
    expect([thrown.status, thrown.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining(`at ${join(folder, 'throws.mjs')}:2.`),
    ])
    expect(thrown.stderr).not.toContain('canary')
    put('syntax.mjs', 'export default {{')
    expect(check('syntax.mjs').stderr).toContain(`node ${join(folder, 'syntax.mjs')}`)
  })

  test('of another copy of the package is told so, and not by what it leads to', () => {
    const other = join(folder, 'other/node_modules/vitrine')
    cpSync(join(TOOL, 'dist'), join(other, 'dist'), { recursive: true })
    cpSync(join(TOOL, 'package.json'), join(other, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'other/node_modules/vitrine/node_modules'), 'dir')
    put('other/d.mjs', `import ${NAMES} from 'vitrine'${body()}export default publication`)
    const { status, stderr } = check('other/d.mjs')
    expect([status, stderr]).toEqual([
      EXIT.usage,
      expect.stringMatching(/PACKAGE_TWICE[\s\S]*uses .*other\/node_modules\/vitrine\n.*is .*packages\/vitrine\n/),
    ])
  })
})

describe('without a build', () => {
  const nodes: readonly string[] = JSON.parse(readFileSync(join(root, 'test/node-versions.json'), 'utf8')).runs
  const carrier = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const nodeOf = (version: string) =>
    join(
      root,
      '.vitrine/nodes',
      version,
      'node_modules',
      carrier,
      process.platform === 'win32' ? 'bin/node.exe' : 'bin/node',
    )
  beforeAll(() =>
    put(
      'plain/index.ts',
      `import ${NAMES} from 'vitrine'\nconst typed: string = 'x'${body()}export default publication`,
    ),
  )

  for (const version of nodes) {
    test.skipIf(!existsSync(nodeOf(version)))(
      `Node ${version} ${version.startsWith('20') ? 'says what to do' : 'runs TypeScript'}`,
      () => {
        const { status, stdout, stderr } = check('plain/index.ts', nodeOf(version))
        if (!version.startsWith('20')) expect([status, stdout]).toEqual([EXIT.ok, SOUND])
        else
          expect([status, stderr]).toEqual([
            EXIT.usage,
            expect.stringMatching(/reads no TypeScript[\s\S]*Node 22\.18 or later, or build with tsc/),
          ])
      },
    )
  }
})

test('sources that were edited after the build are named', () => {
  put('built/tsconfig.json', '{ "compilerOptions": { "rootDir": "publication", /* as usual */ "outDir": "dist" } }')
  put('built/dist/index.js', `import ${NAMES} from 'vitrine'${body()}export default publication`)
  put('built/dist/package.json', '{ "type": "module" }')
  for (const name of ['index', 'other']) put(`built/publication/${name}.ts`, '')
  put('built/dist/other.js', '')
  expect(check('built/dist/index.js').stderr).toBe('')
  const later = new Date(Date.now() + 60_000)
  utimesSync(join(folder, 'built/publication/index.ts'), later, later)
  expect(check('built/dist/index.js')).toEqual({
    ...{ status: EXIT.ok, stdout: SOUND },
    stderr: `warning: ${join('built/publication/index.ts')}: edited since the last build → build first\n`,
  })
})

test('a CommonJS project gets every part of the package by require', () => {
  put(
    'require.cjs',
    "for (const name of ['vitrine', 'vitrine/run', 'vitrine/cli', 'vitrine/testing']) console.log(typeof require(name))",
  )
  expect(execFileSync(process.execPath, ['require.cjs'], { cwd: folder, encoding: 'utf8' })).toBe('object\n'.repeat(4))
})
