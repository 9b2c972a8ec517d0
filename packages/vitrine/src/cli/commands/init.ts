/** `init`: from a source to the first published rows. It writes the register, an example, settings, and publishes. */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted, duration } from '../../base/format.ts'
import { command, remedyText } from '../../base/remedy.ts'
import { Secret } from '../../base/secret.ts'
import { requireSound } from '../../lineage/publication-check.ts'
import { exampleOf } from '../../onboarding/example.ts'
import { filesOf, registerName } from '../../onboarding/project.ts'
import { registerFile } from '../../onboarding/register-text.ts'
import { listTables, surveyTables } from '../../onboarding/survey.ts'
import { type Address, addressUrl } from '../../postgres/address.ts'
import type { Publication } from '../../publication/publication.ts'
import { checkSource } from '../../run/check.ts'
import { identifier, qualified } from '../../sql/quote.ts'
import { type Call, type Command, callOf } from '../command.ts'
import { requireEmbedded } from '../embedded-server.ts'
import { answersOf, chooseTables, INIT_OPTIONS, type InitAnswers } from '../init-answers.ts'
import { addSettings, isIgnored, requireRoom, toolHome, writeProject } from '../init-files.ts'
import { type NewTarget, prepareTarget } from '../init-target.ts'
import { publishNow } from '../publishing.ts'
import { reading, withWritableTarget } from '../sessions.ts'
import { textTable } from '../text-table.ts'
import { approvePlan } from './migrate.ts'
import { provisionTarget } from './provision.ts'

export const initCommand: Command = {
  name: 'init',
  summary: 'make a publication from a source, and publish its first table',
  description:
    'Reads the catalogue of the source and a sample of its rows, and writes a register in which every column has a strict guess ' +
    'with its reason, one published table that joins two real ones, settings, and a job that checks it. Then it makes roles and ' +
    'schema on the target, publishes, and shows the first rows as the reader sees them. On the source it only reads. What is ' +
    'there already is never overwritten, and what is refused leaves no file.',
  options: INIT_OPTIONS,
  examples: [
    { line: 'init', says: 'in an empty folder; it asks what it must know' },
    { line: 'init --yes', says: 'with DATABASE_URL set: all tables, into an embedded PostgreSQL' },
    { line: 'init --target embedded --tables orders,customers', says: 'two tables only' },
  ],
  withoutPublication: true,
  run,
}

/** What `init --json` prints. */
export interface InitAnswer {
  readonly publication: string
  readonly folder: string
  readonly files: readonly string[]
  readonly registered: { readonly tables: number; readonly columns: number }
  /** Columns of types that no query reads. */
  readonly opaque: readonly string[]
  /** What was not registered. */
  readonly leftOut: readonly string[]
  /** The published table and its rows; null with --only-files. */
  readonly published: { readonly table: string; readonly rows: number } | null
  readonly embedded: boolean
  readonly milliseconds: number
}

async function run(call: Call): Promise<ExitName> {
  const started = call.io.clock.monotonicMs()
  const answers = await answersOf(call)
  const ending = readsTypeScript() ? 'mts' : 'mjs'
  requireRoom(answers.folder, [{ path: 'vitrine.config.mjs' }, { path: 'vitrine.config.js' }, { path: 'publication' }])
  if (answers.publishes && answers.target === null) await requireEmbedded(answers.folder)
  const made = await reading(call, 'source', answers.source, async (source) => {
    const choice = await chooseTables(call, answers, await listTables(source))
    const tables = await surveyTables(source, choice.chosen)
    const example = exampleOf(tables, answers.name, answers.zone, registerName(ending))
    if (example === null) throw new VitrineError('NOTHING_TO_REGISTER', { place: 'source' })
    const register = registerFile(tables, remedyText(command('register'), call.names))
    const target = await prepareTarget(call, answers, source, choice.chosen)
    const { name, zone, ci } = answers
    const { writer, reader } = target
    const project = { name, zone, ci, ending, register: register.text, example, writer, reader } as const
    const { publication, written } = await writeProject(answers.folder, filesOf(project), async (publication) => {
      await requireSound(publication)
      await reading(call, 'source', answers.source, (session) => checkSource(session, publication))
      await target.start()
    })
    const columns = Object.values(publication.source.tables).reduce((sum, each) => sum + Object.keys(each).length, 0)
    const registered = { tables: tables.length, columns }
    return { publication, target, written, registered, opaque: register.opaque, leftOut: choice.notes, example }
  })
  const { publication, target, written, registered, opaque, leftOut, example } = made
  call.say(`Written and sound: ${counted(registered.tables, 'table')}, ${counted(registered.columns, 'column')}.`)
  for (const each of opaque) call.say(`opaque, so that no query reads it: ${each}`)
  for (const each of leftOut) call.say(`left out: ${each}`)
  const published = await publish(call, answers, publication, target)
  const answer: InitAnswer = {
    publication: publication.name,
    folder: answers.folder,
    files: written,
    registered,
    opaque,
    leftOut,
    published: published === null ? null : { table: example.name, rows: published.rows },
    embedded: answers.publishes && answers.target === null,
    milliseconds: Math.round(call.io.clock.monotonicMs() - started),
  }
  call.answer(answer, () => `${published?.text ?? ''}${nextSteps(call, answers, answer)}`)
  return 'ok'
}

