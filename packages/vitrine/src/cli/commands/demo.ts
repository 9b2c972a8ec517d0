/** `demo`: the whole way on this machine, from SQL files to dashboards in a browser, on an embedded PostgreSQL. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import { addressUrl } from '../../postgres/address.ts'
import type { Session } from '../../postgres/connect.ts'
import { type Call, type Command, withVariables } from '../command.ts'
import {
  adminOf,
  clearDemonstration,
  type Demonstration,
  openAs,
  prepareDemonstration,
  sqlFilesIn,
} from '../demonstration.ts'
import { type StartedServer, startEmbedded } from '../embedded-server.ts'
import { findPublicationFile } from '../publication-file.ts'
import { publishNow, syncAnswer, syncText } from '../publishing.ts'
import { pageAnswering } from './serve.ts'

export const demoCommand: Command = {
  name: 'demo',
  summary: 'all of it on this machine, with sample data: publish, and show the dashboards',
  description:
    'Starts an embedded PostgreSQL of this folder (in .vitrine/demo, on 127.0.0.1 alone), makes a source of SQL files and a target, ' +
    'makes roles and rights, approves, publishes, and shows the dashboards in a browser until it is interrupted; then the server ' +
    'stops. The addresses are in .env, so that the other commands find them meanwhile; a .env that it did not write is ' +
    'refused. A second one keeps the data.',
  options: {
    '--sql <folder>': 'the SQL files that make the source, in the order of their names (default: source)',
    '--once': 'publish, and stop the server',
    '--fresh': 'make both databases anew, as after a change of the SQL files',
    '--port <n>': 'of the page (default: 4000, or a free one)',
  },
  examples: [
    { line: 'demo', says: 'publish, and look' },
    { line: 'demo --once', says: 'in CI: does all of it work?' },
    { line: 'demo --fresh', says: 'after a change of the SQL files' },
  ],
  run,
}

async function run(call: Call): Promise<ExitName> {
  const file = findPublicationFile(call.io.folder)
  const folder = file === null ? call.io.folder : dirname(file)
  const answering = pageAnswering(call)
  const files = sqlFilesIn(resolve(folder, call.text('sql') ?? 'source'), folder)
  requireOwnSettings(folder)
  const server = await startEmbedded(folder, 'demo')
  if (server.replaced) call.say('A demonstration that was killed had left its server: it was ended, the data is kept.')
  const lock = await takeLock(call, server)
  const key = new Secret(call.io.environment['VITRINE_PSEUDONYM_KEY']?.trim() || randomBytes(32).toString('hex'))
  try {
    if (call.flag('fresh')) await clearDemonstration(server, call.publication)
    const ready = await prepareDemonstration(server, call.publication, files)
    call.say(
      ready.isNew
        ? `Source made of ${files.map(({ name }) => name).join(', ')}.`
        : 'Source there already; --fresh makes it anew.',
    )
    const variables = settingsOf(ready, key)
    writeSettings(folder, variables)
    const connections = { source: ready.source, target: ready.target, pseudonymKey: key }
    const published = await publishNow(call, connections, { allowShrink: true })
    call.answer(syncAnswer(published), () => `${syncText(call, published)}\n`)
    if (!call.flag('once'))
      await show(withVariables(call, variables), answering, { ...connections, reader: ready.reader })
    return 'ok'
  } finally {
    await lock.end()
    await server.stop()
    // Addresses of a server that is stopped would lead nowhere; with another key nothing would join with what is published.
    writeSettings(folder, { VITRINE_PSEUDONYM_KEY: key.reveal() })
  }
}

type Shown = Pick<Demonstration, 'source' | 'target' | 'reader'> & { readonly pseudonymKey: Secret }

async function show(call: Call, answering: ReturnType<typeof pageAnswering>, shown: Shown): Promise<void> {
  const { servePage } = await import('../serving.ts')
  const page = await servePage(call, answering, shown, call.text('port') === null)
  const lines = [
    `Dashboards, in a browser: ${page.url}/`,
    `As the reader, in any SQL client: ${addressUrl(shown.reader)}`,
    `Meanwhile, in another terminal: ${call.names('status')}, ${call.names('check')}, ${call.names('sync')} … Ctrl-C stops everything.`,
  ]
  if (!call.json) call.io.stdout.write(`${lines.join('\n')}\n`)
  try {
    await call.untilStopped()
  } finally {
    await page.close()
  }
}

/** Held until the end: of two at once in a folder, one would stop the server of the other. Throws USAGE. */
async function takeLock({ publication }: Call, server: StartedServer): Promise<Session> {
  const session = await openAs(publication, 'target', adminOf(server, 'postgres'))
  const [row] = await session.query<{ taken: boolean }>(
    "select pg_try_advisory_lock(hashtext('vitrine demo')) as taken",
  )
  if (row?.taken === true) return session
  await session.end()
  const detail = 'A demonstration of this folder is running.'
  throw new VitrineError('USAGE', { place: 'demo', detail, remedy: 'Use it, or stop it with Ctrl-C.' })
}

const OWN = '# Written by vitrine demo, each time anew. It names no database of yours.'

/** Settings of somebody else may name real databases: with both in one file, a command could meet the wrong one. */
function requireOwnSettings(folder: string): void {
  const path = join(folder, '.env')
  if (!existsSync(path) || readFileSync(path, 'utf8').startsWith(OWN)) return
  const problems = [{ place: '.env', detail: 'a demonstration keeps its settings there, and did not write it' }]
  const remedy = 'Move it away, or work in a copy of the folder.'
  throw new VitrineError('FILES_EXIST', { place: folder, problems, remedy })
}

function writeSettings(folder: string, values: Readonly<Record<string, string>>): void {
  const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`)
  writeFileSync(join(folder, '.env'), `${OWN}\n${lines.join('')}`, { mode: 0o600 })
}

const settingsOf = (ready: Demonstration, key: Secret) => ({
  DATABASE_URL: addressUrl(ready.source),
  DATABASE_ADMIN_URL: addressUrl(ready.sourceAdmin),
  METABASE_DATABASE_URL: addressUrl(ready.target),
  METABASE_READER_URL: addressUrl(ready.reader),
  METABASE_ADMIN_URL: addressUrl(ready.targetAdmin),
  VITRINE_PSEUDONYM_KEY: key.reveal(),
})
