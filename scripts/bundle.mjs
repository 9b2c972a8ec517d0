// Writes the JavaScript of `vitrine`: one chunk of the whole tool and one of its command line, with Kysely inside, and a
// small file for each module that other packages import. Loading the 280 files of Kysely and the 130 of the tool one by one
// costs a quarter of a second at each start, which is a tenth of a run; the chunks cost a third of that (decision 0013).
// `tsc` checks the same sources and writes the declarations beside.
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const home = new URL('../packages/vitrine/', import.meta.url)
/** What others import, by the `exports` of the package, and its command. */
const names = ['index', 'run', 'cli', 'testing', 'cli/main']

/** What only the command line needs, with the libraries that it stands on. */
const COMMANDS = /[\\/]src[\\/](?:cli|schedule)[\\/]/
/** What runs when it is loaded stands alone: a chunk holds only what may be loaded by anybody. */
const PROCESS = /[\\/]src[\\/]cli[\\/]main\.ts$/

const bundle = await rolldown({
  cwd: fileURLToPath(home),
  input: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
  platform: 'node',
  external: ['pg', 'commander', 'croner', 'csv-parse/sync', 'csv-stringify/sync'],
  // A subpath has all the exports of its module, used or not.
  preserveEntrySignatures: 'strict',
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name].js',
  codeSplitting: {
    groups: [
      { name: 'core', priority: 1, test: (id) => !COMMANDS.test(id) },
      { name: 'cli', test: (id) => COMMANDS.test(id) && !PROCESS.test(id) },
    ],
  },
})
await bundle.close()
