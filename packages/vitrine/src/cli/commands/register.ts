/** `register`: the lines of further tables for the register, printed or written into it. What is registered already stays. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { own } from '../../base/own.ts'
import { bySchema, inComment, indented, type RegisterWords, registerEnd } from '../../onboarding/register-text.ts'
import { listTables, surveyTables } from '../../onboarding/survey.ts'
import { nameIn } from '../../publication/register.ts'
import type { Call, Command } from '../command.ts'
import { namedTables } from '../init-answers.ts'
import { findPublicationFile } from '../publication-file.ts'
import { reading } from '../sessions.ts'

export const registerCommand: Command = {
  name: 'register',
  parameters: '<tables...>',
  summary: 'print the register’s lines of further tables, or add them',
  description:
    'Reads these tables of the source as init does, and prints a line for each column with a strict guess and its reason. Tables ' +
    'that are registered already are left as they are. Tables of another schema than the register’s own are named with theirs: ' +
    'sales.orders. With --write the lines go into the register, before its line “New tables come before this line”, or “New ' +
    'tables of sales come before this line” where it has several schemas.',
  options: {
    '--write': 'write them into the register',
    '--file <path>': 'the register (default: publication/register beside the configuration)',
  },
  examples: [
    { line: 'register invoices payments', says: 'to paste' },
    { line: "register --write 'billing_*'", says: 'added; a second time changes nothing' },
    { line: "register 'sales.*'", says: 'all tables of another schema' },
  ],
  run,
}

/** What `register --json` prints. */
export interface RegisterAnswer {
  readonly registered: readonly string[]
  /** Tables that the register has already. */
  readonly known: readonly string[]
  /** Columns of types that no query reads. */
  readonly opaque: readonly string[]
  readonly text: string
  /** The file that was changed. */
  readonly written: string | null
}

async function run(call: Call): Promise<ExitName> {
  const { source: url } = call.settings({ source: 'required' })
  const { schema, tables: registered } = call.publication.source
  const made = await reading(call, 'source', url, async (source) => {
    const nameOf = (table: { readonly schema: string; readonly name: string }) =>
      nameIn(schema, table.schema, table.name)
    const words = call.parameters.flatMap((name) => name.split(','))
    const named = namedTables(await listTables(source), words, nameOf)
    const fresh = named.filter((table) => own(registered, nameOf(table)) === undefined)
    const known = named.filter((table) => !fresh.includes(table)).map(nameOf)
    const parts = bySchema(fresh.length === 0 ? [] : await surveyTables(source, fresh))
    return { parts, fresh: fresh.map(nameOf), known }
  })
  const { parts, fresh, known } = made
  const opaque = parts.flatMap((part) => part.opaque)
  const text = parts
    .map((part) => (part.schema === schema ? part.text : `  // of the schema ${inComment(part.schema)}:\n${part.text}`))
    .join('')
  const written = call.flag('write') && fresh.length > 0 ? addTo(registerFile(call), parts, schema) : null
  const answer: RegisterAnswer = { registered: fresh, known, opaque, text, written }
  for (const name of known) call.say(`registered already: ${name}`)
  for (const each of opaque) call.say(`opaque, so that no query reads it: ${each}`)
  call.answer(answer, () => (written === null ? text : `${counted(fresh.length, 'table')} written into ${written}.\n`))
  return 'ok'
}

type Part = RegisterWords & { readonly schema: string }

const noPlace = (path: string, detail: string): VitrineError =>
  new VitrineError('USAGE', { place: path, detail, remedy: 'Paste what is printed without --write.' })

/** The text with the lines of one schema's tables. */
function withPart(text: string, { schema, text: lines }: Part, ownSchema: string, path: string): string {
  const several = text.indexOf(`    // ${registerEnd(schema)}`)
  const single = schema === ownSchema ? text.indexOf(`  // ${registerEnd(null)}`) : -1
  const end = several === -1 ? single : several
  if (end === -1) {
    const line = registerEnd(schema === ownSchema ? null : schema)
    throw noPlace(path, `It has no line “${line}”.`)
  }
  return `${text.slice(0, end)}${several === -1 ? lines : indented(lines)}${text.slice(end)}`
}

function registerFile({ io, text }: Call): string {
  const given = text('file')
  if (given !== null) return join(io.folder, given)
  const folder = join(dirname(findPublicationFile(io.folder) ?? join(io.folder, 'x')), 'publication')
  const names = ['ts', 'mts', 'mjs', 'js'].map((ending) => join(folder, `register.${ending}`))
  const found = names.find((path) => read(path) !== null)
  if (found !== undefined) return found
  throw new VitrineError('USAGE', {
    place: '--write',
    detail: `No register is in ${folder}.`,
    remedy: 'Name the file with --file, or paste what is printed without --write.',
  })
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** Adds the lines, and to the import what they use. Throws USAGE where the file has no place for them. */
function addTo(path: string, parts: readonly Part[], ownSchema: string): string {
  const text = read(path) ?? ''
  const imported = /^import \{ ([^}]*) \} from 'vitrine'$/m.exec(text)
  if (imported === null) throw noPlace(path, 'It imports from vitrine in another form.')
  const words = parts.flatMap((part) => part.words)
  const names = [...new Set([...(imported[1] ?? '').split(/,\s*/), ...words])].toSorted().join(', ')
  const whole = parts
    .reduce((before, part) => withPart(before, part, ownSchema, path), text)
    .replace(imported[0], () => `import { ${names} } from 'vitrine'`)
  // A file that is half written would be no register.
  writeFileSync(`${path}.new`, whole, { flag: 'wx' })
  renameSync(`${path}.new`, path)
  return path
}
