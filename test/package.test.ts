/**
 * The package `vitrine` as another team gets it: what is packed, what can be imported, and a publication that compiles and is
 * checked with the packed tool alone. Its dependencies come from this repository, so that no network is needed.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as written from '../packages/vitrine/src/index.ts'
import { root } from './documentation/commands.ts'
import { fencesIn } from './documentation/guide.ts'

const PUBLIC = ['vitrine', 'vitrine/run', 'vitrine/cli', 'vitrine/testing']
/** Bytes that the package takes when it is installed; its sizes today are 2.8 MB and 0.83 MB, ECharts included. */
const LARGEST = { installed: 3_000_000, packed: 880_000 }

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}
interface Manifest {
  readonly license?: string
  readonly keywords?: readonly string[]
  readonly engines?: { readonly node: string }
  readonly bin: { readonly vitrine: string }
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies: Readonly<Record<string, string>>
}

const folder = mkdtempSync(join(tmpdir(), 'vitrine-package-'))
const home = join(folder, 'node_modules/vitrine')
/** What a script writes in the project. */
function inProject(script: string, ...argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...argv], { cwd: folder, encoding: 'utf8' })
  expect([script, status, status === 0 ? '' : stdout + stderr]).toEqual([script, 0, ''])
  return stdout
}
let packed: Packed
let manifest: Manifest

beforeAll(() => {
  const pack = ['pack', '--json', '--workspace', 'vitrine', '--pack-destination', folder]
  const shell = process.platform === 'win32'
  const [one]: readonly Packed[] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8', shell }))
  if (one === undefined) throw new Error('npm packed nothing')
  packed = one
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', home, '--strip-components=1'])
  manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'dir')
  }
  for (const { file, text } of fencesIn('docs/adopting.md')) {
    if (file === null) continue
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the package', () => {
  test('has the build, the page about it, the licence, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path)
    const unwanted = paths.filter((path) => !/^(?:LICENSE|README\.md|package\.json|dist\/.+\.(?:js|d\.ts))$/.test(path))
    expect(unwanted).toEqual([
      'dist/echarts.LICENSE',
      'dist/echarts.NOTICE',
      'dist/kysely.LICENSE',
      'dist/zrender.LICENSE',
    ])
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.d.ts']))
    expect(packed.unpackedSize).toBeLessThan(LARGEST.installed)
    expect(packed.size).toBeLessThan(LARGEST.packed)
  })

  // No address of a repository: there is none to name yet.
  test('says what it is, under which licence, and on which Node it runs', () => {
    expect(manifest).toMatchObject({ license: 'MIT', engines: { node: expect.stringMatching(/^>=20\.19/) } })
    expect(manifest.keywords?.length).toBeGreaterThan(3)
    expect(readFileSync(join(home, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
  })

  test('leaves its dependencies outside, Kysely apart', () => {
    const scripts = packed.files.filter(({ path }) => path.endsWith('.js'))
    const imported = scripts.flatMap(({ path }) =>
      [
        ...readFileSync(join(home, path), 'utf8').matchAll(
          /(?:^(?:import|export)\b[^;]*? from |\bimport\(|\bcreateRequire\(import\.meta\.url\)\()"([^."][^"]*)"\)?/gm,
        ),
      ].map(([, name = '']) => name.replace(/^node:/, '').replace(/^([^@/]+)\/.*/, '$1')),
    )
    const others = [...new Set(imported)].filter((name) => !builtinModules.includes(name))
    expect([...others, 'kysely'].toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted())
  })
})

describe('what can be imported', () => {
  test('is four names', () => {
    const names = Object.keys(manifest.exports).map((path) => path.replace(/^\./, 'vitrine'))
    expect(names).toEqual(PUBLIC)
  })

  test('and nothing else of the package', () => {
    const inside = packed.files.flatMap(({ path }) => [
      `vitrine/${path}`,
      ...(path.endsWith('.d.ts') ? [`vitrine/${path.replace(/^dist\/|\.d\.ts$/g, '')}`] : []),
    ])
    const tried = inside.filter((name) => !PUBLIC.includes(name) && name !== 'vitrine/index')
    expect(tried.length).toBeGreaterThan(100)
    const script = `
      const open = []
      for (const name of ${JSON.stringify([...tried, 'vitrine/index'])}) {
        try { await import(name); open.push(name) } catch ({ code }) {
          if (code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') open.push(name + ' ' + code)
        }
      }
      process.stdout.write(JSON.stringify(open))`
    writeFileSync(join(folder, 'tried.mjs'), script)
    expect(JSON.parse(inProject('tried.mjs'))).toEqual([])
  })

  test.each(['impact', 'bench', 'examples'])('%s needs no more', (part) => {
    const files = execFileSync('git', ['ls-files', '-z', '--', `${part}/*.ts`], { cwd: root, encoding: 'utf8' })
    const found = files
      .split('\0')
      .filter((path) => path !== '' && !path.includes('/test/'))
      .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)])
      .map(([, name = '']) => name)
      .filter((name) => /^vitrine(?:\/|$)|packages\/vitrine/.test(name))
    expect([...new Set(found)].filter((name) => !PUBLIC.includes(name))).toEqual([])
  })
})

describe('a publication that knows the package alone', () => {
  test('compiles, declarations included, and is checked', () => {
    writeFileSync(
      join(folder, 'publication/night.ts'),
      `import { type Program, COMMANDS, runProgram } from 'vitrine/cli'
       import { connect, parseAddress, sync, VitrineError } from 'vitrine/run'
       import { loadOneTable, selectText } from 'vitrine/testing'
       import publication from './index.ts'
       import { member } from './member.ts'
       export const text: string = selectText(member)
       export const parts = { connect, COMMANDS, loadOneTable, parseAddress, runProgram, sync, VitrineError }
       export const programOf = ({ commands }: Pick<Program, 'commands'>) => ({ commands, publication })`,
    )
    inProject(join(root, 'node_modules/typescript/bin/tsc'), '--declaration')
    expect(readdirSync(join(folder, 'dist'))).toContain('member.d.ts')
    expect(inProject(join(home, manifest.bin.vitrine), 'check')).toMatch(/^The publication is sound: /)
    writeFileSync(join(folder, 'text.mjs'), "process.stdout.write((await import('./dist/night.js')).text)")
    expect(inProject('text.mjs')).toMatch(/^select /)
  })

  test('may bring its own Kysely', async () => {
    // The name is a variable, so that the type checker takes no declarations for it.
    const built: typeof written = await import(join(home, 'dist/index.js'))
    expect(Object.keys(built).toSorted()).toEqual(Object.keys(written).toSorted())
    expect(sql).not.toBe(built.sql)
    const source = built.register('public', { book: { id: built.open.bigint, title: built.open.text } })
    const table = built.from(source.selectFrom('book as b')).publish('book', 'A book.', ({ ref }) => ({
      id: built.bigint(ref('b.id'), 'Key').primaryKey(),
      letters: built.integer(sql<number>`length(${ref('b.title')})`, 'Letters of the title'),
    }))
    const settings = { name: 'books', schema: 'books', source, tables: [table], writer: 'w', reader: 'r' }
    expect((await built.checkPublication(built.definePublication(settings))).problems).toEqual([])
  })
})
