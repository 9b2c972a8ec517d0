/** What a command has loaded when it ends: the parser only where it checks. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const impact = join(import.meta.dirname, '../impact/dist/cli/main.js')
const LIST = `import module from 'node:module'
  process.on('exit', () => process.stderr.write('\\n' + JSON.stringify(Object.keys(module._cache))))`

/** No server answers at this address: the driver is loaded, and the connection refused. */
const NOWHERE = 'postgresql://nobody:secret@127.0.0.1:1/nowhere'

function loadedBy(...line: readonly string[]): readonly string[] {
  const preload = `data:text/javascript,${encodeURIComponent(LIST)}`
  const env = { ...process.env, DATABASE_URL: NOWHERE, METABASE_DATABASE_URL: NOWHERE }
  const { stderr } = spawnSync(process.execPath, ['--import', preload, impact, ...line], { env, encoding: 'utf8' })
  const modules: readonly string[] = JSON.parse(stderr.split('\n').at(-1) ?? '')
  const parts = { parser: 'libpg-query', driver: 'pg/lib/client.js' }
  return Object.entries(parts).flatMap(([name, path]) => (modules.some((each) => each.includes(path)) ? [name] : []))
}

test.each<[string, readonly string[]]>([
  ['--version', []],
  ['--help', []],
  ['sync --help', []],
  ['status', ['driver']],
  ['runs', ['driver']],
  ['check', ['parser', 'driver']],
])('%s', (line, loaded) => {
  expect(loadedBy(...line.split(' '))).toEqual(loaded)
})
