/** `kill -9` of a run and of a rollback, at a statement of every phase: on its way to the server, or done and not heard of. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../../test/thoroughness.ts'
import * as vitrine from '../../../src/index.ts'
import type { Phase } from '../../../src/record/runs.ts'
import { STAGING } from '../../publication/shop.ts'
import { plainShop } from '../plain-shop.mjs'
import type { Instant } from './network.ts'
import { asSuperuser, cellsOf, type Matrix, strike } from './strike.ts'
import { type Attempt, type Fault, type Side, trial, World } from './world.ts'

interface Child {
  kill(): void
  /** `killed`, or what it said at its end. */
  readonly ended: Promise<string>
}

function start(world: World, command: 'sync' | 'rollback', onPhase: (phase: Phase) => void = () => undefined): Child {
  const { shop, networks } = world
  const through = (url: string, side: Side) => {
    const moved = new URL(url)
    moved.port = String(networks[side].port)
    return moved.href
  }
  const settings = {
    command,
    roles: { writer: shop.writer.user, reader: shop.reader.user },
    source: through(shop.source.url(shop.reading), 'source'),
    target: through(shop.target.url(shop.writer), 'target'),
  }
  const script = join(import.meta.dirname, '../child-run.mjs')
  const child = spawn(process.execPath, [script, JSON.stringify(settings)])
  let said = ''
  const hear = (chunk: Buffer) => {
    said += chunk.toString()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    // sound because the child prints phases, and what else it prints is no phase of a cell.
    for (const line of chunk.toString().split('\n')) onPhase(line as Phase)
    hear(chunk)
  })
  child.stderr.on('data', hear)
  const ended = new Promise<string>((resolve) => {
    child.on('close', (_, signal) => resolve(signal === 'SIGKILL' ? 'killed' : said))
  })
  return { kill: () => child.kill('SIGKILL'), ended }
}

/** Set before the child starts: it does not wait for us at its phases. */
function killing(command: 'sync' | 'rollback', side: Side, instant: Instant): { fault: Fault; attempt: Attempt } {
  let child: Child | null = null
  return {
    fault: {
      prepare: async (world, phase) => {
        strike(world, side, phase, instant, async () => {
          child?.kill()
          await child?.ended
        })
      },
      arm: () => undefined,
      heal: (world) => world.networks[side].heal(),
    },
    attempt: (world, onPhase) => {
      child = start(world, command, onPhase)
      return child.ended
    },
  }
}

// biome-ignore format: it is read as a table
const MATRIX: Matrix = {
  //                              check     snapshot  stage     verify    publish   describe  record
  'source statement':            [null,     'killed', 'killed', null,     null,     null,     null],
  'target statement':            ['killed', null,     'killed', 'killed', 'killed', 'killed', null],
  'target answer':               [null,     null,     'killed', null,     'killed', 'killed', 'killed'],
}

describe('a process killed', () => {
  let world: World
  beforeAll(async () => {
    world = await World.create(18, {}, (roles) => plainShop(vitrine, roles))
  })
  afterAll(() => world.drop())

  test.each(cellsOf(MATRIX))('a run, at a %s in %s: %s', async (at, phase, outcome) => {
    // sound because the rows are named so.
    const [side, instant] = at.split(' ') as [Side, Instant]
    const { fault, attempt } = killing('sync', side, instant)
    await trial(world, phase, fault, outcome, attempt)
  })

  const rollbacks = [
    ['check', 'statement'],
    ['publish', 'statement'],
    ['publish', 'answer'],
    ['describe', 'answer'],
    ['record', 'statement'],
  ] as const
  // Each leaves one of three things: nothing new, a switch that nobody heard of, or a record that is not closed.
  test.each(rollbacks.filter(([phase]) => EVERYTHING || phase === 'publish' || phase === 'record'))(
    'a rollback, in %s at the %s: a whole version is served, and another rollback or run needs no help',
    async (phase, instant) => {
      await world.change()
      expect(await start(world, 'sync').ended).toContain('published')
      const present = await world.sight()
      const { fault, attempt } = killing('rollback', 'target', instant)
      await fault.prepare?.(world, phase)
      expect(await attempt(world, () => undefined)).toBe('killed')
      await fault.heal(world)
      expect(await world.sessions()).toEqual([])
      const served = await world.sight()
      expect(served === present).toBe(phase === 'check' || (phase === 'publish' && instant === 'statement'))
      expect(await start(world, 'rollback').ended).toContain('published')
      expect(await world.sight()).not.toBe(served)
      expect(await world.remains()).toEqual([])
      expect(await start(world, 'sync').ended).toContain('published')
      expect(await world.sight()).toBe(await world.next())
      expect(await world.remains()).toEqual([])
    },
  )

  test('a rollback right after a killed run: what the run left is not in its way', async () => {
    await world.change()
    expect(await start(world, 'sync').ended).toContain('published')
    const served = await world.sight()
    const { fault, attempt } = killing('sync', 'target', 'statement')
    await fault.prepare?.(world, 'verify')
    expect(await attempt(world, () => undefined)).toBe('killed')
    await fault.heal(world)
    expect(await world.sessions()).toEqual([])
    expect(await world.remains()).toEqual([STAGING])
    expect(await start(world, 'rollback').ended).toContain('published')
    expect(await world.sight()).not.toBe(served)
    expect(await world.remains()).toEqual([])
  })

  test('a killed run keeps its lock no longer than the server needs to see it, however long its statement would last', async () => {
    await asSuperuser(
      world,
      'target',
      'create function public.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$; create trigger slow before update of phase on vitrine.run for each row execute function public.slow()',
    )
    try {
      const child = start(world, 'sync')
      const sleeping =
        "select pid from pg_stat_activity where application_name like 'vitrine %' and wait_event = 'PgSleep'"
      while ((await world.shop.look(sleeping)).length === 0) await pause(20)
      child.kill()
      expect(await child.ended).toBe('killed')
      expect(await world.sessions()).toEqual([])
    } finally {
      await asSuperuser(world, 'target', 'drop function public.slow() cascade')
    }
    expect(await start(world, 'sync').ended).toContain('published')
  })
})
