/** Random source tables with classes, and a random publication of them: every treatment that fits, or none. */
import fc from 'fast-check'
import type { Publication, PublishedTable } from '../../packages/vitrine/src/index.ts'
import * as language from '../../packages/vitrine/src/index.ts'
import type { PrivacyClass } from '../../packages/vitrine/src/publication/privacy.ts'

const KINDS = {
  text: 'text',
  varchar: 'varchar(40)',
  uuid: 'uuid',
  jsonb: 'jsonb',
  bigint: 'bigint',
  integer: 'integer',
  smallint: 'smallint',
  numeric: 'numeric',
  real: 'real',
  doublePrecision: 'double precision',
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  textArray: 'text[]',
  integerArray: 'integer[]',
  bigintArray: 'bigint[]',
} as const
type Kind = keyof typeof KINDS

interface RandomColumn {
  readonly kind: Kind
  readonly privacy: PrivacyClass
  readonly isNullable: boolean
  /** Which of the treatments that fit. */
  readonly pick: number
}
type RandomTables = readonly (readonly RandomColumn[])[]

const column = fc.record({
  // sound because the keys of KINDS are its names.
  kind: fc.constantFrom(...(Object.keys(KINDS) as Kind[])),
  privacy: fc.constantFrom<PrivacyClass>('open', 'indirect', 'personal', 'secret'),
  isNullable: fc.boolean(),
  pick: fc.nat(1000),
})
const tables = fc.array(fc.array(column, { minLength: 4, maxLength: 10 }), { minLength: 1, maxLength: 3 })

export const randomTables = (seed: number): RandomTables => fc.sample(tables, { seed, numRuns: 1 })[0] ?? []

const TEXTS: readonly Kind[] = ['text', 'varchar']
const NUMBERS: readonly Kind[] = ['bigint', 'integer', 'smallint', 'numeric', 'real', 'doublePrecision']
const DATED: readonly Kind[] = ['date', 'timestamp', 'timestamptz']
const KEYS: readonly Kind[] = [...TEXTS, 'bigint', 'integer', 'uuid']

type Word = (...given: readonly unknown[]) => never
/**
 * A word of the language, untyped: what its types prove of columns that are known is proved again by `check`, which every
 * publication here goes through.
 */
const say = (word: string, ...given: readonly unknown[]): never =>
  // sound because each word is a function of the language.
  (language as unknown as Readonly<Record<string, Word>>)[word]?.(...given) as never
const column_ = (kind: string, value: unknown): language.Column<'nullable'> =>
  (say(kind, ...(kind === 'varchar' ? [40] : []), value, 'A value') as language.Column).nullable()

const keyOf = (value: unknown): language.Column<'not null'> => say('bigint', say('because', value, 'a key'), 'A key')

/** The ways in which such a column may be published; null leaves it out. */
function ways(
  { kind, privacy }: RandomColumn,
  value: unknown,
  flag: unknown,
): readonly (language.Column<'nullable'> | null)[] {
  const size = say('measure', { value }, { size: { from: 0, to: 9 } }, () => ({ size: 1 })) as {
    readonly field: (name: string) => never
  }
  const treated = [
    null,
    column_('boolean', say('present', value)),
    column_(
      'text',
      say('category', { value }, ['one', 'other'], () => 'one'),
    ),
    column_('integer', size.field('size')),
    ...(KEYS.includes(kind) ? [column_('uuid', say('pseudonym', value))] : []),
    ...(DATED.includes(kind) ? [column_('integer', say('year', value)), column_('date', say('month', value))] : []),
    ...(NUMBERS.includes(kind) ? [column_('text', say('band', value, [0, 10]))] : []),
  ]
  const same = ({ value: it }: { readonly value: unknown }) => it
  switch (privacy) {
    case 'secret':
      return [null]
    case 'open':
      return [column_(kind, value), column_(kind, value), column_(kind, say('compute', { value }, same)), null]
    case 'indirect':
      return [
        column_(kind, say('because', value, 'needed')),
        column_(kind, say('because', value, 'needed')),
        ...treated,
      ]
    case 'personal':
      return TEXTS.includes(kind)
        ? [...treated, column_(kind, say('masked', value, flag, 'hidden', 'Shown where it may be.'))]
        : treated
  }
}

const registeredColumn = ({ kind, privacy, isNullable }: RandomColumn): language.RegisteredColumn => {
  const words = {
    open: language.open,
    indirect: language.indirect,
    personal: language.personal,
    secret: language.secret,
  }[privacy]
  const made = kind === 'varchar' ? words.varchar(40) : words[kind]
  return isNullable ? made.nullable : made
}

