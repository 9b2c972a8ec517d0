/** A short soak on the built tool: some processes killed under readers, and nothing wrong. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, '../bench/dist/soak/main.js')

function soak(...args: readonly string[]): Promise<{ status: number | null; out: string }> {
  const child = spawn(process.execPath, [MAIN, ...args])
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
  }
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, out }))
  })
}

test('processes killed by chance, under readers: no wrong answer, nothing lost or left behind, no help needed', async () => {
  const { status, out } = await soak('--kills', '20', '--seconds', '30')
  expect(out).toMatch(/ {2}in all +\d+ +\d+/)
  expect(out).toMatch(/rows of them lost +0\n/)
  expect(out).toMatch(/repairs needed +0\n/)
  // The figures stand in the message of a failure.
  expect(status === 0 ? '' : out).toBe('')
})

test('the command line is checked before anything is started', async () => {
  const { status, out } = await soak('--kills', 'many')
  expect(status).toBe(2)
  expect(out).toMatch(/^--kills takes a number from 1 to 100000\n\nusage: npm run soak/)
})
