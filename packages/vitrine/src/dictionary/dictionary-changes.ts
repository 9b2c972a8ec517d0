/** Compares two dictionaries of one publication: what was added, removed, and which facts changed. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { columnName } from './dictionary.ts'
import type { Dictionary, DictionaryColumn, DictionaryTable, DictionaryTreatment } from './schema.ts'

/** In the order in which a reader of the changes cares. */
export const FACTS = [
  ...['privacy', 'origins', 'treatments', 'reasons', 'values', 'range', 'accepts', 'kAnonymity', 'query', 'use'],
  ...[
    'type',
    'nullable',
    'key',
    'references',
    'minimum',
    'comment',
    'history',
    'partly',
    'reason',
    'schema',
    'reader',
    'sourceSchema',
  ],
] as const
export type Fact = (typeof FACTS)[number]

/** An origin with what a fact says of it. */
export interface OriginFact {
  readonly origin: string
  readonly says: readonly (Omit<DictionaryTreatment, 'reason'> | string)[]
}
type FactValue = DictionaryColumn[keyof DictionaryColumn] | DictionaryTable['kAnonymity'] | readonly OriginFact[]

export interface DictionaryChange {
  readonly area: 'publication' | 'published' | 'views' | 'source' | 'functions'
  readonly table: string
  /** Null for the table itself. */
  readonly column: string | null
  readonly change: 'added' | 'removed' | 'changed'
  /** Which fact of it; null where all of it came or went. */
  readonly what: Fact | null
  readonly before: FactValue
  readonly after: FactValue
}

type Facts = Readonly<Partial<Record<Fact, FactValue>>>
type Place = Pick<DictionaryChange, 'area' | 'table' | 'column'>
type Entry = readonly [place: Place, facts: Facts]

export function changesBetween(before: Dictionary, after: Dictionary): readonly DictionaryChange[] {
  const [old, present] = [entriesOf(before), entriesOf(after)]
  const whole = (place: Place, change: 'added' | 'removed', others: ReadonlyMap<string, Entry>): DictionaryChange[] => {
    // The columns of an added or removed table are not listed again.
    const isPart = place.column !== null && !others.has(keyOf({ ...place, column: null }))
    return isPart ? [] : [{ ...place, change, what: null, before: null, after: null }]
  }
  const gone = [...old].flatMap(([key, [place]]) => (present.has(key) ? [] : whole(place, 'removed', present)))
  const others = [...present].flatMap(([key, [place, facts]]) => {
    const earlier = old.get(key)
    return earlier === undefined ? whole(place, 'added', old) : changedFacts(place, earlier[1], facts)
  })
  return [...gone, ...others]
}

const changedFacts = (place: Place, old: Facts, facts: Facts): DictionaryChange[] =>
  FACTS.filter((what) => !isDeepStrictEqual(old[what], facts[what])).map((what) => ({
    ...place,
    change: 'changed',
    what,
    before: old[what] ?? null,
    after: facts[what] ?? null,
  }))

const keyOf = ({ area, table, column }: Place): string => JSON.stringify([area, table, column])

/** A table, and its columns with their facts. */
const withColumns = (
  area: Place['area'],
  table: string,
  own: Facts,
  columns: readonly (readonly [name: string, facts: Facts])[],
): readonly Entry[] => [
  [{ area, table, column: null }, own],
  ...columns.map(([column, facts]): Entry => [{ area, table, column }, facts]),
]

function entriesOf({ tables, views, source, schema, reader, publication }: Dictionary): ReadonlyMap<string, Entry> {
  const entries: Entry[] = [
    ...withColumns('publication', publication, { schema, reader, sourceSchema: source.schema }, []),
    ...tables.flatMap(({ name, columns, ...own }) =>
      withColumns(
        'published',
        name,
        own,
        columns.map((column) => [column.name, columnFacts(column)]),
      ),
    ),
    ...views.flatMap(({ name, columns, ...own }) =>
      withColumns(
        'views',
        name,
        own,
        columns.map(({ name: column, ...facts }) => [column, facts]),
      ),
    ),
    ...source.tables.flatMap(({ name, columns, ...own }) =>
      withColumns(
        'source',
        name,
        own,
        columns.map(({ name: column, ...facts }) => [column, facts]),
      ),
    ),
    ...source.functions.flatMap(({ name, ...facts }) => withColumns('functions', name, facts, [])),
  ]
  return new Map(entries.map((entry) => [keyOf(entry[0]), entry]))
}

function columnFacts({ name, origins, ...facts }: DictionaryColumn): Facts {
  return {
    ...facts,
    origins: origins.map((origin) => ({
      origin: columnName(origin),
      says: [origin.privacy, ...(origin.published ? ['published'] : [])],
    })),
    treatments: origins.map((origin) => ({
      origin: columnName(origin),
      says: origin.treatments.map(({ reason, ...treatment }) => treatment),
    })),
    reasons: origins.map((origin) => ({
      origin: columnName(origin),
      says: origin.treatments.flatMap(({ reason }) => reason ?? []),
    })),
  }
}
