/**
 * The reference on machines without psql: the same work in its own process, over the driver's sockets. Started by the
 * benches as `node reference-driver.js SUBJECT SOURCE_SCHEMA`, with SOURCE_URL and TARGET_URL in its environment.
 */
import pg from 'pg'
import { SUBJECTS } from './publication.ts'
import { rawPipe } from './raw-pipe.ts'
import { type Load, referenceWork } from './reference.ts'

const open = async (url: string | undefined): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

async function main(): Promise<void> {
  const [given, schema = ''] = process.argv.slice(2)
  const subject = SUBJECTS.find((name) => name === given)
  if (subject === undefined || subject === 'readers' || subject === 'unwatched' || subject === 'ranged')
    throw new Error('there is no such reference')
  const work = referenceWork(subject, schema)
  const [source, target] = await Promise.all([open(process.env['SOURCE_URL']), open(process.env['TARGET_URL'])])
  const clients = [source, target]
  const statements = async (client: pg.Client, texts: readonly string[]) => {
    for (const text of texts) await client.query(text)
  }
  await statements(target, work.before)
  await source.query('begin isolation level repeatable read read only')
  const { rows } = await source.query<{ id: string }>('select pg_export_snapshot() as id')
  const lane = async (loads: readonly Load[], index: number) => {
    const [from, to] =
      index === 0 ? [source, target] : [await open(process.env['SOURCE_URL']), await open(process.env['TARGET_URL'])]
    if (index > 0) {
      clients.push(from, to)
      await from.query(`begin isolation level repeatable read read only; set transaction snapshot '${rows[0]?.id}'`)
    }
    for (const { create, copyOut, copyIn, finish } of loads) {
      await to.query(`begin; ${create}`)
      await rawPipe(from, to, copyOut, copyIn)
      await statements(to, ['commit', ...finish])
    }
    return to
  }
  const targets = await Promise.all(work.lanes.map(lane))
  await source.query('commit')
  await statements(target, work.between)
  await Promise.all(work.validations.map((texts, index) => statements(targets[index] ?? target, texts)))
  await statements(target, work.publish.length > 0 ? ['begin', ...work.publish, 'commit'] : [])
  await statements(target, work.after)
  await Promise.all(clients.map((client) => client.end()))
}

await main()
