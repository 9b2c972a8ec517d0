/**
 * Carries out a plan, waits until Metabase sees what is published, reads everything back, and returns what to record. A
 * change that Metabase did not keep is an error: Metabase silently ignores what it does not know.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import { type Metabase, unlessGone } from './client.ts'
import { applyContent, archive, isContent } from './content-apply.ts'
import { accessIn } from './content-items.ts'
import type { Content } from './content-work.ts'
import { CONTENT, type Item, type Kind, nameOf } from './item.ts'
import { type Applied, type Change, effective, planChanges, planned, recordOf } from './metabase-plan.ts'
import { entityPart, idOf, type Value } from './read-answer.ts'
import { EVERYONE, readState, type State } from './state.ts'
import { OUTSIDE_DETAILS, RIGHTS, SCHEDULES, type Wanted } from './wanted.ts'

export interface Plan {
  readonly state: State
  readonly changes: readonly Change[]
}

/** Only reads. With `force`, the plan overwrites what people changed. */
export async function planMetabase(
  metabase: Metabase,
  wanted: Wanted,
  recorded: readonly Applied[],
  force = false,
): Promise<Plan> {
  const state = await readState(metabase, wanted, recorded)
  return { state, changes: planChanges(wanted.items, state.there, state.applied, force) }
}

/** Records what is ours while a plan is carried out. */
export interface AppliedRecord {
  readonly all: (applied: readonly Applied[]) => Promise<void>
  /** Called after an item was made to which others may refer. */
  readonly made: (kind: Kind, key: string, id: string) => Promise<void>
}

/** Returns the present state of our items. Throws METABASE_SYNC_LATE, METABASE_NOT_KEPT, and what a request throws. */
export async function applyPlan(
  metabase: Metabase,
  wanted: Wanted,
  { state, changes }: Plan,
  record: AppliedRecord,
): Promise<void> {
  if (effective(changes).length > 0) await record.all(planned(state.there, wanted.items, state.applied, changes))
  const work = new Work(metabase, wanted, state, record)
  const of = (...kinds: readonly string[]) => changes.filter(({ kind }) => kinds.includes(kind))
  for (const change of effective(of('setting', 'source'))) await work.do(change)
  const structure = of('table', 'column').filter(({ action }) => action !== 'change')
  if (structure.length > 0) await work.sync(structure.filter(({ action }) => action === 'sync'))
  for (const change of effective(of('table', 'column', 'group', 'rights'))) await work.do(change)
  const content = effective(of('access', ...CONTENT))
  for (const change of content.filter(({ action }) => action !== 'withdraw')) await work.do(change)
  // A collection is removed after the ones inside it, and only when it is empty.
  const depth = ({ kind, key }: Change) => (kind === 'collection' ? depthOf(key, state.applied) : Number.MAX_VALUE)
  const gone = content.filter(({ action }) => action === 'withdraw')
  for (const change of gone.toSorted((one, other) => depth(other) - depth(one))) await work.do(change)
  const after = effective(changes).length === 0 ? state : await work.read()
  requireKept(wanted, after, changes)
  await record.all(recordOf(wanted.items, after.there, state.applied))
}

/** Number of collections around a collection. */
function depthOf(key: string, applied: readonly Applied[]): number {
  const row = applied.find((each) => each.kind === 'collection' && each.key === key)
  const parent = [row?.attributes['parent'] ?? null].flat().at(-1)
  return parent == null ? 0 : 1 + depthOf(String(parent), applied)
}

function requireKept(wanted: Wanted, { there }: State, changes: readonly Change[]): void {
  const items = new Map(wanted.items.map((item) => [nameOf(item), item]))
  const problems = effective(changes).flatMap((change): readonly Problem[] => {
    const [item, live] = [items.get(nameOf(change)), there.get(nameOf(change))]
    const none = change.kind === 'access' ? 'none' : null
    const lost = change.attributes.filter(
      (name) => (live?.attributes[name] ?? none) !== (item?.attributes[name] ?? none),
    )
    return lost.length === 0 ? [] : [{ place: nameOf(change), detail: `not kept: ${lost.join(', ')}` }]
  })
  if (problems.length > 0) throw new VitrineError('METABASE_NOT_KEPT', { problems })
}

type Chosen = readonly (readonly [name: string, value: Value])[]

/** Carries out one plan, and keeps the state up to date with what it makes. */
class Work {
  readonly #metabase: Metabase
  readonly #wanted: Wanted
  readonly #items: ReadonlyMap<string, Item>
  readonly #record: AppliedRecord
  #state: State
  readonly #raw: Content['raw']

