/**
 * Every call that the stand-in takes, and so every call of our client, exists in Metabase's published description with those
 * keys. The description is read as text off the declarations of `@distilled.cloud/metabase`, which are generated from it.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type Entity, RECORDED, typeOf } from './answers.ts'
import { BODIES, ROUTES } from './routes.ts'

const main = createRequire(import.meta.url).resolve('@distilled.cloud/metabase')
const declarations = readFileSync(join(dirname(main), 'services/metabase.d.ts'), 'utf8')

/** The name of the request of each call, such as `PUT /field/:id`. */
const requests = new Map<string, string>(
  [
    ...declarations.matchAll(
      /^\/\*\* (GET|POST|PUT) \/api(\/\S+) .*\nexport declare const \w+: API\.OperationMethod<(\w+),/gm,
    ),
  ].map(
    ([, method = '', path = '', request = '']) =>
      [`${method} ${path.replaceAll(/\{[^}]+\}/g, ':id')}`, request] as const,
  ),
)

/** The keys of a declared shape, those of its body where it has one. */
function keysOf(name: string): readonly string[] {
  const start = new RegExp(`^export (?:interface|type) ${name} (?:= )?\\{\\n`, 'm').exec(declarations)
  if (start === null) return []
  const text = declarations.slice(start.index + start[0].length)
  const lines = text.slice(0, text.search(/^\}/m)).split('\n')
  const keys = lines.flatMap((line) => /^ {4}"?([\w-]+)"?\??: (.*);?$/.exec(line)?.slice(1, 3) ?? [])
  const body = keys.indexOf('body')
  return body < 0 ? keys.filter((_, index) => index % 2 === 0) : keysOf((keys[body + 1] ?? '').replace(/[;\s].*/, ''))
}

// Whether a server is up is no part of the description; nor is the list that only Metabase's own command line asks for.
test.each(Object.keys(ROUTES).filter((route) => !['GET /health', 'GET /dashboard'].includes(route)))(
  '%s exists, with the keys that we send',
  (route) => {
    const request = requests.get(route)
    expect(request).toBeDefined()
    const published = keysOf(request ?? '')
    const sent = (BODIES[route] ?? '').split(/\s+/).flatMap((key) => (key === '' ? [] : [key.replace('!', '')]))
    expect([route, sent.filter((key) => !published.includes(key))]).toEqual([route, []])
  },
)

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
