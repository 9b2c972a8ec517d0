/**
 * Compares what is wanted with what is in Metabase and with what was applied last. Pure. This separates people's changes in Metabase
 * from changes of the definition, so that people's changes are not overwritten.
 */

import { type Attributes, CONTENT, type Item, type Kind, nameOf } from './item.ts'
import type { Value } from './read-answer.ts'

/** What stands in Metabase, by `nameOf`. */
export interface Live {
  readonly id: string
  readonly attributes: Attributes
}
export type There = ReadonlyMap<string, Live>

/** The values that may be there from us: after an interrupted application, the one before and the one after it. */
export type KnownValue = Value | readonly Value[]

/** What was applied last. */
export interface Applied {
  readonly kind: Kind
  readonly key: string
  /** Metabase's number; empty when an interrupted application was about to make it. */
  readonly id: string
  readonly attributes: Readonly<Record<string, KnownValue>>
}

export const isKnown = (known: KnownValue | undefined, live: Value | undefined): boolean =>
  [known ?? null].flat().some((value) => value === (live ?? null))

export interface Change {
  readonly kind: Kind
  readonly key: string
  /** `sync`: Metabase does not see it, or sees another type, and then gets the attributes. `withdraw`: see `metabase-apply.ts`. */
  readonly action: 'make' | 'change' | 'sync' | 'withdraw'
  /** What is set, by name. */
  readonly attributes: readonly string[]
  /** Attributes that people changed in Metabase: overwritten only with `--force`. */
  readonly byHand: readonly string[]
}

/** Values that only people can have set before the first application; others may be guesses or defaults of Metabase. */
const OF_PEOPLE: Readonly<Record<string, (live: Value) => boolean>> = {
  description: () => true,
  visibility_type: (live) => live !== 'cruft' && live !== 'normal',
  field_order: () => true,
  'create-queries': (live) => live !== 'query-builder-and-native' && live !== 'no',
  sources: () => true,
  level: (live) => live !== 'none' && live !== 'read' && live !== 'write',
  value: (live) => live !== 'en' && live !== 'sunday' && live !== '',
}

/** Kinds that are removed when no longer wanted. */
const LEAVES: readonly Kind[] = ['table', 'column', ...CONTENT]

/** With `force`, people's changes are overwritten. */
export function planChanges(
  wanted: readonly Item[],
  there: There,
  applied: readonly Applied[],
  force = false,
): readonly Change[] {
  const before = new Map(applied.map((item) => [nameOf(item), item]))
  const changes = wanted.flatMap((item) => {
    const live = there.get(nameOf(item))
    const last = before.get(nameOf(item))
    const isSame = last !== undefined && (last.id === '' || last.id === live?.id)
    const change = changeOf(item, live, isSame ? last : undefined, force)
    return change === null ? [] : [change]
  })
  const gone = applied.filter(leavesFrom(wanted, there, applied)).map(({ kind, key }): Change => {
    return { kind, key, action: 'withdraw', attributes: kind === 'access' ? ['level'] : [], byHand: [] }
  })
  return [...changes, ...gone]
}

/** Whether an applied item is no longer wanted, and was not renamed. */
function leavesFrom(wanted: readonly Item[], there: There, applied: readonly Applied[]) {
  const kept = new Set(wanted.flatMap((item) => [nameOf(item), `${item.kind} #${there.get(nameOf(item))?.id}`]))
  return (row: Applied): boolean => {
    if (row.id === '' || kept.has(nameOf(row)) || kept.has(`${row.kind} #${row.id}`)) return false
    // A former team group stays, because people are in it.
    if (row.kind === 'group') return applied.some(({ kind, id }) => kind === 'rights' && id.startsWith(`${row.id}/`))
    if (row.kind === 'access')
      return ![undefined, 'none'].includes(there.get(nameOf(row))?.attributes['level'] as string)
    return LEAVES.includes(row.kind) && row.attributes['archived'] !== true
  }
}

/** Metabase sees it only after a sync. */
const isSynced = ({ kind }: Item): boolean => kind === 'table' || kind === 'column'

function changeOf(item: Item, live: Live | undefined, last: Applied | undefined, force: boolean): Change | null {
  const { kind, key } = item
  const names = Object.keys(item.attributes)
  if (live === undefined) {
    return { kind, key, action: isSynced(item) ? 'sync' : 'make', attributes: names, byHand: [] }
  }
  const differing = [
    ...names.filter((name) => live.attributes[name] !== item.attributes[name]),
    ...dropped(item, live, last),
  ]
  const byHand = force ? [] : differing.filter((name) => isByHand(name, live, last))
  const ours = differing.filter((name) => !byHand.includes(name))
  if (differing.includes('type')) {
    // When the type changes, Metabase forgets the attributes of the column.
    return { kind, key, action: 'sync', attributes: names.filter((name) => !byHand.includes(name)), byHand }
  }
  return differing.length === 0 ? null : { kind, key, action: 'change', attributes: ours, byHand }
}

