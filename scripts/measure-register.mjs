// How long a register of 2 000 columns takes to compile, and 120 published tables to check: `node scripts/measure-register.mjs`,
// after a build. Prints seconds of CPU: on a busy machine the clock says nothing.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const folder = join(root, '.vitrine/measured')
const KINDS =
  'indirect.bigint personal.text open.text.nullable open.integer indirect.timestamptz open.numeric open.boolean open.jsonb'.split(
    ' ',
  )
const range = (size, write) => Array.from({ length: size }, (_, index) => write(index)).join('\n')
const columns = range(33, (at) => `    column_${at}: ${KINDS[at % KINDS.length]},`)
const register = `import { indirect, open, personal, register } from 'vitrine'
export const source = register('public', {
${range(60, (at) => `  table_${at}: {\n    id: indirect.bigint,\n${columns}\n  },`)}
})`
const published = (at) => `export const published_${at} = from(
  source.selectFrom('table_${at % 60} as t').leftJoin('table_${(at + 1) % 60} as u', 'u.id', 't.id'),
).publish('published_${at}', 'x', ({ ref }) => ({
  id: bigint(because(ref('t.id'), 'key'), 'x').primaryKey(),
${range(
  4,
  (
    of,
  ) => `  a${of}: text(ref('t.column_${8 * of + 2}'), 'x').nullable(), b${of}: integer(ref('t.column_${8 * of + 3}'), 'x'),
  c${of}: timestamptz(because(ref('t.column_${8 * of + 4}'), 'day'), 'x'), d${of}: boolean(present(ref('t.column_${8 * of + 1}')), 'x'),`,
)}
}))`

const files = {
  'package.json': '{ "type": "module" }',
  'tsconfig.json': `{ "compilerOptions": { "module": "nodenext", "target": "es2023", "strict": true, "skipLibCheck": true, "outDir": "dist", "rewriteRelativeImportExtensions": true, "rootDir": "." } }`,
  'register.ts': register,
  'tables.ts': `import { because, bigint, boolean, from, integer, present, text, timestamptz } from 'vitrine'\nimport { source } from './register.ts'\n${range(120, published)}`,
  'index.ts': `import { definePublication } from 'vitrine'\nimport { source } from './register.ts'\nimport * as tables from './tables.ts'
export default definePublication({ name: 'big', schema: 'big', source, tables: Object.values(tables), writer: 'w', reader: 'r' })`,
  'vitrine.config.js': "export { default } from './dist/index.js'",
}
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)

const compiler = 'node_modules/typescript/bin/tsc'
const alone = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig', 'register.ts']
for (const [what, program, words] of [
  ['compile the register', compiler, alone],
  ['compile the 120 tables', compiler, []],
  ['check the 120 tables', 'packages/vitrine/dist/cli/main.js', ['check']],
]) {
  const script = `(time -p "$@" >&3) 3>/dev/null 2>&1 | awk '/^(user|sys)/ { s += $2 } END { print s }'`
  const { stdout } = spawnSync('bash', ['-c', script, 'bash', process.execPath, join(root, program), ...words], {
    cwd: folder,
    encoding: 'utf8',
  })
  process.stdout.write(`${what}: ${stdout.trim()} s\n`)
}
