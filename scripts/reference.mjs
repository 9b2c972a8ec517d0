// Writes the reference pages (`docs/reference/`) from the registry of errors and from the definitions of the command
// lines: `node scripts/reference.mjs` after `npm run build`, or `--check` to compare only. A test calls the page functions
// on the sources, so that a page that is behind cannot land.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const MADE = '<!-- Written by scripts/reference.mjs: do not edit. -->'

/** A function of a text that does its work once for each. */
function memory(work) {
  const known = new Map()
  return (key) => {
    if (!known.has(key)) known.set(key, work(key))
    return known.get(key)
  }
}

/** A cell of a table: a bar would end it. */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const row = (...cells) => `| ${cells.map(cell).join(' | ')} |`

function table(titles, rows) {
  return [row(...titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map((cells) => row(...cells))].join('\n')
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** Errors of the tool by exit status, then those of Impact's operational database. */
export function errorsPage({ errors, exit, statuses, databaseErrors, feedErrors }) {
  const kinds = Object.entries(errors)
  const sections = Object.entries(exit).flatMap(([name, status]) => {
    const own = kinds.filter(([, kind]) => kind.exit === name)
    if (own.length === 0) return []
    const rows = own.map(([code, { what, hint, retry }]) => [`\`${code}\``, what, hint, retry ? 'yes' : 'no'])
    return [
      `## Exit status ${status}\n`,
      `${sentence(statuses[status])}\n`,
      `${table(['code', 'what happened', 'what to do', 'retry'], rows)}\n`,
    ]
  })
  const ofImpact = (kinds) =>
    table(
      ['code', 'what happened', 'what to do', 'exit status', 'retry'],
      Object.entries(kinds).map(([code, { what, hint, exit: name, retry }]) => [
        `\`${code}\``,
        what,
        hint,
        String(exit[name]),
        retry === true ? 'yes' : 'no',
      ]),
    )
  return [
    `${MADE}\n`,
    '# Errors\n',
    'An error is printed on stderr as `error CODE: what happened`, where it happened, each finding, and what to do; with',
    '`--json` it is an object on stdout as well. The message often knows more than the last column here: the SQL to run,',
    'the table, the session in the way. No error quotes a row or a password.\n',
    '*retry*: the same command can succeed later without any change.\n',
    ...sections,
    '## Errors of `impact migrate` and `impact sample`\n',
    'They are about the operational database.\n',
    `${ofImpact(databaseErrors)}\n`,
    '## Errors of `impact sync_egapro` and `impact sync_bges`\n',
    'They are about the external sources. The failure of a single company is no error: its fact is unknown, with a reason.\n',
    `${ofImpact(feedErrors)}\n`,
  ].join('\n')
}

/** A declaration that other ones may name: its comment and its text, without the word `export`. */
const DECLARATION =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export ((?:interface (\w+)(?:<[^>]*>)?(?: extends [^{]+)? \{\n[\s\S]*?\n\})|(?:type (\w+) =[\s\S]*?(?=\n\n|\n(?:export|const|function|\/\*\*)|$)))/g

/** A type that is made of a constant of its file, with the names that the constant holds in its place. */
function spelledOut({ text, source }) {
  const [, list, object] = /= (?:\(typeof (\w+)\)\[number\]|keyof typeof (\w+))$/.exec(text) ?? []
  if (list === undefined && object === undefined) return text
  const [, body] = new RegExp(`const ${list ?? object} = [[{]([\\s\\S]*?)[\\]}] as const`).exec(source) ?? []
  if (body === undefined) throw new Error(`no constant for: ${text}`)
  const names = [...body.matchAll(list === undefined ? /(\w+):/g : /'(\w+)'/g)].map(([, name]) => `'${name}'`)
  return `${text.slice(0, text.indexOf('='))}= ${names.join(' | ')}`
}

/** The declarations of a TypeScript file by name. */
const shapesOf = memory((path) => {
  const source = readFileSync(join(root, path), 'utf8')
  const found = [...source.matchAll(DECLARATION)].map(([, comment, declaration, interfaceName, typeName]) => {
    const name = interfaceName ?? typeName
    const says = (comment ?? '').replaceAll(/\s*\n\s*\* ?/g, ' ').trim()
    return [name, { name, says, text: declaration.trim(), source, path }]
  })
  return new Map(found)
})

/** Where a file gets a name from, if not from itself or from a package. */
function originOf(name, { source, path }) {
  for (const [, names, module] of source.matchAll(/(?:import|export) (?:type )?\{([^}]*)\} from '([^']+)'/g)) {
    if (!new RegExp(`\\b${name}\\b`).test(names)) continue
    if (module.startsWith('.')) return join(dirname(path), module)
    if (module.startsWith('vitrine/')) return `packages/vitrine/src/${module.slice('vitrine/'.length)}.ts`
  }
  return null
}

/** The declaration that a word in a file stands for, or undefined. */
function declarationOf(name, file) {
  const own = shapesOf(file.path).get(name)
  if (own !== undefined) return own
  const path = originOf(name, file)
  return path === null ? undefined : declarationOf(name, { path, source: readFileSync(join(root, path), 'utf8') })
}

const filesUnder = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      return entry.isDirectory() ? filesUnder(path) : path.endsWith('.ts') ? [path] : []
    })

/** Results that a command prints as the library of Impact gives them. */
const SUMMARIES = [
  ['impact/database/sample.ts', 'SampleSummary', 'What `impact sample --json` prints.'],
  ['impact/feeds/feed-run.ts', 'FeedSummary', 'What `impact sync_egapro --json` and `impact sync_bges --json` print.'],
]

