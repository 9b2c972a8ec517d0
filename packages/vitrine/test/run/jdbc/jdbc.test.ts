/** A real JDBC client, where Java and Debian's pgjdbc and c3p0 are: what Metabase's own connections live through. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { because, bigint, from, integer } from '../../../src/index.ts'
import { deltaShop } from '../../delta/delta-shop.ts'
import { customer, source } from '../../publication/shop.ts'
import { ACROSS, Installation } from '../installation.ts'

const JARS = (process.env['VITRINE_JARS'] ?? '/usr/share/java')
  .split(':')
  .flatMap((folder) => [`${folder}/postgresql.jar`, `${folder}/c3p0.jar`])
const PUBLICATIONS = Number(process.env['VITRINE_JDBC_PUBLICATIONS'] ?? 10)
const missing = JARS.filter((jar) => !existsSync(jar))
const isThere = spawnSync('java', ['-version']).status === 0 && missing.length === 0

// Tables that are moved live through the same, with more waiting: on demand, with more publications.
const settings = ACROSS.slice(0, PUBLICATIONS > 10 ? 2 : 1)

describe.skipIf(!isThere).each(settings)(`a pool of JDBC connections on PostgreSQL %i, by %s`, (version, way) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 30, deltaShop({ deltaFloorRows: 0, deltaProofNights: 1_000 }))
    await shop.run()
  })
  afterAll(() => shop.drop())

  test(
    `${PUBLICATIONS} publications, structure and rows changed: no error, nothing empty, nothing mixed`,
    async () => {
      const url = `jdbc:postgresql://${new URL(shop.target.url()).host}/${shop.target.name}`
      const readers = spawn('java', [
        '-Xmx128m',
        '-cp',
        JARS.join(':'),
        join(import.meta.dirname, 'Readers.java'),
        url,
        shop.reader.user,
        shop.reader.password,
      ])
      let said = ''
      for (const stream of [readers.stdout, readers.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
      const ended = new Promise((resolve) => readers.on('close', resolve))
      await expect.poll(() => said).toContain('reading')
      const wide = shop.publication
      // Another order of other columns: the same position holds another type.
      const narrow = { ...wide, tables: [customer, narrowPurchase] }
      const ways = new Set<string>()
      for (let turn = 0; turn < PUBLICATIONS; turn++) {
        // The third of a structure gets what changed: tables that were published before, and statements know, come back.
        const publication = turn % 6 < 3 ? narrow : wide
        await shop.change(
          "insert into customer (email, password, name, created_at) values ('n@example.org', 'x', 'New', now())",
        )
        await shop.migrate(publication)
        for (const { way: read } of (await shop.run({ publication })).tables) ways.add(read)
      }
      readers.stdin.end()
      await ended
      const found = JSON.parse(said.slice(said.indexOf('{')))
      expect(found).toMatchObject({ errors: [], empty: 0, mixed: 0 })
      // On a crowded machine a listing may last so long that every table is read whole.
      if (PUBLICATIONS > 10) expect(ways.has('delta')).toBe(way === 'rename')
      expect(found.looks).toBeGreaterThan(PUBLICATIONS)
      expect(found.listings).toBeGreaterThan(0)
      expect(Math.max(...found.customers)).toBe(30 + PUBLICATIONS)
    },
    120_000 + PUBLICATIONS * 10_000,
  )
})

const narrowPurchase = from(source.selectFrom('purchase as p')).publish('shop_purchase', 'A purchase.', ({ ref }) => ({
  amount: integer(ref('p.amount'), 'Amount'),
  id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
  customer_id: bigint(because(ref('p.customer_id'), 'stable key'), 'Customer').references(() => customer),
}))
