/** `kill -9` of a delta night at each of its steps: a whole version is served, and the next run or rollback needs no help. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import * as vitrine from '../../src/index.ts'
import type { Phase } from '../../src/record/runs.ts'
import type { Instant } from '../run/faults/network.ts'
import { type Attempt, type Fault, inProcess, type Side, trial, World } from '../run/faults/world.ts'
import { plainShop } from '../run/plain-shop.mjs'
import { ALWAYS } from './nights.ts'

/** What a delta night asks, in the order in which it does. */
const STEPS: readonly (readonly [step: string, phase: Phase, side: Side, statement: RegExp, answer?: RegExp])[] = [
  ['asking the source for its facts', 'check', 'source', /row_security_active/],
  ['summing up the keys of the source', 'stage', 'source', /bit_xor/],
  ['summing up the keys of the kept version', 'stage', 'target', /bit_xor/],
  ['copying what changed', 'stage', 'target', /from stdin/],
  ['telling what is gone', 'stage', 'target', /vitrine_gone_[0-9a-f]+ as select/i],
  ['beginning to apply', 'stage', 'target', /alter table .* drop constraint/s],
  ['deleting what changed', 'stage', 'target', /delete from .*previous/],
  ['inserting what changed', 'stage', 'target', /insert into .*previous/],
  ['waiting for those who see what was', 'publish', 'target', /backend_xmin/],
  ['tidying up', 'publish', 'target', /vacuum/],
  ['the switch', 'publish', 'target', /rename to/, /COMMIT/],
  ['telling what changed', 'describe', 'target', /full join| n left join /],
  ['the record', 'record', 'target', /insert into vitrine.run_table/],
]
const INSTANTS: readonly Instant[] = ['statement', 'answer']
/** Otherwise the steps at which the kept version becomes another one, and the switch. */
const USUAL = ['copying what changed', 'inserting what changed', 'waiting for those who see what was', 'the switch']
const CELLS = STEPS.flatMap(([step, phase, side, statement, answer]) =>
  INSTANTS.filter((instant) => EVERYTHING || (USUAL.includes(step) && instant === 'answer')).map(
    (instant) => [step, instant, phase, side, statement, answer] as const,
  ),
)

/** `plainShop` takes whatever settings it is given. */
const withLimits = <R>(roles: R): R => ({ ...roles, limits: ALWAYS })

describe('a delta night killed', () => {
  let world: World
  beforeAll(async () => {
    world = await World.create(18, ALWAYS, (roles) => plainShop(vitrine, withLimits(roles)))
  })
  afterAll(() => world.drop())

  function start(onPhase: (phase: Phase) => void = () => undefined): {
    readonly kill: () => void
    readonly ended: Promise<string>
  } {
    const { shop, networks } = world
    const through = (url: string, side: Side) => Object.assign(new URL(url), { port: String(networks[side].port) }).href
    const roles = { writer: shop.writer.user, reader: shop.reader.user, limits: ALWAYS }
    const settings = {
      roles,
      source: through(shop.source.url(shop.reading), 'source'),
      target: through(shop.target.url(shop.writer), 'target'),
    }
    const child = spawn(process.execPath, [join(import.meta.dirname, '../run/child-run.mjs'), JSON.stringify(settings)])
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        // sound because the child prints phases, and what else it prints is no phase of a cell.
        for (const line of chunk.toString().split('\n')) onPhase(line as Phase)
      })
    }
    const ended = new Promise<string>((resolve) => {
      child.on('close', (_, signal) => resolve(signal === 'SIGKILL' ? 'killed' : said))
    })
    return { kill: () => child.kill('SIGKILL'), ended }
  }

  /** Two nights, so that what is kept has an origin and the next one is a delta. */
  async function settle(): Promise<void> {
    for (let night = 0; night < 2; night++) {
      await world.change()
      expect(await inProcess(world, () => undefined)).toBe('published')
    }
  }

  let turns = 0
  test.each(CELLS)('at %s (%s)', async (_step, instant, phase, side, statement, answer) => {
    await settle()
    turns += 1
    await world.shop.change(
      `update purchase set label = 'turn ${turns}' where id < 9; delete from purchase where id = ${10 + turns}`,
    )
    let child: ReturnType<typeof start> | null = null
    const fault: Fault = {
      prepare: async () => {
        const act = async () => {
          child?.kill()
          await child?.ended
        }
        world.networks[side].trap(statement, instant, act, answer)
      },
      arm: () => undefined,
      heal: () => world.networks[side].heal(),
    }
    const attempt: Attempt = (_world, onPhase) => {
      child = start(onPhase)
      return child.ended
    }
    await trial(world, phase, fault, 'killed', attempt)
    // The version before is there whole, or said to be gone.
    const served = await world.sight()
    const back = await world.shop.rollBack().then(
      () => 'rolled back',
      (thrown: unknown) => asVitrineError(thrown).code,
    )
    expect(['rolled back', 'VERSION_NOT_KEPT']).toContain(back)
    if (back === 'rolled back') await world.shop.rollBack()
    expect(await world.sight()).toBe(served)
    expect(await world.remains()).toEqual([])
  })

  test('a rollback right after a kill finds a whole version, or none', async () => {
    for (const [statement, instant] of [
      [/delete from .*previous/, 'statement'],
      [/backend_xmin/, 'statement'],
    ] as const) {
      await settle()
      const served = await world.sight()
      await world.change()
      await world.shop.change("update purchase set label = 'killed' where id < 9")
      const child = start()
      world.networks.target.trap(statement, instant, async () => {
        child.kill()
        await child.ended
      })
      expect(await child.ended).toBe('killed')
      world.networks.target.heal()
      expect(await world.sessions()).toEqual([])
      const back = await world.shop.rollBack().then(
        () => 'rolled back',
        (thrown: unknown) => asVitrineError(thrown).code,
      )
      expect(back).toBe(statement.source.includes('delete') ? 'rolled back' : 'VERSION_NOT_KEPT')
      if (back === 'rolled back') await world.shop.rollBack()
      expect(await world.sight()).toBe(served)
    }
  })
})
