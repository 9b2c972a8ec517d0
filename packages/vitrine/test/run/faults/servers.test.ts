/** Faults of the servers themselves, in every phase of a run: stopped, crashed, full, out of locks. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { NEWEST } from '../../../../../test/database.ts'
import { OwnedServers, SmallDisk } from './owned-servers.ts'
import { asSuperuser, cellsOf, held, type Matrix, strike } from './strike.ts'
import { type Fault, trial, World } from './world.ts'

const [DONE, LOST] = ['published', 'CONNECTION_LOST']
/** The commit may have been heard before the server goes. */
const BOTH = [LOST, DONE] as const
const [FULL, EXHAUSTED] = ['TARGET_FULL', 'RESOURCES_EXHAUSTED']

// biome-ignore format: it is read as a table
const RESTARTS: Matrix = {
  //                                check      snapshot   stage      verify  publish  describe  record
  'source stopped and restarted':   [LOST,      LOST,      LOST,      DONE,   DONE,    DONE,     DONE],
  'target crashed and restarted':   [LOST,      LOST,      LOST,      LOST,   BOTH,    DONE,     DONE],
}

describe.each(NEWEST)('a run on PostgreSQL %i whose servers go', (version) => {
  let servers: OwnedServers
  let world: World
  beforeAll(async () => {
    servers = await OwnedServers.start(version)
    world = await World.create(servers)
  })
  afterAll(async () => {
    await world.drop()
    await servers.remove()
  })

  const faults: Readonly<Record<string, Fault>> = {
    'source stopped and restarted': {
      arm: (world, phase) => strike(world, 'source', phase, 'statement', () => servers.down('source')),
      heal: () => servers.up('source'),
    },
    'target crashed and restarted': {
      arm: (world, phase) => strike(world, 'target', phase, 'statement', () => servers.crash('target')),
      heal: () => servers.up('target'),
      unreachable: true,
      targetDown: true,
    },
  }

  // The oldest version has other words for a snapshot whose session is gone; the rest is the same.
  const cells = cellsOf(RESTARTS).filter(([, phase]) => version === 18 || phase === 'snapshot' || phase === 'stage')
  test.each(cells)('%s in %s: %s', async (name, phase, outcome) => {
    // sound because both tables have the same names.
    await trial(world, phase, faults[name] as Fault, outcome)
  })
})

// biome-ignore format: it is read as a table
const SHORTAGES: Matrix = {
  //                                check      snapshot   stage      verify        publish       describe  record
  'target out of locks':            [EXHAUSTED, EXHAUSTED, EXHAUSTED, EXHAUSTED,    EXHAUSTED,    DONE,     DONE],
  'disk of the target full':        [FULL,      FULL,      FULL,      [FULL, DONE], [FULL, DONE], DONE,     DONE],
}

describe('a run whose target has no room', () => {
  let servers: OwnedServers
  let world: World
  let disk: SmallDisk | null = null
  beforeAll(async () => {
    servers = await OwnedServers.start(18, { max_locks_per_transaction: '10' })
    // The shortage decides, not how soon a busy machine answers: no limit is hurried but the one that frees the locks.
    world = await World.create(servers, { orphanCheckMs: 100 })
    disk = SmallDisk.mount(servers.target, 32)
    if (disk === null) return
    await asSuperuser(world, 'target', `create tablespace small location '${disk.path}'`)
    await world.shop.target.ask(`alter database "${world.shop.target.name}" set tablespace small`, {
      database: 'postgres',
    })
  })
  afterAll(async () => {
    await world.drop()
    await servers.remove()
    disk?.unmount()
  })

  /** Advisory locks of a session stay when its statement fails for want of room for more. */
  const everyLock = held('target', (admin) =>
    admin.query('select pg_advisory_lock(n) from generate_series(1, 1000000) n').catch(() => undefined),
  )
  const faults: Readonly<Record<string, Fault>> = {
    'target out of locks': { ...everyLock, unreachable: true },
    'disk of the target full': {
      arm: (world, phase) => strike(world, 'target', phase, 'statement', () => disk?.fill()),
      heal: () => disk?.free(),
      later: true,
    },
  }

  test.for(cellsOf(SHORTAGES))('%s in %s: %s', async ([name, phase, outcome], { skip }) => {
    skip(name.startsWith('disk') && disk === null, 'only root may mount a small disk')
    // sound because both tables have the same names.
    await trial(world, phase, faults[name] as Fault, outcome)
  })
})
