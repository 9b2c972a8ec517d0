// Writes the JavaScript of `vitrine`: what its package.json exports and its command, in few files, because loading hundreds
// of them costs a run a tenth of its time (decision 0013). Dependencies stay outside; Kysely is taken inside, and of ECharts the
// parts that draw, in a file of their own that only a page loads. `tsc` checks the same sources and writes the declarations beside.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'

const home = new URL('../packages/vitrine/', import.meta.url)
const { bin, exports, dependencies } = JSON.parse(readFileSync(new URL('package.json', home), 'utf8'))

const INSIDE = 'kysely'
/** Nobody reads it, and it is larger than the tool: its file alone is written without names and spaces. */
const CHARTS = 'echarts'

/** `./dist/cli/main.js` is built from `src/cli/main.ts`. */
const entries = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)].map((path) => {
  const [, name] = /^\.\/dist\/(.+)\.js$/.exec(path)
  return [name, `src/${name}.ts`]
})

const outside = Object.keys(dependencies).filter((name) => name !== INSIDE)

const bundle = await rolldown({
  cwd: fileURLToPath(home),
  input: Object.fromEntries(entries),
  platform: 'node',
  external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
  // A subpath has all the exports of its module, used or not.
  preserveEntrySignatures: 'strict',
})
const dist = new URL('dist/', home)
// What an earlier build left would be packed.
for (const name of readdirSync(dist, { recursive: true })) if (/\.(?:js|map)$/.test(name)) rmSync(new URL(name, dist))
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name].js',
  // Whoever reads the sources has them; a stack still names functions and lines.
  comments: false,
})
for (const { name, fileName, code } of output) {
  if (name === CHARTS) writeFileSync(new URL(fileName, dist), minifySync(fileName, code).code)
}
await bundle.close()
for (const [name, file] of [
  [INSIDE, 'LICENSE'],
  [CHARTS, 'LICENSE'],
  [CHARTS, 'NOTICE'],
  ['zrender', 'LICENSE'],
]) {
  copyFileSync(new URL(`../node_modules/${name}/${file}`, import.meta.url), new URL(`${name}.${file}`, dist))
}
// npm links a command when it installs, and then there was none yet: `npx --no vitrine` works in the clone too from now on.
for (const path of Object.values(bin)) chmodSync(new URL(path, home), 0o755)
if (!existsSync(new URL('../node_modules/.bin/vitrine', import.meta.url))) {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const asked = ['rebuild', 'vitrine', '--ignore-scripts', '--silent']
  spawnSync('npm', asked, { cwd: root, stdio: 'ignore', shell: process.platform === 'win32' })
}