  constructor(metabase: Metabase, wanted: Wanted, state: State, record: AppliedRecord) {
    this.#metabase = metabase
    this.#wanted = wanted
    this.#items = new Map(wanted.items.map((item) => [nameOf(item), item]))
    this.#state = state
    this.#raw = new Map(state.raw)
    this.#record = record
  }

  async read(): Promise<State> {
    this.#state = {
      ...(await readState(this.#metabase, this.#wanted, this.#state.applied)),
      applied: this.#state.applied,
    }
    return this.#state
  }

  async do(change: Change): Promise<void> {
    const { kind, key, action, attributes } = change
    const item = this.#items.get(nameOf(change))
    const chosen = attributes.map((name) => [name, item?.attributes[name] ?? null] as const)
    const set = async (path: string) => void (await this.#metabase.put(path, Object.fromEntries(chosen)))
    if (action === 'withdraw') return this.#withdraw(change)
    if (isContent(kind)) return applyContent(this.#content(), kind, change)
    const ways: Readonly<Record<typeof kind, () => Promise<void>>> = {
      setting: () => set(`/setting/${key}`),
      source: () => this.#source(chosen),
      table: () => set(`/table/${this.#idOf(change)}`),
      column: () => this.#column(change, chosen),
      group: () => (action === 'make' ? this.#group(key) : set(`/permissions/group/${this.#idOf(change)}`)),
      rights: () => this.#rights(key, chosen),
      access: () => {
        const { group, collection } = accessIn(key)
        const id = `${this.#state.groups.get(group)}/${this.#idOf({ kind: 'collection', key: collection })}`
        return this.#access(id, chosen[0]?.[1])
      },
    }
    await ways[kind]()
  }

  #idOf(change: Pick<Change, 'kind' | 'key'>): string {
    const found = this.#state.there.get(nameOf(change))
    if (found === undefined) throw new VitrineError('METABASE_SYNC_LATE', { place: nameOf(change) })
    return found.id
  }

  async #source(chosen: Chosen): Promise<void> {
    const { sourceId } = this.#state
    const { source, publication } = this.#wanted
    const given = (outside: boolean) =>
      Object.fromEntries(
        chosen.filter(([name]) => OUTSIDE_DETAILS.includes(name) === outside && !NOT_SENT.includes(name)),
      )
    const password = source.password === null ? {} : { password: source.password.reveal() }
    const isLogin = chosen.some(([name]) => name === 'connection')
    const details = { ...given(false), ...(isLogin ? password : {}) }
    const timed = chosen.some(([name]) => name.endsWith('_schedule')) ? { schedules: SCHEDULES } : {}
    const body = { ...given(true), ...timed, ...(Object.keys(details).length === 0 ? {} : { details }) }
    try {
      if (sourceId !== null) await this.#metabase.put(`/database/${sourceId}`, body)
      else {
        const made = await this.#metabase.make('/database', { engine: 'postgres', ...body }, async () =>
          (await this.#metabase.all('/database')).find(({ name }) => name === publication.metabase.source),
        )
        // Metabase turns TLS on for a new one wherever the server speaks it, whatever was said.
        const isOn = entityPart(made, 'details')['ssl'] === true
        if (source.sslMode === 'disable' && isOn)
          await this.#metabase.put(`/database/${idOf(made, 'data source')}`, { details: { ssl: false } })
      }
    } catch (error) {
      throw unreachable(error, publication.metabase.source)
    }
    await this.read()
  }

  /** Returns when Metabase sees all of it, with its type. */
  async sync(missing: readonly Change[]): Promise<void> {
    const { metabaseSyncMs, metabaseAskMs } = this.#metabase.limits
    const { source } = this.#wanted.publication.metabase
    try {
      await this.#metabase.post(`/database/${this.#state.sourceId}/sync_schema`)
    } catch (error) {
      throw unreachable(error, source)
    }
    for (let waited = 0; ; waited += metabaseAskMs) {
      const { there } = await this.read()
      const unseen = missing.filter((change) => {
        const [item, live] = [this.#items.get(nameOf(change)), there.get(nameOf(change))]
        const type = item?.attributes['type']
        return live === undefined || (type !== undefined && live.attributes['type'] !== type)
      })
      if (unseen.length === 0) return
      if (waited >= metabaseSyncMs) {
        const problems = unseen.map((change) => ({ place: nameOf(change), detail: 'not seen, or with another type' }))
        throw new VitrineError('METABASE_SYNC_LATE', { place: source, problems })
      }
      await pause(metabaseAskMs, this.#metabase.signal)
    }
  }

  async #column(change: Change, chosen: Chosen): Promise<void> {
    const item = this.#items.get(nameOf(change))
    const format = chosen.filter(([name]) => name.startsWith('settings.'))
    const plain = chosen.filter(([name]) => !name.startsWith('settings.') && !NOT_SENT.includes(name))
    const target = item?.attributes['fk_target']
    const isKey = target != null && chosen.some(([name]) => name === 'fk_target' || name === 'semantic_type')
    const own = Object.fromEntries(format.map(([name, value]) => [name.slice('settings.'.length), value]))
    const all = Object.entries({ ...this.#state.formats.get(change.key), ...own })
    const body = {
      ...Object.fromEntries(plain),
      ...(isKey ? { fk_target_field_id: this.#numberOf(String(target)), semantic_type: 'type/FK' } : {}),
      ...(format.length === 0 ? {} : { settings: Object.fromEntries(all.filter(([, value]) => value !== null)) }),
    }
    if (Object.keys(body).length > 0) await this.#metabase.put(`/field/${this.#idOf(change)}`, body)
  }

  #numberOf = (key: string): number => Number(this.#idOf({ kind: 'column', key }))

  /** Metabase's own database keeps values of a column that is no longer published until they are discarded. */
  async #withdraw({ kind, key }: Change): Promise<void> {
    const id = this.#state.applied.find((item) => item.kind === kind && item.key === key)?.id ?? ''
    if (isContent(kind)) await archive(this.#metabase, kind, id)
    else if (kind === 'column') await unlessGone(this.#metabase.post(`/field/${id}/discard_values`))
    else if (kind === 'access') await this.#access(id, 'none')
    else if (kind === 'group') await this.#allow(Number(id), [this.#state.sourceId], 'no')
  }

  #content = (): Content => ({
    ...{ metabase: this.#metabase, wanted: this.#wanted, sourceId: this.#state.sourceId, raw: this.#raw },
    numberOf: (kind, key) => Number(this.#idOf({ kind, key })),
    made: (kind, key, id) => this.#made(kind, key, id),
  })

  /** Adds a new item to the state: others may refer to it before everything is read again. */
  async #made(kind: Kind, key: string, id: number): Promise<void> {
    const there = new Map(this.#state.there).set(nameOf({ kind, key }), { id: String(id), attributes: {} })
    this.#state = { ...this.#state, there }
    await this.#record.made(kind, key, String(id))
  }

  async #group(name: string): Promise<void> {
    const made = await this.#metabase.make('/permissions/group', { name }, async () =>
      (await this.#metabase.all('/permissions/group')).find((group) => group['name'] === name),
    )
    const id = idOf(made, 'group')
    const isTeam = name === this.#wanted.publication.metabase.team
    const groups = new Map(this.#state.groups).set(name, id)
    this.#state = { ...this.#state, groups, ...(isTeam ? { groupId: id } : {}) }
  }

  async #rights(key: string, chosen: Chosen): Promise<void> {
    const { sourceId, groupId, others } = this.#state
    if (key === RIGHTS.elsewhere)
      return this.#allow(
        groupId,
        others.map((source) => idOf(source, 'data source')),
        'no',
      )
    return this.#allow(key === RIGHTS.everyone ? EVERYONE : groupId, [sourceId], chosen[0]?.[1])
  }

  async #allow(group: number | null, sources: readonly (number | null)[], right: unknown): Promise<void> {
    if (sources.length === 0) return
    const entries = sources.map((source) => [source, { 'view-data': 'unrestricted', 'create-queries': right }])
    await this.#metabase.setGraph('/permissions/graph', { [String(group)]: Object.fromEntries(entries) })
  }

  /** `id`: of the group and of the collection. */
  async #access(id: string, level: unknown): Promise<void> {
    const [group = '', collection = ''] = id.split('/')
    await this.#metabase.setGraph('/collection/graph', { [group]: { [collection]: level } })
  }
}

/** Not sent as attributes: they follow from others. */
const NOT_SENT: readonly string[] = [
  'connection',
  'type',
  'fk_target',
  'metadata_sync_schedule',
  'cache_field_values_schedule',
]

/** Metabase tries the login of a new data source, and refuses one that fails. */
function unreachable(error: unknown, place: string): unknown {
  const isRefused = error instanceof VitrineError && error.code === 'METABASE_REFUSED'
  if (!isRefused || ![400, 422].includes(error.httpStatus ?? 0)) return error
  return new VitrineError('METABASE_SOURCE_UNREACHABLE', { place, detail: error.detail, cause: error })
}
