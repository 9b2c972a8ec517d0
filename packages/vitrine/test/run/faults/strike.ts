/** Where a fault strikes (a statement of each phase on either side), and what the tests have in common to strike with. */
import type { Client } from 'pg'
import { EVERYTHING } from '../../../../../test/thoroughness.ts'
import { PHASES, type Phase } from '../../../src/record/runs.ts'
import type { Instant } from './network.ts'
import type { Fault, Outcome, Side, World } from './world.ts'

/** Null where the run asks nothing of that side any more: the fault then strikes as the phase begins. */
const STATEMENTS: Readonly<Record<Side, Readonly<Record<Phase, RegExp | null>>>> = {
  source: {
    check: /pg_attribute/,
    snapshot: /pg_export_snapshot/,
    stage: /copy .* as "c".* to stdout/s,
    verify: null,
    publish: null,
    describe: null,
    record: null,
  },
  target: {
    check: /pg_attribute/,
    snapshot: /update vitrine.run set phase/,
    stage: /from stdin/,
    verify: /count\(\*\)::text as rows/,
    publish: /rename to/,
    describe: /full join/,
    record: /insert into vitrine.run_table/,
  },
}

/** Whether a reader keeps a table is chance, and then the switch is tried again: only the answer to its commit will do. */
const ANSWERS: Readonly<Partial<Record<Phase, RegExp>>> = { publish: /COMMIT/ }

/** Acts in the middle of the phase. */
export function strike(
  world: World,
  side: Side,
  phase: Phase,
  instant: Instant,
  act: () => void | Promise<void>,
): void {
  const statement = STATEMENTS[side][phase]
  if (statement === null) void act()
  else world.networks[side].trap(statement, instant, act, ANSWERS[phase])
}

/** A statement of the superuser, on a connection of its own. */
export async function asSuperuser(world: World, side: Side, sql: string): Promise<void> {
  const admin = await world.shop[side].connect()
  await admin.query(sql).finally(() => world.shop[side].close(admin))
}

/** A session of the superuser keeps what it takes while the statement of the run waits, until the fault is put right. */
export function held(side: Side, take: (admin: Client) => Promise<unknown>): Fault {
  let letGo = async () => {}
  return {
    arm: (world, phase) =>
      strike(world, side, phase, 'statement', async () => {
        const admin = await world.shop[side].connect()
        letGo = () => world.shop[side].close(admin)
        await take(admin)
      }),
    heal: async (world) => {
      world.networks[side].heal()
      await letGo()
      letGo = async () => {}
    },
  }
}

/** One row a fault, one column a phase: the outcomes that may be, or null for what is not tried. */
export type Matrix = Readonly<Record<string, readonly (Outcome | readonly Outcome[] | null)[]>>
export type Cell = readonly [fault: string, phase: Phase, outcome: string]

/** `npm run test:all` tries every cell; otherwise each outcome of a fault is tried once, and the switch always. */
export const cellsOf = (matrix: Matrix): readonly Cell[] =>
  Object.entries(matrix).flatMap(([fault, outcomes]) => {
    const cells = PHASES.flatMap((phase, index): readonly Cell[] => {
      const outcome = outcomes[index] ?? null
      return outcome === null ? [] : [[fault, phase, [outcome].flat().join(' or ')]]
    })
    const isFirst = ([, , outcome]: Cell, index: number) => cells.findIndex((cell) => cell[2] === outcome) === index
    return cells.filter((cell, index) => EVERYTHING || cell[1] === 'publish' || isFirst(cell, index))
  })
