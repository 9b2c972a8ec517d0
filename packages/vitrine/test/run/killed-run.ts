/** A run in a process of its own that dies at a given moment. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Installation } from './installation.ts'

/**
 * The process dies so many milliseconds after the phase has begun, by its own clock, or when something has come about. Gives
 * `killed`, or what it said when it lived on.
 */
export function killedRun(shop: Installation, phase: string, when: number | (() => Promise<void>)): Promise<string> {
  const settings = {
    roles: { writer: shop.writer.user, reader: shop.reader.user },
    source: shop.source.url(shop.reading),
    target: shop.target.url(shop.writer),
    dies: typeof when === 'number' ? { phase, afterMs: when } : null,
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child-run.mjs'), JSON.stringify(settings)])
  let said = ''
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const before = said
      said += chunk.toString()
      if (typeof when === 'number' || !said.includes(`${phase}\n`) || before.includes(`${phase}\n`)) return
      void when().then(() => child.kill('SIGKILL'))
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.on('close', (_, signal) => resolve(signal === 'SIGKILL' ? 'killed' : said))
  })
}
