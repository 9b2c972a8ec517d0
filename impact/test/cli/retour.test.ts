/** `rollback`, `runs` et `drop` tels que l’équipe d’Impact les appelle. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { definePublication } from 'vitrine'
import { Databases } from '../../../test/documentation/guide.ts'
import { impact } from '../../cli/impact.ts'
import impactPublication from '../../publication/index.ts'
import { run } from './run.ts'

const suffix = randomBytes(4).toString('hex')
const publication = definePublication({
  ...impactPublication,
  writer: `impact_${suffix}`,
  reader: `metabase_${suffix}`,
})
let databases: Databases

beforeAll(async () => {
  databases = await Databases.create('retour', publication.writer, publication.reader)
  for (const line of ['migrate', 'provision --source', 'provision', 'migrate metabase']) await written(line)
})
afterAll(() => databases.drop())

const command = (line: string, answer?: string) =>
  run({ ...impact, publication }, line, {
    environment: databases.environment(publication.schema),
    ...(answer === undefined ? {} : { answer }),
  })
async function written(line: string): Promise<string> {
  const { status, stdout, stderr } = await command(line)
  expect([line, status, status === 0 ? '' : stderr]).toEqual([line, 0, ''])
  return stdout
}
test('une base opérationnelle sans entreprise n’est pas publiée en silence', async () => {
  const { status, stderr } = await command('sync_metabase')
  expect([status, stderr]).toEqual([7, expect.stringContaining('error SOURCE_EMPTY')])
  await written('sample --size S')
})

test('un retour, puis le journal, sous les noms de l’équipe', async () => {
  const refused = await command('rollback')
  expect([refused.status, refused.stderr]).toEqual([6, expect.stringContaining('run `impact sync_metabase`')])
  await written('sync_metabase')
  await written('sync_metabase')
  expect(await written('rollback')).toMatch(/^Rolled back in .+ Readers see data of .+ \(Europe\/Paris\)\.$/m)
  expect((await written('runs')).match(/ (?:rollback|command) +(?:succeeded|failed) /g)).toHaveLength(5)
  expect((await command('runs 999')).status).toBe(2)
})

test('drop --history demande deux fois', async () => {
  const { status, stderr } = await command('drop --history', 'impact')
  expect([status, stderr]).toEqual([2, expect.stringContaining('error NOT_CONFIRMED')])
  expect(stderr).toContain('forget for ever the 1 recorded day of metabase_stats')
})

test('seul le schéma publié a une source', async () => {
  const { status, stderr } = await command('migrate --new-source')
  expect([status, stderr]).toEqual([2, expect.stringContaining('migrate metabase --new-source')])
  await written('migrate metabase --new-source')
})
