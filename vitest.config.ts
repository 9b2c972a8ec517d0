import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

// The sources are tested, not the build: workspace names resolve to the TypeScript files.
const path = (relative: string) => new URL(relative, import.meta.url).pathname

export default defineConfig({
  resolve: {
    alias: [
      { find: /^vitrine$/, replacement: path('./packages/vitrine/src/index.ts') },
      { find: /^vitrine\/(run|cli|testing)$/, replacement: `${path('./packages/vitrine/src/')}$1.ts` },
      { find: /^@vitrine\/embedded-postgres$/, replacement: path('./packages/embedded-postgres/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'impact/test/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/postgres-servers.ts'],
    // Only what hangs takes so long: no loaded machine decides a result.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000 } },
    // The files of a worker share what they import: importing it anew took a twelfth of all the time.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // One more than the cores of the smallest machine: many tests wait.
    maxWorkers: 3,
  },
})
