// Fetches the Nodes and the TypeScripts of test/node-versions.json into .vitrine, from the packages of npm that carry them, and
// Metabase's own command line. Called by .ci/run; test/node-versions.test.ts, and packages/vitrine/test/types and /metabase use
// what they find there.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const { runs, refused, compilers } = JSON.parse(readFileSync(new URL('test/node-versions.json', root), 'utf8'))
const carrier = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

function fetch(place, name, version) {
  const folder = fileURLToPath(new URL(`.vitrine/${place}/${version}`, root))
  if (existsSync(`${folder}/node_modules/${name}/package.json`)) return
  mkdirSync(folder, { recursive: true })
  const words = ['install', '--prefix', folder, '--no-save', '--no-package-lock', '--loglevel=error']
  const options = { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' }
  if (spawnSync('npm', [...words, `${name}@${version}`], options).status !== 0) {
    process.stderr.write(`npm could not install ${name}@${version}\n`)
    process.exit(1)
  }
}
for (const version of [...runs, refused]) fetch('nodes', carrier, version)
// An alias in package.json would take the name `tsc` from our own compiler.
for (const version of compilers) fetch('typescript', 'typescript', version)
// Its licence is the AGPL: a program that the tests run, and no part of the repository or of the package.
fetch('metabase-cli', '@metabase/cli', '0.3.1')
