// Makes a bare clone ready: refuses an old Node, and runs `npm ci` when the installed packages are not those of the
// lockfile. Called by `npm start` and `npm test`; it must work with no package installed, so it is plain JavaScript.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Node ${process.versions.node} is too old: install Node 20.19 or later.\n`)
  process.exit(2)
}

const root = new URL('../', import.meta.url)
const lock = createHash('sha256')
  .update(readFileSync(new URL('package-lock.json', root)))
  .digest('hex')
const stamp = new URL('node_modules/.vitrine-lock', root)
const platform = `${process.platform}-${process.arch} ${lock}\n`
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== platform) {
  process.stderr.write('Installing the packages of package-lock.json (npm ci) …\n')
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (done.status !== 0) {
    process.stderr.write('npm ci failed: see above. Nothing was started.\n')
    process.exit(1)
  }
  writeFileSync(stamp, platform)
}
