/**
 * Illegal publications do not compile, and the compiler's words help: each compiler that teams use reads the examples against
 * the declarations as they are published. The older ones come from `node scripts/install-nodes.mjs`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const here = import.meta.dirname
const root = resolve(here, '../../../..')
const { compilers }: { readonly compilers: readonly string[] } = JSON.parse(
  readFileSync(join(root, 'test/node-versions.json'), 'utf8'),
)
const library = (version: string) =>
  join(root, version === 'own' ? '' : `.vitrine/typescript/${version}`, 'node_modules/typescript/bin/tsc')

const published = (file: string) => readFileSync(join(here, file), 'utf8').replace('../../src/index.ts', 'vitrine')
const EXPECTED = /^ *\/\/ @ts-expect-error .*$/gm

/** The lines that must not compile, each with the words that help. */
const mistakes = published('must-not-compile.ts')
  .split('\n')
  .flatMap((line, index) => (line.match(EXPECTED) ? [{ line: index + 2, words: /"(.*)"$/.exec(line)?.[1] ?? '' }] : []))

/** What the compiler says of some files beside the examples, by file. */
function compile(version: string, files: Readonly<Record<string, string>>, include: readonly string[] = []): string {
  mkdirSync(join(root, '.vitrine'), { recursive: true })
  const folder = mkdtempSync(join(root, '.vitrine/types-'))
  try {
    const paths = { vitrine: [join(root, 'packages/vitrine/dist/index.d.ts')] }
    // The declarations themselves are checked by our own compiler: the older ones take a quarter of a minute for it.
    const compilerOptions = { skipLibCheck: version !== 'own', paths }
    const settings = { extends: join(here, 'tsconfig.json'), compilerOptions, include: ['*.ts', ...include] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const words = [library(version), '-p', folder, '--pretty', 'false']
    return spawnSync(process.execPath, words, { encoding: 'utf8', cwd: folder }).stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the compiler says of the examples, by file and line. */
function saidBy(version: string): ReadonlyMap<string, string> {
  const mistaken = published('must-not-compile.ts').replace(EXPECTED, '//')
  const output = compile(version, { 'fine.ts': published('must-compile.ts'), 'mistakes.ts': mistaken })
  const said = new Map<string, string>()
  for (const [, file, line, text] of output.matchAll(/^(\S+?)\((\d+),\d+\): error ([\s\S]*?)(?=^\S|$(?![\s\S]))/gm)) {
    said.set(`${file}:${line}`, `${said.get(`${file}:${line}`) ?? ''}${text}`)
  }
  return said
}

const missing = compilers.filter((version) => !existsSync(library(version)))
if (missing.length > 0) {
  const which = `TypeScript ${missing.join(', ')}`
  process.stderr.write(`Skipped: ${which} not there; node scripts/install-nodes.mjs fetches what is missing.\n`)
}

for (const version of ['own', ...compilers]) {
  const name = `TypeScript ${version}: each mistake is refused in words that help, and nothing else is`
  test.skipIf(missing.includes(version))(name, () => {
    const said = saidBy(version)
    expect([...said.keys()]).toEqual(mistakes.map(({ line }) => `mistakes.ts:${line}`))
    for (const { line, words } of mistakes) expect(said.get(`mistakes.ts:${line}`)).toContain(words)
  })
}

test('a field that a new grammar adds to a node does not compile until somebody has decided about it', () => {
  const grammar = `import '@pgsql/types'
    declare module '@pgsql/types' { interface SelectStmt { groupByAll?: boolean } interface JoinExpr { newSide?: string } }`
  const output = compile('own', { 'grammar.ts': grammar }, [join(root, 'packages/vitrine/src/lineage/node-fields.ts')])
  const missing = [...output.matchAll(/node-fields\.ts\S+: error TS2741: Property '(\w+)' is missing/g)].map(
    ([, field]) => field,
  )
  expect(missing).toEqual(['newSide', 'groupByAll'])
})
