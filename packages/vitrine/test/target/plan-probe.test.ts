import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { serverHome, startServer } from '@vitrine/embedded-postgres'
import { expect, test } from 'vitest'
import pg from 'pg'
test.each([18, 15] as const)('start %s', async (version) => {
  const t0 = performance.now()
  console.log('')
  const server = await startServer({ dataDirectory: serverHome(join(tmpdir(), `probe-${process.pid}-${version}`)), version, ephemeral: true })
  const t1 = performance.now()
  const c = new pg.Client({ connectionString: server.url('postgres') }); await c.connect()
  console.log((await c.query('select version()')).rows)
  await c.end()
  await server.stop()
  console.log(t1 - t0, performance.now() - t1)
  expect(1).toBe(1)
})
