/**
 * Every call that the stand-in takes, and so every call of our client, exists in Metabase's published description with those
 * keys: `published-requests.json` holds those calls with the keys that each takes, as README.md beside it tells.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Entity, RECORDED, typeOf } from './answers.ts'
import { BODIES, ROUTES } from './routes.ts'

const PUBLISHED = join(import.meta.dirname, 'published-requests.json')
// sound because the last test here writes it in this form.
const published = JSON.parse(readFileSync(PUBLISHED, 'utf8')) as Readonly<Record<string, string>>

// Whether a server is up is no part of the description; nor is the list that only Metabase's own command line asks for.
const described = Object.keys(ROUTES).filter((route) => !['GET /health', 'GET /dashboard'].includes(route))

test.each(described)('%s exists, with the keys that we send', (route) => {
  const sent = (BODIES[route] ?? '').split(/\s+/).flatMap((key) => (key === '' ? [] : [key.replace('!', '')]))
  const keys = published[route]?.split(' ')
  expect([route, keys === undefined ? 'it does not' : sent.filter((key) => !keys.includes(key))]).toEqual([route, []])
})

/** The file of declarations that those keys are read off, of `@distilled.cloud/metabase`. */
const declared = process.env['METABASE_DECLARATIONS'] ?? ''

test.skipIf(declared === '')('the calls and keys are those of the declarations', async () => {
  const declarations = readFileSync(declared, 'utf8')
  const calls = declarations.matchAll(
    /^\/\*\* (GET|POST|PUT) \/api(\/\S+) .*\nexport declare const \w+: API\.OperationMethod<(\w+),/gm,
  )
  const requests = new Map(
    [...calls].map(([, method, path = '', request = '']) => [
      `${method} ${path.replaceAll(/\{[^}]+\}/g, ':id')}`,
      request,
    ]),
  )
  /** The keys of a declared shape, those of its body where it has one. */
  const keysOf = (name: string): readonly string[] => {
    const start = new RegExp(`^export (?:interface|type) ${name} (?:= )?\\{\\n`, 'm').exec(declarations)
    if (start === null) return []
    const text = declarations.slice(start.index + start[0].length)
    const lines = text.slice(0, text.search(/^\}/m)).split('\n')
    const keys = lines.flatMap((line) => /^ {4}"?([\w-]+)"?\??: (.*);?$/.exec(line)?.slice(1, 3) ?? [])
    const body = keys.indexOf('body')
    return body < 0 ? keys.filter((_, index) => index % 2 === 0) : keysOf((keys[body + 1] ?? '').replace(/[;\s].*/, ''))
  }
  const found = described.flatMap((route) => {
    const request = requests.get(route)
    return request === undefined ? [] : [[route, keysOf(request).join(' ')] as const]
  })
  await expect(`${JSON.stringify(Object.fromEntries(found), null, 2)}\n`).toMatchFileSnapshot(PUBLISHED)
})

/** A folder with recorded answers of real servers, such as `mbql5/card/27.json`. */
const recorded = process.env['METABASE_RECORDED'] ?? ''
if (recorded === '') process.stderr.write('Skipped: METABASE_RECORDED names no folder of recorded answers.\n')

/** What each recorded file is an answer of, by its place. */
const KINDS: readonly (readonly [RegExp, kind: string, (answer: never) => readonly unknown[]])[] = [
  [/card\/\d+\.json$/, 'card', (card: Entity) => [card]],
  [/dashboard\/\d+\.json$/, 'dashboard', (dashboard: Entity) => [dashboard]],
  [/dashboard\/\d+\.json$/, 'dashcard', ({ dashcards }: { dashcards: Entity[] }) => dashcards],
  [
    /database\.json$/,
    'database in a list',
    (answer: Entity[] | { data: Entity[] }) =>
      ('data' in answer ? answer.data : answer).filter(({ engine }) => engine === 'postgres'),
  ],
  [/metadata\.json$/, 'metadata', (metadata: Entity) => [metadata]],
  [/metadata\.json$/, 'table in metadata', ({ tables }: { tables: Entity[] }) => tables],
  [
    /metadata\.json$/,
    'field in metadata',
    ({ tables }: { tables: { fields: Entity[] }[] }) => tables.flatMap(({ fields }) => fields),
  ],
  [/user\/\d+\.json$/, 'user', (user: Entity) => [user]],
]

test.skipIf(recorded === '' || !existsSync(recorded))(
  'the shapes that the stand-in answers with lack no key of a recorded answer',
  () => {
    const files = readdirSync(recorded, { recursive: true })
      .map(String)
      .filter((name) => statSync(join(recorded, name)).isFile())
    const lacking = files.flatMap((file) =>
      KINDS.filter(([place]) => place.test(file)).flatMap(([, kind, of]) =>
        of(JSON.parse(readFileSync(join(recorded, file), 'utf8')) as never).flatMap((answer) =>
          // sound because each kind takes the answer of its place.
          Object.entries(answer as Entity).flatMap(([key, value]) => {
            const types = RECORDED[kind]?.[key]
            return types === undefined || !types.includes(typeOf(value)) ? [`${kind}: ${key} (${typeOf(value)})`] : []
          }),
        ),
      ),
    )
    expect(files.length).toBeGreaterThan(0)
    expect([...new Set(lacking)]).toEqual([])
  },
)
