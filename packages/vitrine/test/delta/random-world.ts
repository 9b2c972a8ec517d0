/** Random tables and what may happen to them, as SQL that a number decides: for the property of `property.test.ts`. */
import fc from 'fast-check'
import * as vitrine from '../../src/index.ts'
import type { Columns } from '../../src/publication/table.ts'

/** Every value is made of a number `h` by SQL. No text of it looks like anything that may not be published. */
const SMALL = 'h % 10000'
const TYPES = {
  smallint: ['smallint', `(h % 30000)::smallint`],
  integer: ['integer', 'h'],
  bigint: ['bigint', 'h::bigint * 4294967311'],
  numeric: [
    'numeric',
    `case h % 9 when 0 then 'NaN' when 1 then 1.0 when 2 then 1.00 when 3 then 'infinity' else h::numeric / (h % 7 + 9) end`,
  ],
  doublePrecision: [
    'double precision',
    `case h % 6 when 0 then 'NaN' when 1 then '-0' when 2 then '0' else h / 3.0::float8 end`,
  ],
  boolean: ['boolean', 'h % 2 = 0'],
  text: [
    'text',
    `case h % 5 when 0 then '' when 1 then 'é' || e'\\t\\n\\\\' || ${SMALL} when 2 then repeat('x' || ${SMALL} || 'y', 900) else 'text ' || ${SMALL} end`,
  ],
  uuid: ['uuid', 'md5(h::text)::uuid'],
  date: ['date', `case h % 8 when 0 then 'infinity' else '2026-01-01'::date + ${SMALL} end`],
  timestamptz: ['timestamptz', `'2026-01-01 00:00:00+00'::timestamptz + h * interval '1 ms'`],
  jsonb: ['jsonb', `jsonb_build_object('n', ${SMALL}, 'list', jsonb_build_array(h % 3, null, 'v'))`],
  textArray: ['text[]', `array['a' || ${SMALL}, null, '{']`],
  interval: ['interval', `h * interval '1 second' + interval '1 month'`],
} as const
const LANGUAGE = { ...vitrine }
type Word = keyof typeof TYPES
const WORDS = Object.keys(TYPES) as Word[] // sound because these are its keys.

/** The columns of the key, each with its type and its value for the number `n` of a row. */
const KEYS = {
  bigint: [['k', 'bigint', 'n']],
  integer: [['k', 'integer', 'n::integer - 40']],
  smallint: [['k', 'smallint', '(n % 32000)::smallint']],
  uuid: [['k', 'uuid', 'md5(n::text)::uuid']],
  text: [['k', 'text', `case n % 3 when 0 then 'Clé ' || n when 1 then 'k' || n else repeat('k', 90) || n end`]],
  pair: [
    ['k', 'integer', '(n % 4)::integer'],
    ['l', 'text', `'l' || n`],
  ],
  triple: [
    ['k', 'uuid', 'md5((n % 3)::text)::uuid'],
    ['l', 'bigint', 'n / 7'],
    ['m', 'smallint', '(n % 7 + 10 * (n % 3))::smallint'],
  ],
} as const
type Key = keyof typeof KEYS
const KEY_NAMES = Object.keys(KEYS) as Key[] // sound because these are its keys.

export interface Drawn {
  readonly key: Key
  readonly words: readonly Word[]
  readonly unique: boolean
  readonly filtered: boolean
  readonly masked: boolean
  readonly pseudonym: boolean
  /** Refers to the table before it, where that has a key of one number. */
  readonly refers: boolean
}

export const drawnTable: fc.Arbitrary<Drawn> = fc.record({
  key: fc.constantFrom(...KEY_NAMES),
  words: fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 5 }),
  unique: fc.boolean(),
  filtered: fc.boolean(),
  masked: fc.boolean(),
  // They are looked at in another way, which costs more.
  pseudonym: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  refers: fc.boolean(),
})

/** Why something of a row is unknown. */
export const UNANSWERED = 'nobody said'

export class RandomTable {
  readonly name: string
  readonly drawn: Drawn
  readonly #parent: RandomTable | null
  /** Others refer to it: its key cannot be deferred, and no filter hides rows of it. */
  isReferredTo = false
  /** The number of the next row. */
  #next = 1

  constructor(index: number, drawn: Drawn, before: RandomTable | undefined) {
    this.name = `t${index}`
    this.drawn = drawn
    this.#parent = drawn.refers && before !== undefined && before.drawn.key === 'bigint' ? before : null
    if (this.#parent !== null) this.#parent.isReferredTo = true
  }

  get #isFiltered(): boolean {
    return this.drawn.filtered && !this.isReferredTo
  }

