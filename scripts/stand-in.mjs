// The stand-in for Metabase as a program of its own, which any Node runs: prints its address. Started by try-metabase.mjs and by
// the bench of Metabase.
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const input = fileURLToPath(new URL('../packages/vitrine/test/metabase/serve-stand-in.ts', import.meta.url))
const file = fileURLToPath(new URL(`../.vitrine/stand-in-${process.pid}.mjs`, import.meta.url))
const build = await rolldown({ input, platform: 'node', external: ['pg'] })
await build.write({ file, codeSplitting: false })
await import(file)
