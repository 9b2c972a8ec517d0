/** Writes what was pulled from Metabase as a TypeScript module on top of the publication. Pure. */
import type { Dashboard, Filter, Query, Question, Tab, Tile } from '../publication/dashboard.ts'
import type { PulledPart } from '../publication/replaced.ts'

export interface Written {
  readonly questions: readonly PulledPart<Question>[]
  readonly dashboards: readonly PulledPart<Dashboard>[]
  readonly notes: readonly string[]
}

/** `module`: the module that exports the publication, as written in an import. */
export function moduleText(
  { questions, dashboards, notes }: Written,
  publication: readonly Dashboard[],
  module: string,
): string {
  const names = new Map(questions.map(({ whole }, index) => [whole.key, `question${index + 1}`]))
  const collections = new Map<string, string>()
  const made: string[] = []
  for (const { collection } of dashboards.flatMap(({ isNew, whole }) => (isNew ? [whole] : []))) {
    if (collections.has(collection.key)) continue
    const ours = publication.find((each) => each.collection.key === collection.key)
    const name = `collection${made.length + 1}`
    if (ours === undefined) made.push(`const ${name} = collection(${code(collection)})`)
    collections.set(collection.key, ours === undefined ? name : `dashboardIn(published, ${code(ours.key)}).collection`)
  }
  const asked = questions.map(({ isNew, whole, parts }) => {
    const before = isNew ? '' : `...questionIn(published, ${code(whole.key)}), `
    return `const ${names.get(whole.key)} = question({ ${before}${members(parts, { query: queryCode })} })`
  })
  const shown = dashboards.map(({ isNew, whole, parts }) => {
    const before = isNew ? '' : `...dashboardIn(published, ${code(whole.key)}), `
    return `dashboard({ ${before}${members(parts, {
      collection: () => collections.get(whole.collection.key) ?? '',
      filters: (filters) => list((filters as readonly Filter[]).map((filter) => `about.filter(${code(filter)})`)), // sound because it is that member.
      tabs: (tabs) => list((tabs as readonly Tab[]).map((tab) => tabCode(tab, names))), // sound because it is that member.
    })} })`
  })
  const body = [
    ...made,
    ...asked,
    `export default withReplaced(published, { questions: ${list([...names.values()])}, dashboards: ${list(shown)} })`,
  ]
  return `${[head(notes), imports(body.join('\n'), module), ...body].join('\n\n')}\n`
}

const head = (notes: readonly string[]): string =>
  [
    '/**',
    ' * What people changed or made in Metabase, on top of the publication. Take this module for the publication, and check that',
    ' * `metabase plan` has nothing to say; then move each part to where its question or dashboard is defined.',
    ...notes.map((note) => ` * Not said here: ${note.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')}`),
    ' */',
  ].join('\n')

function imports(body: string, module: string): string {
  const words = ['collection', 'dashboard', 'dashboardIn', 'question', 'questionIn', 'questionsAbout', 'withReplaced']
  const isAsked = body.includes('about.')
  const used = words.filter((word) => (word === 'questionsAbout' ? isAsked : body.includes(`${word}(`)))
  const about = isAsked ? '\n\nconst about = questionsAbout(published)' : ''
  return `import { ${used.join(', ')} } from 'vitrine'\nimport published from ${code(module)}${about}`
}

const list = (parts: readonly string[]): string => `[${parts.join(', ')}]`
const isName = (key: string) => /^[A-Za-z_$][\w$]*$/.test(key)

/** A plain value as TypeScript code. */
export function code(value: unknown): string {
  if (Array.isArray(value)) return list(value.map(code))
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{ ${members(value, {})} }`
}

type Writers = Readonly<Record<string, (value: unknown) => string>>

const members = (value: object, writers: Writers): string =>
  Object.entries(value)
    .filter(
      ([key, each]) => each !== undefined && !(key === 'previousKeys' && Array.isArray(each) && each.length === 0),
    )
    .map(([key, each]) => `${isName(key) ? key : code(key)}: ${(writers[key] ?? code)(each)}`)
    .join(', ')

function queryCode(value: unknown): string {
  const { kind: _, ...query } = value as Query & { readonly kind: 'structured' } // sound because only such queries are pulled.
  const given = Object.entries(query).filter(
    ([, each]) => each !== null && !(typeof each === 'object' && Object.keys(each).length === 0),
  )
  return `about.query(${code(Object.fromEntries(given))})`
}

function tabCode({ name, rows }: Tab, names: ReadonlyMap<string, string>): string {
  const tile = (each: Tile) => `{ ${members(each, { question: (value) => questionCode(value as Question, names) })} }` // sound because it is that member.
  return `{ name: ${code(name)}, rows: ${list(rows.map((row) => `\n    ${list(row.map(tile))}`))} }`
}

const questionCode = ({ key }: Question, names: ReadonlyMap<string, string>): string =>
  names.get(key) ?? `questionIn(published, ${code(key)})`