/** Meanings and formats to clear: applied before, no longer declared, and not changed by people. */
const dropped = (item: Item, { attributes }: Live, last: Applied | undefined): readonly string[] =>
  Object.entries(last?.attributes ?? {}).flatMap(([name, known]) => {
    const isOurs = /^(?:semantic_type$|settings\.)/.test(name) && !(name in item.attributes)
    return isOurs && (attributes[name] ?? null) !== null && isKnown(known, attributes[name]) ? [name] : []
  })

function isByHand(name: string, { attributes }: Live, last: Applied | undefined): boolean {
  const live = attributes[name] ?? null
  if (name === 'type' || name === 'connection') return false
  const known = last?.attributes[name]
  if (known !== undefined && isKnown(known, live)) return false
  if (last === undefined || known === undefined || last.id === '') {
    return live !== null && (OF_PEOPLE[name]?.(live) ?? name.startsWith('settings.'))
  }
  // Metabase has seen a new type meanwhile, and forgotten the attributes.
  return live !== null || isKnown(last.attributes['type'], attributes['type'])
}

/** The recorded state; for an interrupted application, the state before it. */
export const recordedThere = (applied: readonly Applied[]): There =>
  new Map(
    applied
      .filter(({ id }) => id !== '')
      .map(({ id, attributes, ...item }) => {
        const before = Object.entries(attributes).map(([name, known]) => [name, [known].flat()[0] ?? null] as const)
        return [nameOf(item), { id, attributes: Object.fromEntries(before) }]
      }),
  )

/** What to record before the first change, so that the leftovers of an interrupted application are known as ours. */
export function planned(
  there: There,
  wanted: readonly Item[],
  applied: readonly Applied[],
  changes: readonly Change[],
): readonly Applied[] {
  const rows = new Map(applied.map((item) => [nameOf(item), item]))
  const items = new Map(wanted.map((item) => [nameOf(item), item.attributes]))
  for (const change of effective(changes)) {
    const { kind, key, action } = change
    const [live, last] = [there.get(nameOf(change)), rows.get(nameOf(change))]
    if (action === 'withdraw') {
      if (last !== undefined)
        rows.set(nameOf(change), { ...last, attributes: { ...last.attributes, archived: [false, true] } })
      continue
    }
    const set = change.attributes.map((name): readonly [string, KnownValue] => [
      name,
      [live?.attributes[name] ?? null, items.get(nameOf(change))?.[name] ?? null],
    ])
    const before = last?.id === '' || last?.id === live?.id ? last?.attributes : {}
    rows.set(nameOf(change), { kind, key, id: live?.id ?? '', attributes: { ...before, ...Object.fromEntries(set) } })
  }
  return [...rows.values()]
}

/** What people changed keeps the value that was applied last, so that it is still known as theirs. */
export function recordOf(items: readonly Item[], there: There, applied: readonly Applied[]): readonly Applied[] {
  const before = new Map(applied.map((item) => [nameOf(item), item.attributes]))
  const names = new Set(items.map(nameOf))
  // What was archived is known when it is declared again; a table that was withdrawn, until Metabase archives it.
  const archived = applied
    .filter((item) => ['table', ...CONTENT].includes(item.kind) && !names.has(nameOf(item)))
    .map((item) => ({ ...item, attributes: { ...item.attributes, archived: true } }))
  const standing = items.flatMap((item): readonly Applied[] => {
    const live = there.get(nameOf(item))
    if (live === undefined) return []
    const last = before.get(nameOf(item))
    const attributes = Object.entries(item.attributes).flatMap(([name, value]) => {
      const kept = live.attributes[name] === value ? value : last?.[name]
      return kept === undefined ? [] : [[name, kept] as const]
    })
    return [{ kind: item.kind, key: item.key, id: live.id, attributes: Object.fromEntries(attributes) }]
  })
  return [...standing, ...archived]
}

/** Those that change something: what people changed is shown, and left. */
export const effective = (changes: readonly Change[]): readonly Change[] =>
  changes.filter(({ action, attributes }) => action !== 'change' || attributes.length > 0)
