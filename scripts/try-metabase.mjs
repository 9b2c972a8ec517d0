// Runs what is promised about Metabase against a real one, through its address alone:
//
//   METABASE_URL=http://127.0.0.1:3000 METABASE_ADMIN_EMAIL=… METABASE_ADMIN_PASSWORD=… node scripts/try-metabase.mjs
//
// The login is that of an administrator, or the one that a blank Metabase gets. It must reach the test servers of this machine at
// 127.0.0.1. What it makes has names of its own, and its dashboards are archived in the end; its data sources stay. Without
// METABASE_URL the stand-in is started as a program of its own, and tried in the same way. Called by the service `test` of
// deploy/compose.yaml.
import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const TESTS = ['packages/vitrine/test/metabase/live.test.ts', 'impact/test/dashboards/metabase.test.ts']
/** A Metabase that has just been started first makes its own database. */
const TRIES = 120
const PAUSE_MS = 5_000

async function startStandIn() {
  const child = spawn(process.execPath, [`${root}scripts/stand-in.mjs`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()))
    child.once('close', () => reject(new Error('the stand-in did not start')))
  })
  return { url, stop: () => child.kill() }
}

async function tagOf(url) {
  for (let tries = 1; ; tries++) {
    try {
      const answer = await fetch(`${url}/api/session/properties`)
      const { version } = await answer.json()
      return version.tag
    } catch (error) {
      if (tries >= TRIES) throw error
      await pause(PAUSE_MS)
    }
  }
}

const given = process.env.METABASE_URL?.replace(/\/+$/, '')
const metabase = given ? { url: given, stop: () => undefined } : await startStandIn()
try {
  process.stdout.write(`${given ? 'Metabase' : 'The stand-in'} ${await tagOf(metabase.url)} at ${metabase.url}\n`)
  const { METABASE_URL: _, METABASE_API_KEY: __, ...env } = process.env
  // One after the other: a blank Metabase is set up once.
  const words = ['node_modules/vitest/vitest.mjs', 'run', '--no-file-parallelism', ...TESTS]
  const options = { cwd: root, stdio: 'inherit', env: { ...env, METABASE_TEST_URL: metabase.url } }
  process.exitCode = spawnSync(process.execPath, words, options).status ?? 1
} finally {
  metabase.stop()
}
