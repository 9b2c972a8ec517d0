/** What is built is what was written: every module under its name, and expressions of a second copy of Kysely. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import * as written from '../packages/vitrine/src/index.ts'

const home = join(import.meta.dirname, '../packages/vitrine')
// The name is a variable, so that the type checker takes no declarations for it.
const built: typeof written = await import(join(home, 'dist/index.js'))

test('the language as it is built exports what the sources do', () => {
  expect(Object.keys(built).toSorted()).toEqual(Object.keys(written).toSorted())
})

test('every module has a file of its name', () => {
  const modules = readdirSync(join(home, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  expect(modules.length).toBeGreaterThan(100)
  expect(modules.filter((name) => !existsSync(join(home, 'dist', name.replace(/\.ts$/, '.js'))))).toEqual([])
})

test('a publication may bring its own Kysely', () => {
  expect(sql).not.toBe(built.sql)
  const source = built.register('public', { book: { id: built.open.bigint, title: built.open.text } })
  const table = built.from(source.selectFrom('book as b')).publish('book', 'A book.', ({ ref }) => ({
    id: built.bigint(ref('b.id'), 'Key').primaryKey(),
    letters: built.integer(sql<number>`length(${ref('b.title')})`, 'Letters of the title'),
  }))
  const settings = { name: 'books', schema: 'books', source, tables: [table], writer: 'w', reader: 'r' }
  expect(built.checkPublication(built.definePublication(settings)).problems).toEqual([])
})