/** Node from 22.18 on takes the types out of what it loads. */
const readsTypeScript = (): boolean => 'typescript' in process.features && process.features.typescript !== false

/** Roles, approval, the first version, and its first rows as the reader gets them. */
async function publish(call: Call, { source, folder }: InitAnswers, publication: Publication, target: NewTarget) {
  const addresses = target.addresses()
  if (addresses === null) return null
  const pseudonymKey = new Secret(
    call.io.environment['VITRINE_PSEUDONYM_KEY']?.trim() || randomBytes(32).toString('hex'),
  )
  const values = {
    DATABASE_URL: addressUrl(source),
    METABASE_DATABASE_URL: addressUrl(addresses.writer),
    METABASE_READER_URL: addressUrl(addresses.reader),
    VITRINE_PSEUDONYM_KEY: pseudonymKey.reveal(),
  }
  addSettings(folder, values)
  const io = { ...call.io, environment: { ...call.io.environment, ...values } }
  const next = callOf({ ...call.made, io, publication })
  try {
    const wish = { source, target: addresses.writer, reader: addresses.reader, admin: addresses.admin }
    const { lack } = await provisionTarget(next, wish)
    if (lack !== null) throw lack
    await withWritableTarget(next, { target: addresses.writer, source }, (session) =>
      approvePlan(next, { session, publication }, null),
    )
    const { report } = await publishNow(next, { source, target: addresses.writer, pseudonymKey }, { allowShrink: true })
    const rows = report.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    return { rows, text: await firstRows(next, addresses.reader, publication) }
  } catch (error) {
    const names = ['provision', 'migrate', 'sync'].map((name) => `\`${call.names(name)}\``)
    call.say(`The files are written. Once what follows is mended: ${names.join(', ')}.`)
    throw error
  }
}

const FIRST_ROWS = 5
const CELL = 24

/** The one place where the tool prints rows: those that were just published, to the person who publishes them. */
async function firstRows(call: Call, reader: Address, publication: Publication): Promise<string> {
  const [table] = publication.tables
  if (table === undefined) return ''
  const names = table.columns.map(({ name }) => name)
  const texts = names.map((name) => `${identifier(name)}::text as ${identifier(name)}`).join(', ')
  const asked = `select ${texts} from ${qualified(publication.schema, table.name)} limit ${FIRST_ROWS}`
  const rows = await reading(call, 'target', reader, (session) =>
    session.query<Readonly<Record<string, string | null>>>(asked),
  )
  const cell = (text: string | null | undefined) => (text ?? '–').replaceAll(/\p{C}/gu, '�').slice(0, CELL)
  return `\nWhat ${publication.reader} reads:\n${textTable(
    names,
    rows.map((row) => names.map((name) => cell(row[name]))),
  )}\n`
}

function nextSteps(call: Call, { folder, source }: InitAnswers, answer: InitAnswer): string {
  const at = relative(call.io.folder, folder)
  const step = (name: string, options = '') => `  ${remedyText(command(name, options), call.names)}`
  const lines = [
    `${answer.published === null ? 'Written' : `Published ${counted(answer.published.rows, 'row')}`} in ${duration(answer.milliseconds)}. ${at === '' ? 'R' : `In ${at}: r`}ead publication/register, where each guess says why.`,
    `${step('check')}   after each change; then plan, migrate, sync`,
    ...(answer.published === null ? [] : [`${step('url', 'psql')}   where readers connect`]),
    ...(answer.embedded ? [`${step('embedded', '--stop')}   stops the embedded PostgreSQL, which goes on`] : []),
    `Before the first night: name a role of its own in DATABASE_URL, instead of ${source.user}, and`,
    `${step('provision', '--source')}   makes it, with an administrator in DATABASE_ADMIN_URL; --sql prints what to paste`,
  ]
  if (!resolves(folder)) lines.push(`The tool is not installed in this folder: npm install ${toolHome()}`)
  if (!isIgnored(folder)) lines.push('.gitignore does not name .env, which holds passwords: add it before you commit.')
  return `${lines.join('\n')}\n`
}

function resolves(folder: string): boolean {
  try {
    createRequire(join(folder, 'package.json')).resolve('vitrine')
    return true
  } catch {
    return false
  }
}
