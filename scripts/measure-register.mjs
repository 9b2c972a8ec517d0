// How long a register of 2 000 columns takes to compile, 120 published tables to check, and `init` on a source of 200 tables:
// `node scripts/measure-register.mjs`, after a build. Prints seconds of CPU and, for what they are worth on a busy machine, of the
// clock; `init` also those of the source's server.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { serverHome, startServer } from '../packages/embedded-postgres/dist/index.js'

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
const tool = 'packages/vitrine/dist/cli/main.js'
const alone = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig', 'register.ts']

/** Seconds of CPU of a program and those of the clock. */
function measured(program, words, cwd, env = process.env) {
  const script = `(time -p "$@" >&3 2>&3) 3>/dev/null 2>&1 | awk '/^real/ { r = $2 } /^(user|sys)/ { s += $2 } END { print s, r }'`
  const asked = ['-c', script, 'bash', process.execPath, join(root, program), ...words]
  const [cpu, clock] = spawnSync('bash', asked, { cwd, env, encoding: 'utf8' }).stdout.trim().split(' ')
  return `${cpu} s of CPU, ${clock} s of the clock`
}

for (const [what, program, words] of [
  ['compile the register', compiler, alone],
  ['compile the 120 tables', compiler, []],
  ['check the 120 tables', tool, ['check']],
]) {
  process.stdout.write(`${what}: ${measured(program, words, folder)}\n`)
}

const home = mkdtempSync(join(tmpdir(), 'vitrine-init-'))
const server = await startServer({ dataDirectory: serverHome(join(home, 'source')), ephemeral: true })
const client = new pg.Client({ connectionString: server.url('postgres') })
await client.connect()
const source = range(200, (at) => {
  const parent = at === 0 ? '' : `parent_id bigint references table_${at - 1},`
  return `create table table_${at} (id bigint generated always as identity primary key, ${parent} name text, email varchar(200),
    status text, amount numeric(12, 2), active boolean, notes text, settings jsonb, created_at timestamptz default now(), day date);
    insert into table_${at} (name, email, status, amount, notes, settings, day)
      select 'n' || n, 'a' || n || '@example.org', 'new', n, md5(n::text), '{}', current_date - n from generate_series(1, 300) n;`
})
await client.query(source)
await client.query('analyze')
await client.end()
/** Seconds of CPU of the server and of its processes that have ended; Linux alone tells. */
const ofServer = () => {
  const [utime = 0, stime = 0, ended = 0, endedSystem = 0] = readFileSync(`/proc/${server.pid}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ')
    .slice(11, 15)
    .map(Number)
  return (utime + stime + ended + endedSystem) / 100
}
const before = ofServer()
const env = { ...process.env, DATABASE_URL: server.url('postgres') }
const init = measured(
  tool,
  ['init', '--yes', '--only-files', '--name', 'wide', '--folder', join(home, 'made')],
  home,
  env,
)
process.stdout.write(`init on 200 tables: ${init}; the server ${(ofServer() - before).toFixed(2)} s of CPU\n`)
await server.stop('immediate')
rmSync(home, { recursive: true, force: true })
