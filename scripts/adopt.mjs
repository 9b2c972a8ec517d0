// Acts as somebody who adopts the tool: an empty folder, the packed packages, and a database in each shape that the tests
// know. Prints how many minutes, commands and lines by hand it took until readers had rows. On demand: npm fetches what the
// packages depend on. `node scripts/adopt.mjs [schema…]`
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { serverHome, startServer } from '../packages/embedded-postgres/dist/index.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const shapes = join(root, 'packages/vitrine/test/onboarding/schemas')
const asked = process.argv.slice(2)
const schemas = readdirSync(shapes)
  .map((name) => basename(name, '.sql'))
  .filter((name) => asked.length === 0 || asked.includes(name))

const home = mkdtempSync(join(tmpdir(), 'vitrine-adopt-'))
const shell = process.platform === 'win32'
const workspaces = ['vitrine', '@vitrine/embedded-postgres'].flatMap((name) => ['--workspace', name])
execFileSync('npm', ['pack', ...workspaces, '--pack-destination', home], { cwd: root, stdio: 'ignore', shell })
const packages = readdirSync(home).map((name) => join(home, name))

const server = await startServer({ dataDirectory: serverHome(join(home, 'source')), ephemeral: true })
async function query(database, sql) {
  const client = new pg.Client({ connectionString: server.url(database) })
  await client.connect()
  await client.query(sql)
  await client.end()
}

let failed = false
process.stdout.write('schema      commands  minutes  lines by hand  rows\n')
for (const schema of schemas) {
  await query('postgres', `create database ${schema}`)
  await query(schema, readFileSync(join(shapes, `${schema}.sql`), 'utf8'))
  const folder = join(home, schema)
  mkdirSync(folder)
  const { PATH, HOME } = process.env
  const env = { PATH, HOME, DATABASE_URL: server.url(schema) }
  const commands = [
    ['npm', 'install', '--no-audit', '--no-fund', ...packages],
    ['npx', '--no', 'vitrine', '--', 'init', '--yes', '--json', '--name', 'first'],
  ]
  const begun = performance.now()
  let answer = null
  for (const [program, ...words] of commands) {
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, env, encoding: 'utf8', shell })
    if (status !== 0) process.stderr.write(`${program} ${words.join(' ')}\n${stderr}${stdout}`)
    else if (program === 'npx') answer = JSON.parse(stdout)
  }
  const minutes = ((performance.now() - begun) / 60_000).toFixed(2)
  failed ||= !(answer?.published?.rows > 0)
  const cells = [schema.padEnd(10), String(commands.length).padStart(8), minutes.padStart(7), '0'.padStart(13)]
  process.stdout.write(`${cells.join('  ')}  ${String(answer?.published?.rows ?? '–').padStart(4)}\n`)
  spawnSync('npx', ['--no', 'vitrine', '--', 'embedded', '--stop'], { cwd: folder, env, shell })
  rmSync(folder, { recursive: true, force: true })
}
await server.stop('immediate')
rmSync(home, { recursive: true, force: true })
process.exitCode = failed ? 1 : 0
