/**
 * An installation whose tool reaches both servers through a proxy each, while the reader and the test look from their own
 * connections; and what must be true around any fault: one `Trial` is one run with a fault in it, judged from outside.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Version } from '../../../../../test/database.ts'
import type { ServerFacts } from '../../../../../test/postgres-servers.ts'
import { asVitrineError } from '../../../src/base/errors.ts'
import type { Limits } from '../../../src/base/limits.ts'
import { definePublication, type Publication } from '../../../src/index.ts'
import { PHASES, type Phase } from '../../../src/record/runs.ts'
import type { SyncRequest } from '../../../src/run/sync.ts'
import { type ShopRoles, shop } from '../../publication/shop.ts'
import { Installation, SIGHT, type Sight, WatchingReader } from '../installation.ts'
import { FaultyNetwork } from './network.ts'

export type Side = 'source' | 'target'

/** Limits short enough for a test to wait for, with some room for a loaded machine. */
const HURRIED = { silenceMs: 300, connectTimeoutMs: 1_000, orphanCheckMs: 100 }

export class World {
  readonly shop: Installation
  readonly networks: Readonly<Record<Side, FaultyNetwork>>
  #versions = 0

  private constructor(shop: Installation, networks: Readonly<Record<Side, FaultyNetwork>>) {
    this.shop = shop
    this.networks = networks
  }

  /** On the shared servers of a version, or on two that the test owns. */
  static async create(
    servers: Version | { readonly source: ServerFacts; readonly target: ServerFacts },
    limits: Partial<Limits> = HURRIED,
    make: (roles: ShopRoles) => Publication = shop,
  ): Promise<World> {
    const hurried = (roles: ShopRoles) => {
      const publication = make(roles)
      return definePublication({ ...publication, limits: { ...publication.limits, ...limits } })
    }
    const [source, target] = typeof servers === 'number' ? [servers, servers] : [servers.source, servers.target]
    const installation = await Installation.create(source, 100, hurried, target)
    const to = (address: { host: string; port: number }) => FaultyNetwork.to(address)
    const networks = {
      source: await to(installation.source.address()),
      target: await to(installation.target.address()),
    }
    const world = new World(installation, networks)
    await world.change()
    await installation.run(world.ends())
    return world
  }

  /** Where the tool finds source and target: behind the networks. */
  ends(): Pick<SyncRequest, 'source' | 'target'> {
    const { shop, networks } = this
    return {
      source: { ...shop.source.address(shop.reading), port: networks.source.port },
      target: { ...shop.target.address(shop.writer), port: networks.target.port },
    }
  }

  /** The source's next version: some customers' numbers of purchases are others, so that a mix of two would show. */
  async change(): Promise<void> {
    this.#versions += 1
    const change =
      this.#versions % 2 === 0
        ? 'delete from purchase where amount = -1'
        : 'insert into purchase (customer_id, amount) select id, -1 from customer where id <= 20'
    await this.shop.change(change)
  }

  /** What the reader finds. */
  async sight(): Promise<string> {
    const [sight] = await this.shop.look<Sight>(SIGHT)
    return textOf(sight)
  }

  /** What a run of now would publish. */
  async next(): Promise<string> {
    const rows = await this.shop.source.ask<Sight>(
      'select (select count(*)::integer from customer) as customers, (select count(*)::integer from purchase) as purchases, 0 as mixed',
    )
    return textOf(rows[0])
  }

