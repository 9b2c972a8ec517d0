/** The driver reads the environment for whatever it is not given. It is given all: nonsense in each variable changes nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as language from '../../src/index.ts'
import { KEY } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'
import { plainShop } from '../run/plain-shop.mjs'

/** Every name that the driver's sources could read, and those of libpq. */
function variables(): readonly string[] {
  const require = createRequire(import.meta.url)
  const folders = ['pg', 'pgpass'].map((name) => dirname(require.resolve(name)))
  const texts = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  )
  const text = texts.join('\n')
  return [
    ...[...text.matchAll(/\bval\('(\w+)', config/g)].map(([, key = '']) => `PG${key.toUpperCase()}`),
    ...[...text.matchAll(/\b((?:PG|NODE_PG_)[A-Z_]{3,})\b/g)].map(([, name = '']) => name),
    ...[
      'PGCLIENTENCODING',
      'PGDATESTYLE',
      'PGTZ',
      'PGTARGETSESSIONATTRS',
      'PGSERVICE',
      'PGSSLROOTCERT',
      'PGSSLCERT',
      'PGSSLKEY',
    ],
    ...[
      'PGCHANNELBINDING',
      'PGREQUIREAUTH',
      'PGHOSTADDR',
      'PGGSSENCMODE',
      'PGLOADBALANCEHOSTS',
      'PGSYSCONFDIR',
      'PGGEQO',
      'USER',
    ],
  ]
}

let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 30, (roles) => plainShop(language, roles))
})
afterAll(() => shop.drop())

async function child(line: string, environment: Readonly<Record<string, string>>) {
  const roles = { writer: shop.writer.user, reader: shop.reader.user }
  const script = join(import.meta.dirname, 'child-command.mjs')
  const started = spawn(process.execPath, [script, JSON.stringify({ roles, line })], { env: environment })
  let said = ''
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [status] = await once(started, 'close')
  return { status, said }
}

test('a run and a look at it, with nonsense in every variable', async () => {
  const names = variables()
  for (const name of [
    'PGPASSWORD',
    'PGOPTIONS',
    'PGSSLNEGOTIATION',
    'PGSSLMODE',
    'PGREPLICATION',
    'PGPASSFILE',
    'NODE_PG_FORCE_NATIVE',
  ])
    expect(names).toContain(name)
  const nonsense = {
    ...Object.fromEntries(names.map((name) => [name, 'nonsense'])),
    PGOPTIONS: '-c datestyle=German -c default_transaction_read_only=on',
    PGPASSWORD: shop.writer.password,
    DATABASE_URL: shop.source.url(shop.reading),
    METABASE_DATABASE_URL: shop.target.url(shop.writer),
    VITRINE_PSEUDONYM_KEY: KEY,
  }
  expect(await child('sync', nonsense)).toMatchObject({
    status: 0,
    said: expect.stringContaining('Published 2 tables'),
  })
  const withoutPassword = nonsense.METABASE_DATABASE_URL.replace(`:${shop.writer.password}@`, '@')
  expect(await child('status', { ...nonsense, METABASE_DATABASE_URL: withoutPassword })).toMatchObject({
    status: 4,
    said: expect.stringContaining('The URL holds no password.'),
  })
})
