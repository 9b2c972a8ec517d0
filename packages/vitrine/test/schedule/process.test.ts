/** The built schedule as a process: it lives through an unreachable target and a webhook, and ends at once when asked. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { receive } from './receiver.ts'

const built = join(import.meta.dirname, '../../dist')
const folder = mkdtempSync(join(tmpdir(), 'vitrine-schedule-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends the schedule in good order', async (signal) => {
  const webhook = await receive()
  writeFileSync(
    join(folder, 'vitrine.config.mjs'),
    `import { because, bigint, definePublication, from, indirect, register } from '${pathToFileURL(join(built, 'index.js'))}'
     const source = register('public', { customer: { id: indirect.bigint } })
     const customer = from(source.selectFrom('customer as c')).publish('shop_customer', 'A customer.', ({ ref }) => ({
       id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
     }))
     export default definePublication({ name: 'shop', schema: 'shop', source, tables: [customer], writer: 'w', reader: 'r',
       limits: { retryFirstMs: 20, retryTries: 2 } })`,
  )
  const child = spawn(process.execPath, [join(built, 'cli/main.js'), 'schedule'], {
    cwd: folder,
    env: {
      DATABASE_URL: 'postgresql://app:x@127.0.0.1:1/app',
      METABASE_DATABASE_URL: 'postgresql://w:x@127.0.0.1:1/metabase',
      VITRINE_ALARM_WEBHOOK: webhook.url,
    },
  })
  let stderr = ''
  let asked = 0
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    if (asked > 0 || !stderr.includes('Next run due')) return
    asked = performance.now()
    child.kill(signal)
  })
  const status = await new Promise((resolve) => child.once('close', resolve))
  await webhook.close()
  expect(performance.now() - asked).toBeLessThan(3_000)
  expect(status).toBe(0)
  expect(stderr).toMatch(/Failed once; trying again in \d+ ms\./)
  expect(stderr).toMatch(/alarm: Vitrine shop: nothing published for .+ after 2 tries\. CONNECTION_FAILED: /)
  expect(stderr).toMatch(/The schedule has ended\.\n$/)
  expect(stderr).not.toContain('canary')
  expect(webhook.received.map(({ body }) => JSON.parse(body))).toMatchObject([{ kind: 'failed', attempts: 2 }])
})
