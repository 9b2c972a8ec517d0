/**
 * The files of a new publication, as paths and texts. They are modules by their names (`.mts`, or `.mjs` where Node reads no
 * TypeScript), so that they work in any project and without a build step. Pure; `cli/commands/init.ts` writes them.
 */
import { quotedText } from '../source/source-type.ts'
import type { ExampleTable } from './example.ts'

export const CI_SYSTEMS = ['github', 'gitlab', 'none'] as const
export type CiSystem = (typeof CI_SYSTEMS)[number]

export interface Project {
  readonly name: string
  readonly register: string
  readonly example: ExampleTable
  readonly writer: string
  readonly reader: string
  readonly zone: string
  readonly ci: CiSystem
  /** Of the modules: `mts` or `mjs`. */
  readonly ending: 'mts' | 'mjs'
}

export interface ProjectFile {
  readonly path: string
  readonly text: string
  /** A file that other tools use as well: an existing one is not changed. */
  readonly shared?: true
}

export const registerName = (ending: string): string => `register.${ending}`

function publicationFile({ name, example, writer, reader, zone, ending }: Project): string {
  const made = example.constant
  return `// The publication: what is published, for whom, and when.
import { definePublication } from 'vitrine'
import { ${made} } from './${exampleName(example, ending)}'
import { source } from './${registerName(ending)}'

export default definePublication({
  name: ${quotedText(name)},
  schema: ${quotedText(name)},
  source,
  tables: [${made}],
  writer: ${quotedText(writer)},
  reader: ${quotedText(reader)},
  zone: ${quotedText(zone)},
  schedule: '0 0 * * *',
})
`
}

const exampleName = ({ name }: ExampleTable, ending: string): string => `${name}.${ending}`

/** For editors and \`tsc\`: the publication runs without it. */
const compilerSettings = (ending: string): string =>
  `${JSON.stringify(
    {
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        ...(ending === 'mjs' ? { allowJs: true, checkJs: true } : {}),
      },
      include: [`publication/*.${ending}`],
    },
    null,
    2,
  )}\n`

const SETTINGS = `# The settings of the publication: copy to .env, which git ignores, and fill in. Variables of the process win.
# The operational database, with a role that reads it and can do nothing else (npx --no vitrine provision --source makes it).
DATABASE_URL=
# The database that Metabase reads, with the writer role, and with the reader role.
METABASE_DATABASE_URL=
METABASE_READER_URL=
# At least 32 random characters (openssl rand -hex 32), once the publication uses pseudonyms.
VITRINE_PSEUDONYM_KEY=
`

const CHECK = 'npx --no vitrine check'
const WHY = `# A change of the application that the publication does not know fails here, and not in the night.
# With a database that has the application's schema in DATABASE_URL it compares both; without, it checks the definitions alone.`

const JOBS: Readonly<Record<CiSystem, ProjectFile | null>> = {
  github: {
    path: '.github/workflows/vitrine.yml',
    text: `${WHY}
name: vitrine
on: [push, pull_request]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with:
          node-version: 24
      - run: npm ci
      - run: ${CHECK}
        env:
          DATABASE_URL: \${{ secrets.VITRINE_CHECK_URL }}
`,
  },
  gitlab: {
    path: '.gitlab/vitrine.yml',
    text: `${WHY}
# Named in .gitlab-ci.yml: include: '.gitlab/vitrine.yml'
vitrine:
  image: node:24
  script:
    - npm ci
    - ${CHECK}
`,
  },
  none: null,
}

export function filesOf(project: Project): readonly ProjectFile[] {
  const { register, example, ci, ending } = project
  const job = JOBS[ci]
  return [
    { path: 'vitrine.config.mjs', text: `export { default } from './publication/index.${ending}'\n` },
    { path: `publication/index.${ending}`, text: publicationFile(project) },
    { path: `publication/${registerName(ending)}`, text: register },
    { path: `publication/${exampleName(example, ending)}`, text: example.text },
    { path: '.env.example', text: SETTINGS },
    ...(job === null ? [] : [job]),
    { path: 'tsconfig.json', text: compilerSettings(ending), shared: true },
    { path: '.gitignore', text: '.env\n.vitrine/\nnode_modules/\n', shared: true },
  ]
}
