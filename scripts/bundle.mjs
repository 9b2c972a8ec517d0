// Writes the JavaScript of `vitrine`: what its package.json exports and its command, in few files, because loading hundreds
// of them costs a run a tenth of its time (decision 0013). Dependencies stay outside; Kysely alone is taken inside. `tsc`
// checks the same sources and writes the declarations beside.
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const home = new URL('../packages/vitrine/', import.meta.url)
const { bin, exports, dependencies } = JSON.parse(readFileSync(new URL('package.json', home), 'utf8'))

const INSIDE = 'kysely'

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
await bundle.write({ dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' })
await bundle.close()
copyFileSync(new URL(`../node_modules/${INSIDE}/LICENSE`, import.meta.url), new URL(`${INSIDE}.LICENSE`, dist))