/** A table that every random publication has: in each of these columns, another value than the one given stops a run. */
export const TRAP = {
  short_text: "'ok'",
  number_text: "'12'",
  ruled_text: "'fine'",
  listed_text: "'one'",
  free_text: "'free'",
}
const trapColumns = {
  id: language.indirect.bigint,
  unique_text: language.open.text,
  short_text: language.open.text,
  number_text: language.open.text,
  ruled_text: language.open.text,
  listed_text: language.personal.text,
  free_text: language.open.text,
  left_out: language.open.text,
  amount: language.open.integer,
}
const common = { id: language.indirect.bigint, parent_id: language.indirect.bigint, flag: language.open.boolean }

/** An expression builder, untyped like the words. */
interface Builder {
  readonly ref: (name: string) => never
  readonly cast: (value: unknown, type: string) => never
}
type Publish = (name: string, comment: string, columns: (eb: Builder) => object) => PublishedTable

export interface RandomInstallation {
  /** SQL of the source tables. */
  readonly tables: string
  readonly publication: Publication
  /** The same, and one column more that says what the other leaves out. */
  readonly withOneMore: Publication
}

export function randomInstallation(
  seed: number,
  roles: { readonly writer: string; readonly reader: string },
): RandomInstallation {
  const random = randomTables(seed)
  const named = random.map(
    (columns, index) => [`t${index}`, columns.map((column, at) => [`c${at}`, column] as const)] as const,
  )
  const source = language.register('public', {
    ...Object.fromEntries(
      named.map(([name, columns]) => [
        name,
        { ...common, ...Object.fromEntries(columns.map(([own, column]) => [own, registeredColumn(column)])) },
      ]),
    ),
    trap: trapColumns,
  })
  const from = (name: string): Publish => {
    const query = (source.selectFrom as Word)(`${name} as t`)
    return (say('from', query) as { readonly publish: Publish }).publish
  }
  const published: PublishedTable[] = []
  for (const [name, columns] of named) {
    const parent = published[0]
    const table = from(name)(`p_${name}`, 'A table', ({ ref }) => ({
      id: keyOf(ref('t.id')).primaryKey(),
      ...(parent === undefined
        ? {}
        : {
            parent_id: keyOf(ref('t.parent_id')).references(() => parent),
          }),
      ...Object.fromEntries(
        columns.flatMap(([own, column]) => {
          const all = ways(column, ref(`t.${own}`), ref('t.flag'))
          const way = all[column.pick % all.length]
          return way === null || way === undefined ? [] : [[own, way]]
        }),
      ),
    }))
    published.push(table)
  }
  const trap = (more: boolean) =>
    from('trap')('p_trap', 'A trap', ({ ref, cast }) => ({
      id: keyOf(ref('t.id')).primaryKey(),
      unique_text: (say('text', ref('t.unique_text'), 'Unique') as language.Column).unique(),
      short_text: say('varchar', 3, ref('t.short_text'), 'Short'),
      number_text: say('integer', cast(ref('t.number_text'), 'integer'), 'A number'),
      ruled_text: say('text', say('compute', { value: ref('t.ruled_text') }, fineOnly), 'Fine'),
      listed_text: say('text', say('category', { value: ref('t.listed_text') }, ['one'], sameText), 'Listed'),
      free_text: say('text', ref('t.free_text'), 'Free'),
      amount: say('integer', ref('t.amount'), 'Amount'),
      ...(more ? { left_out: say('text', ref('t.left_out'), 'Left out') } : {}),
    }))
  const settings = { name: 'canary', schema: 'canary', source, ...roles, histories: [stats] }
  const withTrap = (more: boolean) => language.definePublication({ ...settings, tables: [...published, trap(more)] })
  return {
    tables: named.map(([name, columns]) => tableSql(name, columns, name !== 't0')).join('') + TRAP_SQL,
    publication: withTrap(false),
    withOneMore: withTrap(true),
  }
}

const sameText = ({ value }: { readonly value: string }): string => value
function fineOnly({ value }: { readonly value: string }): string {
  if (value !== 'fine') throw new Error(`not fine: ${value}`)
  return value
}

/** A history whose figure is a value as it is. */
const stats = language.history('p_stats', 'A day', ({ selectFrom }, { day, dayNumber }) => ({
  id: language.integer(dayNumber, 'Number').primaryKey(),
  day: language.date(day, 'Day').unique(),
  most: language
    .integer(
      selectFrom('p_trap')
        .select(({ fn }) => fn.max<number | null>('amount').as('most'))
        .$asScalar(),
      'Largest amount',
    )
    .nullable(),
}))

const tableSql = (name: string, columns: readonly (readonly [string, RandomColumn])[], isChild: boolean): string =>
  `create table ${name} (id bigint primary key, parent_id bigint not null${isChild ? ' references t0 (id)' : ''}, flag boolean not null
    ${columns.map(([own, { kind, isNullable }]) => `, ${own} ${KINDS[kind]}${isNullable ? '' : ' not null'}`).join('')});`
const TRAP_SQL = `create table trap (id bigint primary key, unique_text text not null, short_text text not null, number_text text not null,
  ruled_text text not null, listed_text text not null, free_text text not null, left_out text not null, amount integer not null);`
