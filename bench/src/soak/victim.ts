/** One command of the tool in a process that is killed at a moment, unless it ends before. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Urls } from './installation.ts'

export type Command = 'sync' | 'rollback'

/** So long after the process has said the word: `started`, or a phase. */
export interface Moment {
  readonly after: string
  readonly milliseconds: number
}

export interface Death {
  readonly killed: boolean
  /** The phase it was in: the last that it had told. */
  readonly phase: string
  /** From its start to its end, without the loading of its modules. */
  readonly milliseconds: number
  /** What it said when it failed by itself. */
  readonly complaint: string | null
  /** Of which tables only what changed was read. */
  readonly deltas: readonly string[]
}

const living = new Set<ChildProcess>()

/** Ends what still runs, before the servers are stopped. */
export function endVictims(): void {
  for (const child of living) child.kill('SIGKILL')
}

export function run(command: Command, urls: Urls, moment: Moment | null, delta: boolean): Promise<Death> {
  const script = fileURLToPath(new URL('./command.js', import.meta.url))
  const child = spawn(process.execPath, [script, command], {
    env: { ...process.env, SOURCE_URL: urls.source, TARGET_URL: urls.target, SOAK_DELTA: delta ? '1' : '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  living.add(child)
  const deltas: string[] = []
  let [phase, complaint, started, timer] = ['', '', 0, undefined as NodeJS.Timeout | undefined]
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter((line) => line !== '')) {
      const [, table, way] = /^way (\S+) (\S+)$/.exec(line) ?? []
      if (way === 'delta') deltas.push(table ?? '')
      if (way === undefined) phase = line
      if (line === 'started') started = performance.now()
      if (line === moment?.after) timer = setTimeout(() => child.kill('SIGKILL'), moment.milliseconds)
    }
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      living.delete(child)
      clearTimeout(timer)
      const killed = signal === 'SIGKILL'
      const milliseconds = performance.now() - started
      resolve({
        killed,
        phase,
        milliseconds,
        complaint: killed || code === 0 ? null : complaint.trim().slice(-500),
        deltas,
      })
    })
  })
}