/** What `--json` prints: every shape called …Answer, the summaries, and the shapes that they are made of. */
function jsonSection() {
  const answers = ['packages/vitrine/src/cli/commands', 'impact/cli']
    .flatMap(filesUnder)
    .flatMap((path) => [...shapesOf(path).values()])
    .filter(({ name }) => /\wAnswer$/.test(name))
    .concat(SUMMARIES.map(([path, name, says]) => Object.assign(shapesOf(path).get(name), { says })))
  const failure = shapesOf('packages/vitrine/src/cli/failure.ts').get('Failure')
  const parts = new Map([[failure.name, failure]])
  const visit = (shape) => {
    for (const [word] of shape.text.matchAll(/\b[A-Z]\w+/g)) {
      const found = declarationOf(word, shape)
      if (found === undefined || found === shape || parts.has(word) || answers.includes(found)) continue
      parts.set(word, found)
      visit(found)
    }
  }
  for (const shape of [...answers, failure]) visit(shape)
  const names = [...parts.keys()].sort()
  const code = (shape) => `\`\`\`ts\n${spelledOut(shape).replaceAll(/\breadonly /g, '')}\n\`\`\`\n`
  return [
    '## What `--json` prints\n',
    'One object on stdout, in the shapes below as TypeScript writes them. A `Date` is a text in ISO 8601, in UTC. After a',
    'failure the object is `{ "error": Failure }`; `doctor` prints its findings and `status` its answer whatever the exit',
    'status.\n',
    ...answers.map((shape) => `${shape.says}\n\n${code(shape)}`),
    '### The parts of these shapes\n',
    ...names.map((name) => code(parts.get(name))),
  ]
}

/** The help of every command of every program, the exit statuses by name, and the shapes of `--json`. */
export async function commandsPage({ exit, programs, help }) {
  const sections = []
  for (const { program, title, says } of programs) {
    sections.push(`## ${title}\n`, `${says}\n`, `\`\`\`text\n${(await help(program, ['--help'])).trim()}\n\`\`\`\n`)
    for (const { name } of program.commands ?? []) {
      const text = await help(program, [name, '--help'])
      sections.push(`### \`${program.name} ${name}\`\n`, `\`\`\`text\n${text.trim()}\n\`\`\`\n`)
    }
  }
  const statuses = Object.entries(exit).map(([name, status]) => [
    String(status),
    `\`${name}\``,
    status === 0 ? 'none' : `[list](errors.md#exit-status-${status})`,
  ])
  return [
    `${MADE}\n`,
    '# Commands\n',
    'The result goes to stdout, the talk (progress, notes, errors) to stderr. Arguments and settings are checked before any',
    'connection is made. Ctrl-C ends a command in good order: the previous version stays served.\n',
    '## Exit statuses\n',
    `${table(['status', 'name in `--json`', 'errors'], statuses)}\n`,
    ...sections,
    ...jsonSection(),
  ].join('\n')
}

/** What a program prints, when it is only asked for text. */
export async function helpOf(runProgram, program, argv) {
  let text = ''
  const write = (more) => {
    text += more
  }
  const output = { write, isTerminal: false, columns: 80 }
  const io = { stdout: output, stderr: output, environment: {}, folder: root, clock: null, ask: null }
  await runProgram(program, argv, { ...io, onInterrupt: () => () => undefined, exit: () => undefined })
  return text
}

/** Both pages by path, from the modules given: those of the build here, those of the sources in the test. */
export async function referencePages({
  registry,
  language,
  databaseErrors,
  feedErrors,
  runProgram,
  vitrine,
  impact,
  start,
}) {
  const programs = [
    { program: vitrine, title: 'vitrine', says: 'In this repository: `npm run vitrine -- COMMAND`.' },
    {
      program: impact,
      title: 'impact',
      says: 'In this repository: `npm run impact -- COMMAND`. In French, like its users.',
    },
    { program: start, title: 'npm start', says: 'The whole system on one machine.' },
  ]
  const help = (program, argv) => helpOf(runProgram, program, argv)
  return {
    'docs/reference/errors.md': errorsPage({
      errors: registry.ERRORS,
      exit: registry.EXIT,
      statuses: language.help.statuses,
      databaseErrors,
      feedErrors,
    }),
    'docs/reference/commands.md': await commandsPage({ exit: registry.EXIT, programs, help }),
  }
}

async function main(argv) {
  const built = (path) => import(new URL(`../${path}`, import.meta.url).href)
  const pages = await referencePages({
    registry: await built('packages/vitrine/dist/base/errors.js'),
    language: (await built('packages/vitrine/dist/cli/language.js')).english,
    databaseErrors: (await built('impact/dist/database/database-error.js')).DATABASE_ERRORS,
    feedErrors: (await built('impact/dist/feeds/feed-error.js')).FEED_ERRORS,
    runProgram: (await built('packages/vitrine/dist/cli/program.js')).runProgram,
    vitrine: (await built('packages/vitrine/dist/cli/vitrine.js')).vitrine,
    impact: (await built('impact/dist/cli/impact.js')).impact,
    start: (await built('impact/dist/cli/start/program.js')).startProgram,
  })
  const behind = Object.entries(pages).filter(([path, text]) => readFileSync(join(root, path), 'utf8') !== text)
  for (const [path, text] of behind) {
    if (!argv.includes('--check')) writeFileSync(join(root, path), text)
    process.stderr.write(
      `${path}: ${argv.includes('--check') ? 'behind; run node scripts/reference.mjs' : 'written'}\n`,
    )
  }
  return argv.includes('--check') && behind.length > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2))
