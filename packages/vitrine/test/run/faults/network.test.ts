/** Faults of the network in the phases of a run that each can strike in its own way: connections cut, and connections that go silent without closing. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Instant } from './network.ts'
import { cellsOf, type Matrix, strike } from './strike.ts'
import { type Fault, type Side, trial, World } from './world.ts'

const cut = (side: Side, instant: Instant): Fault => ({
  arm: (world, phase) => strike(world, side, phase, instant, () => world.networks[side].cut()),
  heal: (world) => world.networks[side].heal(),
})

/** While the check goes on beside it. */
const cutOpening = (side: Side, opening: RegExp): Fault => ({
  arm: (world) => world.networks[side].trap(opening, 'statement', () => world.networks[side].cut()),
  heal: (world) => world.networks[side].heal(),
  later: true,
})

const silent = (side: Side, newOnes: boolean, instant: Instant): Fault => ({
  arm: (world, phase) => strike(world, side, phase, instant, () => world.networks[side].silence(newOnes)),
  heal: (world) => world.networks[side].heal(),
  unreachable: side === 'target' && newOnes,
})

const FAULTS: Readonly<Record<string, Fault>> = {
  'source cut': cut('source', 'statement'),
  'target cut': cut('target', 'statement'),
  'target cut, answer lost': cut('target', 'answer'),
  'source silent': silent('source', true, 'statement'),
  'old connections to the target silent': silent('target', false, 'answer'),
  'target cut as a stream is opened': cutOpening('target', /vitrine shop write 1/),
  'source cut as a stream is opened': cutOpening('source', /vitrine shop read 2/),
  'target silent': silent('target', true, 'statement'),
}

const [LOST, FAILED, SILENT, DONE] = ['CONNECTION_LOST', 'CONNECTION_FAILED', 'CONNECTION_SILENT', 'published']
/** What is seen first: the check whose session is gone, or the stream that cannot be opened. */
const OPENING = [LOST, FAILED]

// biome-ignore format: it is read as a table
const MATRIX: Matrix = {
  //                                     check     snapshot  stage     verify  publish  describe  record
  'source cut':                           [LOST,   LOST,     LOST,     DONE,   null,    null,     null],
  'target cut':                           [LOST,   null,     LOST,     LOST,   LOST,    DONE,     DONE],
  'target cut, answer lost':              [null,   LOST,     LOST,     null,   DONE,    DONE,     DONE],
  'source silent':                        [SILENT, null,     SILENT,   DONE,   null,    null,     null],
  'old connections to the target silent': [SILENT, null,     SILENT,   null,   DONE,    DONE,     null],
  'target cut as a stream is opened':     [OPENING, null,    null,     null,   null,    null,     null],
  'source cut as a stream is opened':     [OPENING, null,    null,     null,   null,    null,     null],
  'target silent':                        [null,   null,     SILENT,   null,   SILENT,  null,     DONE],
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
})