  /** Rules make a column of it, which begins with `null` where something is unknown. */
  get isRuled(): boolean {
    return this.drawn.words.length === 5
  }

  get #key() {
    return KEYS[this.drawn.key]
  }

  #columns(): readonly (readonly [name: string, type: string, value: string])[] {
    const values = this.drawn.words.map((word, index) => [`c${index}`, ...TYPES[word]] as const)
    return [
      ...values,
      ['hidden', 'boolean', 'h % 4 = 0'],
      ['sole', 'boolean', 'case h % 3 when 0 then true when 1 then false end'],
      ['label', 'text', `'label ' || ${SMALL}`],
    ]
  }

  registered() {
    const { open } = vitrine
    const word = (type: string) => open[type as 'text'] // sound because the types of keys are words.
    return {
      ...Object.fromEntries(this.#key.map(([name, type]) => [name, word(type)])),
      ...Object.fromEntries(this.drawn.words.map((name, index) => [`c${index}`, open[name as 'text'].nullable])),
      ...{ n: open.bigint, u: open.text.nullable, hidden: open.boolean.nullable, sole: open.boolean.nullable },
      ...{ label: vitrine.personal.text.nullable, parent: open.bigint.nullable },
    }
  }

  published(
    source: vitrine.TypedSource<unknown>,
    made: ReadonlyMap<string, vitrine.PublishedTable>,
  ): vitrine.PublishedTable {
    const all = source.selectFrom(`${this.name} as t` as never) as ReturnType<typeof typed>
    const query = this.#isFiltered ? all.where('t.hidden', 'is not', true) : all
    const parent = this.#parent
    return vitrine.from(query).publish(`p_${this.name}`, 'A table.', ({ ref }) => {
      const any = (name: string) => ref(`t.${name}` as 't.c') as never
      const make = (word: string) => LANGUAGE[word as 'text'] // sound because each word is one of the language.
      const { unique, masked, pseudonym } = this.drawn
      const said = vitrine.compute({ sole: ref('t.sole'), n: ref('t.n') }, ({ sole, n }) => ({
        text: `${sole} of ${n}`,
        unknown: sole === null ? UNANSWERED : null,
      }))
      const columns: Columns = {
        ...Object.fromEntries(this.#key.map(([name, type]) => [name, make(type)(any(name), 'Key').primaryKey()])),
        ...Object.fromEntries(
          this.drawn.words.map((word, index) => [`c${index}`, make(word)(any(`c${index}`), 'x').nullable()]),
        ),
        ...(unique ? { u: vitrine.text(ref('t.u'), 'Unique').nullable().unique() } : {}),
        ...(masked
          ? { name: vitrine.text(vitrine.masked(ref('t.label'), ref('t.sole'), 'hidden', 'a person'), 'x').nullable() }
          : {}),
        ...(this.isRuled ? { said: vitrine.text(said.field('text'), 'x') } : {}),
        ...(pseudonym ? { who: vitrine.uuid(vitrine.pseudonym(ref('t.label')), 'Who').nullable() } : {}),
        ...(parent === null
          ? {}
          : {
              parent: vitrine
                .bigint(ref('t.parent'), 'Parent')
                .nullable()
                .references(() => made.get(parent.name) as vitrine.PublishedTable),
            }),
      }
      return this.isRuled ? vitrine.rows({ unknown: said.field('unknown', [UNANSWERED]) }, columns) : columns
    })
  }

  createSql(): string {
    const key = this.#key.map(([name, type]) => `${name} ${type} not null`)
    const columns = this.#columns().map(([name, type]) => `${name} ${type}`)
    const defer = this.isReferredTo ? '' : ' deferrable'
    const parent =
      this.#parent === null
        ? ''
        : ` references ${this.#parent.name} (k) on delete cascade on update cascade deferrable initially deferred`
    return `create table ${this.name} (${[...key, 'n bigint not null', ...columns].join(', ')}, u text unique deferrable, parent bigint${parent}, primary key (${this.#key.map(([name]) => name)})${defer})`
  }

  insertSql(rows: number, seed: number): string {
    const first = this.#next
    this.#next += rows
    const names = [...this.#key, ...this.#columns()].map(([name]) => name)
    const values = [...this.#key, ...this.#columns()].map(([, , value]) => value)
    const parent =
      this.#parent === null ? 'null' : `(select k from ${this.#parent.name} order by hashint8(k + h) limit 1)`
    return `insert into ${this.name} (n, ${names}, u, parent) select n, ${values}, case when h % 5 = 0 then null else 'u' || n end, ${parent}
      from generate_series(${first}, ${first + rows - 1}) n, lateral (select abs(hashint8(n * 31 + ${seed})) / 2 as h) x`
  }

  /** Some of the rows, by the seed: one of `share`. */
  #some(seed: number, share: number): string {
    return `abs(hashint8(n * 17 + ${seed})) % ${share} = 0`
  }

  #updateSql(seed: number, share: number): string {
    const columns = this.#columns()
    const [name = '', , value = ''] = columns[seed % columns.length] ?? []
    return `update ${this.name} set ${name} = x.${name} from (select n as row, ${value} as ${name} from ${this.name}, lateral (select abs(hashint8(n + ${seed})) / 2 as h) x) x where n = x.row and ${this.#some(seed, share)}`
  }

  #deleteSql(seed: number, share: number): string {
    return `delete from ${this.name} where ${this.#some(seed, share)}`
  }

  /** Keys move to numbers that nobody has. */
  #moveSql(seed: number): string {
    const first = this.#next
    this.#next += 200
    const set = this.#key.map(([name, , value]) => `${name} = ${value.replaceAll(/\bn\b/g, '(x.position)')}`)
    return `update ${this.name} t set n = x.position, ${set.join(', ')} from (select n as row, ${first} + row_number() over (order by n) as position from ${this.name} where ${this.#some(seed, 9)}) x where n = x.row`
  }

  /** Two rows, or more, take each other's key, or each other's unique value. */
  #exchangeSql(seed: number, what: 'key' | 'unique'): string {
    const names = what === 'unique' || this.isReferredTo ? ['u'] : this.#key.map(([name]) => name)
    const ranked = (order: string) =>
      `(select *, row_number() over (order by ${order}) as position from ${this.name} where ${this.#some(seed, 6)})`
    return `update ${this.name} t set ${names.map((name) => `${name} = b.${name}`).join(', ')} from ${ranked('n')} a join ${ranked('n desc')} b on a.position = b.position where t.n = a.n`
  }

  /** What a number makes happen to the table, as statements that are sent one by one. */
  happening(kind: number, seed: number): readonly string[] {
    const { name } = this
    const some = 3 + (seed % 12)
    const happenings: readonly (() => readonly string[])[] = [
      () => [],
      () => [this.#updateSql(seed, some)],
      () => [this.#updateSql(seed, 1)],
      () => [this.insertSql(1 + (seed % 6), seed)],
      () => [this.#deleteSql(seed, some)],
      () => [this.#deleteSql(seed, some), this.insertSql(2, seed), this.#updateSql(seed + 1, some)],
      () => [this.#moveSql(seed)],
      () => [this.#exchangeSql(seed, 'key')],
      () => [this.#exchangeSql(seed, 'unique')],
      () => [`update ${name} set hidden = hidden is not true where ${this.#some(seed, some)}`],
      () => [`begin; ${this.#updateSql(seed, 2)}; ${this.#deleteSql(seed, 2)}; rollback`],
      () => [
        `begin; ${this.#updateSql(seed, some)}; savepoint a; ${this.#deleteSql(seed, 2)}; rollback to a; savepoint b; ${this.#updateSql(seed + 1, some)};
         savepoint c; ${this.insertSql(2, seed)}; release b; ${this.#exchangeSql(seed, 'unique')}; commit`,
      ],
      () => [this.insertSql(3, seed), `delete from ${name} where n >= ${this.#next - 3}`],
      () => [this.#updateSql(seed, some), `vacuum freeze ${name}`],
      () => [this.#updateSql(seed, some), `vacuum full ${name}`],
      () => [this.#updateSql(seed, some), `cluster ${name} using ${name}_pkey`],
      () => [
        `begin; select from ${name} where ${this.#some(seed, 2)} for share; savepoint a; select from ${name} for update; rollback to a; commit`,
      ],
      () => [`delete from ${name}`, this.insertSql(8, seed)],
      () => [`truncate ${name} cascade`, this.insertSql(8, seed)],
      () => [
        `alter table ${name} drop label`,
        `alter table ${name} add label text default 'everywhere ${seed % 100}'`,
        `grant select (label) on ${name} to $reading`,
      ],
    ]
    return happenings[kind % happenings.length]?.() ?? []
  }
}

/** Beyond it every kind of happening has its turn again. */
export const HAPPENINGS = 20

/** For its type alone. */
const typed = () =>
  vitrine
    .register('public', {
      t: {
        ...{ c: vitrine.open.text.nullable, u: vitrine.open.text.nullable, label: vitrine.personal.text.nullable },
        ...{
          hidden: vitrine.open.boolean.nullable,
          sole: vitrine.open.boolean.nullable,
          parent: vitrine.open.bigint.nullable,
          n: vitrine.open.bigint,
        },
      },
    })
    .selectFrom('t as t')
