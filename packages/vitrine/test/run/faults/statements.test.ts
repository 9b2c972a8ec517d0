/** Statements that a server refuses or does not finish, in every phase of a run. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STAGING } from '../../publication/shop.ts'
import { asSuperuser, cellsOf, held, type Matrix, strike } from './strike.ts'
import { type Fault, trial, World } from './world.ts'

/**
 * A run tells its record of each phase: this is what the target then does. A trigger is the only way to make a real server
 * fail a statement that is right.
 */
const whenRecorded = (body: string): Fault => ({
  prepare: (world, phase) =>
    asSuperuser(
      world,
      'target',
      `create function public.fault() returns trigger language plpgsql as $$ begin ${body}; return new; end $$;
       create trigger fault before update of phase on vitrine.run for each row when (new.phase = '${phase}' and new.state = 'running') execute function public.fault()`,
    ),
  arm: () => undefined,
  heal: (world) => asSuperuser(world, 'target', 'drop function public.fault() cascade'),
})

const privilegeWithdrawn: Fault = {
  arm: (world, phase) => {
    const revoke = () => asSuperuser(world, 'source', `revoke select on customer from "${world.shop.reading.user}"`)
    strike(world, 'source', phase, 'statement', revoke)
  },
  heal: (world) => world.shop.provisionSource(),
}

const renamesForbidden: Fault = {
  arm: (world, phase) => {
    const revoke = `revoke create on database "${world.shop.target.name}" from "${world.shop.writer.user}"`
    strike(world, 'target', phase, 'statement', () => asSuperuser(world, 'target', revoke))
  },
  // Without the right, the staging schema is emptied and stays: the writer could not make it again.
  heal: (world) =>
    asSuperuser(
      world,
      'target',
      `grant create on database "${world.shop.target.name}" to "${world.shop.writer.user}"; drop schema if exists ${STAGING}`,
    ),
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'statement refused': whenRecorded("raise exception 'a fault' using errcode = 'XX000'"),
  'statement too slow': whenRecorded('perform pg_sleep(30)'),
  'right to rename withdrawn': renamesForbidden,
  'privilege on the source withdrawn': privilegeWithdrawn,
  'table of the source locked': held('source', (admin) => admin.query('begin; lock table customer')),
  'too slow on the source': held('source', (admin) => admin.query('begin; lock table customer')),
}

const [DONE, REFUSED, SLOW] = ['published', 'QUERY_FAILED', 'QUERY_TIMEOUT']
const [DENIED, DRIFT, LOCKED] = ['PRIVILEGE_MISSING', 'SOURCE_DRIFT', 'SOURCE_LOCKED']

// Once its rows are read, the source no longer matters: `network.test.ts` has every phase of that.
// biome-ignore format: it is read as a table
const MATRIX: Matrix = {
  //                                  check    snapshot  stage    verify   publish  describe  record
  'statement refused':                 [null,    REFUSED,  REFUSED, REFUSED, REFUSED, DONE,     DONE],
  'right to rename withdrawn':         [null,    null,     null,    null,    DENIED,  DONE,     null],
  'privilege on the source withdrawn': [DRIFT,   null,     DENIED,  DONE,    null,    null,     null],
  'table of the source locked':        [LOCKED,  null,     LOCKED,  DONE,    null,    null,     null],
}

// biome-ignore format: it is read as a table
const TIMEOUTS: Matrix = {
  'statement too slow':                [null,    SLOW,     SLOW,    SLOW,    SLOW,    DONE,     DONE],
  'too slow on the source':            [SLOW,    null,     SLOW,    null,    null,    null,     null],
}

describe('a run', () => {
  let world: World
  beforeAll(async () => {
    world = await World.create(18)
  })
  afterAll(() => world.drop())

  test.each(cellsOf(MATRIX))('%s in %s: %s', async (name, phase, outcome) => {
    // sound because both tables have the same names.
    await trial(world, phase, FAULTS[name] as Fault, outcome)
  })

  test('the snapshot is given back once, also when two streams come to their last rows at once', async () => {
    const { source } = world.networks
    let commits = 0
    const next = (then: () => void | Promise<void>) =>
      source.trap(/^Q.{4}commit/s, 'statement', () => {
        commits += 1
        return then()
      })
    const count = (): void => next(count)
    // The first stream to commit waits for the second.
    next(
      () =>
        new Promise<void>((both) => {
          next(() => {
            both()
            count()
          })
        }),
    )
    await world.shop.run(world.ends())
    source.heal()
    expect(commits).toBe(3)
  })
})

describe('a run with a short limit for statements', () => {
  let world: World
  beforeAll(async () => {
    world = await World.create(18, { statementTimeoutMs: 2_000 })
  })
  afterAll(() => world.drop())

  test.each(cellsOf(TIMEOUTS))('%s in %s: %s', async (name, phase, outcome) => {
    // sound because both tables have the same names.
    await trial(world, phase, FAULTS[name] as Fault, outcome)
  })
})
