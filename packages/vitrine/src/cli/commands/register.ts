/** `register`: the lines of further tables for the register, printed or written into it. What is registered already stays. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { own } from '../../base/own.ts'
import { REGISTER_END, registerWords } from '../../onboarding/register-text.ts'
import { listTables, surveyTables } from '../../onboarding/survey.ts'
import type { Call, Command } from '../command.ts'
import { namedTables } from '../init-answers.ts'
import { findPublicationFile } from '../publication-file.ts'
import { reading } from '../sessions.ts'

export const register: Command = {
  name: 'register',
  parameters: '<tables...>',
  summary: 'print the register’s lines of further tables, or add them',
  description:
    'Reads these tables of the source as init does, and prints a line for each column with a strict guess and its reason. Tables ' +
    'that are registered already are left as they are. With --write the lines go into the register, before its line “New tables ' +
    'come before this line”.',
  options: {
    '--write': 'write them into the register',
    '--file <path>': 'the register (default: publication/register beside the configuration)',
  },
  examples: [
    { line: 'register invoices payments', says: 'to paste' },
    { line: "register --write 'billing_*'", says: 'added; a second time changes nothing' },
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
    const listed = (await listTables(source)).filter((table) => table.schema === schema)
    const named = namedTables(
      listed,
      call.parameters.flatMap((name) => name.split(',')),
    )
    const fresh = named.filter(({ name }) => own(registered, name) === undefined)
    const known = named.filter((table) => !fresh.includes(table)).map(({ name }) => name)
    return { ...registerWords(fresh.length === 0 ? [] : await surveyTables(source, fresh)), fresh, known }
  })
  const { text, words, opaque, fresh, known } = made
  const written = call.flag('write') && fresh.length > 0 ? addTo(registerFile(call), text, words) : null
  const answer: RegisterAnswer = { registered: fresh.map(({ name }) => name), known, opaque, text, written }
  for (const name of known) call.say(`registered already: ${name}`)
  for (const each of opaque) call.say(`opaque, so that no query reads it: ${each}`)
  call.answer(answer, () => (written === null ? text : `${counted(fresh.length, 'table')} written into ${written}.\n`))
  return 'ok'
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
function addTo(path: string, lines: string, words: readonly string[]): string {
  const text = read(path) ?? ''
  const end = text.indexOf(REGISTER_END)
  const imported = /^import \{ ([^}]*) \} from 'vitrine'$/m.exec(text)
  if (end === -1 || imported === null) {
    const detail = `It has no line “${REGISTER_END.trim().replace('// ', '')}”, or imports from vitrine in another form.`
    throw new VitrineError('USAGE', { place: path, detail, remedy: 'Paste what is printed without --write.' })
  }
  const names = [...new Set([...(imported[1] ?? '').split(/,\s*/), ...words])].toSorted().join(', ')
  const whole = `${text.slice(0, end)}${lines}${text.slice(end)}`.replace(
    imported[0],
    `import { ${names} } from 'vitrine'`,
  )
  // A file that is half written would be no register.
  writeFileSync(`${path}.new`, whole, { flag: 'wx' })
  renameSync(`${path}.new`, path)
  return path
}
