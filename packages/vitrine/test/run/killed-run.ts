/** A run in a process of its own that dies at a given moment. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Installation } from './installation.ts'

/**
 * Kills the process so many milliseconds after the phase has begun, or when something has come about. Gives `killed`, or what it
 * said when it lived on.
 */
export function killedRun(shop: Installation, phase: string, when: number | (() => Promise<void>)): Promise<string> {
  const due = () => (typeof when === 'number' ? pause(when) : when())
  const settings = {
    roles: { writer: shop.writer.user, reader: shop.reader.user },
    source: shop.source.url(shop.reading),
    target: shop.target.url(shop.writer),
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child-run.mjs'), JSON.stringify(settings)])
  let said = ''
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const before = said
      said += chunk.toString()
      if (said.includes(`${phase}\n`) && !before.includes(`${phase}\n`)) void due().then(() => child.kill('SIGKILL'))
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.on('close', (_, signal) => resolve(signal === 'SIGKILL' ? 'killed' : said))
  })
}
