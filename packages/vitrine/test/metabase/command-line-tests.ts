/** Metabase's own command line, as a program: it lists, reads and runs what we applied, and its schema accepts our queries. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Entity } from './answers.ts'
import type { metabaseShop } from './metabase-shop.ts'

const program = join(
  import.meta.dirname,
  '../../../../.vitrine/metabase-cli/0.3.1/node_modules/@metabase/cli/dist/cli.mjs',
)
const isThere = existsSync(program)
if (!isThere) process.stderr.write('Skipped: @metabase/cli is not there; node scripts/install-nodes.mjs fetches it.\n')

export function commandLineTests(shop: () => Awaited<ReturnType<typeof metabaseShop>>): void {
  /** What it prints, as data. */
  async function mb(words: string, input: object | null = null): Promise<Entity> {
    const { metabase, folder } = shop()
    const key = String(metabase.keys[0]?.['unmasked_key'])
    const env = { PATH: process.env['PATH'], HOME: folder, MB_URL: metabase.url, MB_API_KEY: key, CI: '1' }
    const child = spawn(process.execPath, [program, ...words.split(' '), '--json'], { env, cwd: folder })
    const written = { out: '', err: '' }
    child.stdout.on('data', (part) => (written.out += part))
    child.stderr.on('data', (part) => (written.err += part))
    child.stdin.end(input === null ? '' : JSON.stringify(input))
    const status = await new Promise((resolve) => child.on('close', resolve))
    expect([words, status, written.err, written.out.slice(0, 300)]).toEqual([words, 0, '', expect.any(String)])
    return JSON.parse(written.out) as Entity // sound because it prints one object.
  }

  describe.skipIf(!isThere)('the official command line', () => {
    test('lists, reads and runs what was applied', async () => {
      const { metabase } = shop()
      const [card] = metabase.cards.filter(({ name }) => name === 'Customers')
      const listed = await mb('card list')
      expect(JSON.stringify(listed)).toContain('Customers by country, l’été')
      expect(await mb(`card get ${card?.['id']}`)).toMatchObject({ name: 'Customers' })
      expect(JSON.stringify(await mb(`card query ${card?.['id']}`))).toContain('60')
      const board = metabase.dashboards[0]?.['id']
      expect(JSON.stringify(await mb('dashboard list'))).toContain('Who buys?')
      expect(await mb(`dashboard get ${board}`)).toMatchObject({ name: 'Who buys?' })
      expect(JSON.stringify(await mb('db list'))).toContain('Shop')
      expect(JSON.stringify(await mb('collection list'))).toContain('Boutique')
    })

    test('accepts the queries that we send', async () => {
      const queries = shop().metabase.cards.map(({ dataset_query }) => dataset_query as Entity) // sound because every card has one.
      for (const query of queries.filter((each) => 'stages' in each))
        expect(await mb('query --dry-run', query)).toEqual({ ok: true, errors: [] })
    })
  })
}
