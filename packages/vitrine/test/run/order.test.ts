/** A run begins with the tables that took longest last time. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { definePublication } from '../../src/index.ts'
import { Installation } from './installation.ts'

let installation: Installation
beforeAll(async () => {
  installation = await Installation.create(18, 300)
})
afterAll(() => installation.drop())

/** The tables in the order in which one stream begins them; history tables come last, whatever they take. */
async function begun(): Promise<readonly string[]> {
  const { publication } = installation
  const single = definePublication({ ...publication, limits: { ...publication.limits, copyStreams: 1 } })
  const tables: string[] = []
  await installation.run({
    publication: single,
    observer: (event) => {
      if (event.kind === 'table started') tables.push(event.table)
    },
  })
  return tables
}

const record = (milliseconds: Readonly<Record<string, number>>) =>
  Promise.all(
    Object.entries(milliseconds).map(([table, time]) =>
      installation.look(
        `with changed as (update vitrine.run_table set milliseconds = ${time} where table_name = '${table}' returning 1)
         select count(*) from changed`,
      ),
    ),
  )

test('in the order of the publication at first, then by the time of the last run', async () => {
  expect(await begun()).toEqual(installation.publication.tables.map(({ name }) => name))
  expect(await record({ shop_customer: 900, shop_purchase: 20 })).toHaveLength(2)
  expect((await begun())[0]).toBe('shop_customer')
  await record({ shop_customer: 20, shop_purchase: 900 })
  expect((await begun())[0]).toBe('shop_purchase')
})
