// Publishes the package under a scope of one's own: `node scripts/release.mjs @scope 0.2.0 [--dry-run] [--provenance]`. What
// is published is a copy with the name changed, so that the sources keep the name that they import.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [scope = '', version = '', ...options] = process.argv.slice(2)
const home = fileURLToPath(new URL('../packages/vitrine/', import.meta.url))
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
if (!/^@[a-z0-9-]+$/.test(scope) || version !== manifest.version) {
  process.stderr.write(
    `Give a scope of your own and the version ${manifest.version}: node scripts/release.mjs @scope ${manifest.version}\n`,
  )
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'vitrine-release-'))
for (const name of ['dist', 'README.md', 'LICENSE']) cpSync(join(home, name), join(folder, name), { recursive: true })
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
// The registry takes a provenance only of a package that names the repository it was built in.
const repository =
  GITHUB_REPOSITORY === undefined
    ? {}
    : {
        repository: {
          type: 'git',
          url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`,
          directory: 'packages/vitrine',
        },
      }
const { devDependencies: _, ...published } = { ...manifest, ...repository, name: `${scope}/vitrine` }
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
const shell = process.platform === 'win32'
execFileSync('npm', ['publish', '--access', 'public', ...options], { cwd: folder, stdio: 'inherit', shell })
rmSync(folder, { recursive: true, force: true })
