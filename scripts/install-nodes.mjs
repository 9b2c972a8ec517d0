// Fetches the Nodes of test/node-versions.json into .vitrine/nodes, from the packages of npm that carry them. Called by
// .ci/run; test/node-versions.test.ts uses what it finds there.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const { runs, refused } = JSON.parse(readFileSync(new URL('test/node-versions.json', root), 'utf8'))
const carrier = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

for (const version of [...runs, refused]) {
  const folder = fileURLToPath(new URL(`.vitrine/nodes/${version}`, root))
  if (existsSync(`${folder}/node_modules/${carrier}/package.json`)) continue
  mkdirSync(folder, { recursive: true })
  const words = ['install', '--prefix', folder, '--no-save', '--no-package-lock', '--loglevel=error']
  const options = { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' }
  if (spawnSync('npm', [...words, `${carrier}@${version}`], options).status !== 0) {
    process.stderr.write(`npm could not install ${carrier}@${version}\n`)
    process.exit(1)
  }
}