  /** Sessions of the tool on either server, with what they hold; empty as soon as all have gone, or after a while. */
  async sessions(): Promise<readonly string[]> {
    for (let tries = 0; ; tries++) {
      const found = [...(await this.#sessions('source')), ...(await this.#sessions('target'))]
      if (found.length === 0 || tries === 2_400) return found
      await pause(25)
    }
  }

  async #sessions(side: Side): Promise<readonly string[]> {
    const admin = await this.shop[side].connect()
    const { rows } = await admin.query<{ name: string }>(
      "select concat_ws(' ', application_name, state, wait_event) as name from pg_stat_activity where datname = current_database() and application_name like 'vitrine %'",
    )
    await this.shop[side].close(admin)
    return rows.map(({ name }) => `${side}: ${name}`)
  }

  /** Whatever else a run could leave behind on either server. */
  async remains(): Promise<readonly string[]> {
    const found: string[] = [...(await this.shop.leftovers())]
    for (const side of ['source', 'target'] as const) {
      const admin = await this.shop[side].connect()
      const { rows } = await admin.query<{ what: string }>(
        `select 'advisory lock' as what from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
         union all select 'prepared transaction' from pg_prepared_xacts where database = current_database()
         union all select 'replication slot' from pg_replication_slots`,
      )
      await this.shop[side].close(admin)
      found.push(...rows.map(({ what }) => `${side}: ${what}`))
    }
    return found
  }

  async lastRecord(): Promise<RunFacts> {
    const [record] = await this.shop.look<RunFacts>(`${RECORD} order by id desc limit 1`)
    return record as RunFacts // sound because the world began with a run.
  }

  async drop(): Promise<void> {
    await Promise.all([this.networks.source.close(), this.networks.target.close()])
    await this.shop.drop()
  }
}

const RECORD = 'select id::integer, state, phase, error_code as code from vitrine.run'

export interface RunFacts {
  readonly id: number
  readonly state: string
  readonly phase: Phase
  readonly code: string | null
}

const textOf = (sight: Sight | undefined): string => `${sight?.customers} ${sight?.purchases} ${sight?.mixed}`

export interface Fault {
  /** Before the run. */
  prepare?(world: World, phase: Phase): Promise<void>
  /** Sets the fault to strike at the phase; called when the run enters it. */
  arm(world: World, phase: Phase): void
  /** Puts right what was struck, as an operator or time would. */
  heal(world: World): void | Promise<void>
  /** The target cannot be reached, or not be written, after the failure: the next run has to clean up and close the record. */
  readonly unreachable?: boolean
  /** It may show in a later phase than the one that it strikes in. */
  readonly later?: boolean
  /** The target's own server goes down, and its readers with it. */
  readonly targetDown?: boolean
}

/** `published`, or the code of the failure. */
export type Outcome = string

/** A run of the tool: in this process unless the fault has one of its own to kill. */
export type Attempt = (world: World, onPhase: (phase: Phase) => void) => Promise<Outcome>

export const inProcess: Attempt = async (world, onPhase) => {
  try {
    await world.shop.run({
      ...world.ends(),
      observer: (event) => event.kind === 'phase' && onPhase(event.phase),
    })
    return 'published'
  } catch (error) {
    return asVitrineError(error).code
  }
}

/** One run with a fault in one phase, and the next run; a reader looks all the while. `expected` are the outcomes that may be, joined by `or`. */
export async function trial(
  world: World,
  phase: Phase,
  fault: Fault,
  expected: string,
  attempt: Attempt = inProcess,
): Promise<void> {
  const before = await world.sight()
  await world.change()
  // What the last one left may be just that.
  if ((await world.next()) === before) await world.change()
  const after = await world.next()
  const reader = await WatchingReader.start(world.shop)
  reader.serverMayBeDown = fault.targetDown === true
  try {
    const outcome = await struckRun(world, phase, fault, attempt)
    expect(expected.split(' or ')).toContain(outcome)
    await judge(world, phase, outcome, fault, { before, after })
  } finally {
    await reader.stop()
  }
  expect(reader.errors).toEqual([])
  const seen = new Set(reader.sights.map(textOf))
  expect([...seen].filter((sight) => sight !== before && sight !== after)).toEqual([])
  expect(seen.size).toBeGreaterThan(0)
}

async function struckRun(world: World, phase: Phase, fault: Fault, attempt: Attempt): Promise<Outcome> {
  await fault.prepare?.(world, phase)
  let struck = false
  const onPhase = (entered: Phase) => {
    if (entered !== phase) return
    struck = true
    fault.arm(world, phase)
  }
  try {
    return await attempt(world, onPhase)
  } finally {
    await fault.heal(world)
    expect(struck).toBe(true)
  }
}

/** After the run: nothing is left behind, the version served is whole, the record tells, and the next run needs no help. */
async function judge(
  world: World,
  phase: Phase,
  outcome: Outcome,
  fault: Fault,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<void> {
  expect(await world.sessions()).toEqual([])
  const published = outcome === 'published'
  const served = await world.sight()
  // What is on its way when the network fails may still arrive: the run cannot know, its record does.
  if (outcome === 'killed' || fault.unreachable === true) expect([before, after]).toContain(served)
  else expect(served).toBe(published ? after : before)
  const record = await world.lastRecord()
  const told = !published && outcome !== 'killed' && fault.unreachable !== true
  if (told) {
    expect(record).toMatchObject({ state: 'failed', code: outcome })
    if (fault.later === true) expect(PHASES.indexOf(record.phase)).toBeGreaterThanOrEqual(PHASES.indexOf(phase))
    else expect(record.phase).toBe(phase)
    expect(await world.remains()).toEqual([])
  }

  if (!published || record.state !== 'succeeded') {
    const { id } = record
    expect(await inProcess(world, () => undefined)).toBe('published')
    const [closed] = await world.shop.look<RunFacts>(`${RECORD} where id = ${id}`)
    expect(closed?.state).toBe(served === after ? 'succeeded' : 'failed')
    const codes = served === after ? [null] : told ? [outcome] : [outcome, 'INTERRUPTED']
    expect(codes).toContain(closed?.code)
  }
  expect(await world.sight()).toBe(after)
  expect(await world.remains()).toEqual([])
}
