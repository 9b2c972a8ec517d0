// Installs the packed tool with npm, pnpm and yarn, in an ES and in a CommonJS project, and uses it there. On demand: pnpm and
// yarn come from the registry into a temporary folder, and one that cannot be had is skipped with a word.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'vitrine-managers-'))
const shell = process.platform === 'win32'
execFileSync('npm', ['pack', '--workspace', 'vitrine', '--pack-destination', home], {
  cwd: root,
  stdio: 'ignore',
  shell,
})
const packed = join(
  home,
  readdirSync(home).find((name) => name.endsWith('.tgz')),
)
const tools = join(home, 'tools')
mkdirSync(tools)
writeFileSync(join(tools, 'package.json'), '{ "private": true }')

const MANAGERS = {
  npm: { package: null, add: ['npm', 'install', '--no-audit', '--no-fund', packed] },
  pnpm: { package: 'pnpm@10', add: ['node', join(tools, 'node_modules/pnpm/bin/pnpm.cjs'), 'add', packed] },
  yarn: { package: 'yarn@1', add: ['node', join(tools, 'node_modules/yarn/bin/yarn.js'), 'add', packed] },
}
const USES = {
  module: [
    'index.mjs',
    "import { register } from 'vitrine'\nimport 'vitrine/run'\nimport 'vitrine/cli'\nprocess.exit(typeof register === 'function' ? 0 : 1)\n",
  ],
  commonjs: [
    'index.cjs',
    "const { register } = require('vitrine')\nrequire('vitrine/run')\nrequire('vitrine/cli')\nprocess.exit(typeof register === 'function' ? 0 : 1)\n",
  ],
}

let failed = false
for (const [name, manager] of Object.entries(MANAGERS)) {
  if (manager.package !== null) {
    const got = spawnSync('npm', ['install', '--no-audit', '--no-fund', manager.package], { cwd: tools, shell })
    if (got.status !== 0) {
      process.stdout.write(`${name}: skipped, it cannot be had here\n`)
      continue
    }
  }
  for (const [type, [file, text]] of Object.entries(USES)) {
    const folder = join(home, `${name}-${type}`)
    mkdirSync(folder)
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'adopter', version: '1.0.0', private: true, type }),
    )
    writeFileSync(join(folder, file), text)
    const [program, ...words] = manager.add
    const steps = [
      [program, words],
      ['node', [file]],
      ['npx', ['--no', 'vitrine', '--', '--version']],
    ]
    const wrong = steps.find(
      ([command, args]) => spawnSync(command, args, { cwd: folder, shell, stdio: 'ignore' }).status !== 0,
    )
    failed ||= wrong !== undefined
    process.stdout.write(
      `${name}, ${type}: ${wrong === undefined ? 'installed, imported, run' : `failed at ${wrong[0]}`}\n`,
    )
  }
}
rmSync(home, { recursive: true, force: true })
process.exitCode = failed ? 1 : 0
