/** The streams, the environment and the signals of this process, as an `Io`. Called by the `main.ts` of each command line. */
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { systemClock } from '../base/clock.ts'
import { type Environment, processEnvironment } from './environment.ts'
import type { Io, TextOutput } from './io.ts'

/** Above this, unread messages are dropped: otherwise they would fill the memory of a schedule. */
const UNREAD_BYTES = 1024 * 1024
/** How long the end of a command waits until its messages are read. */
const TALK_WAITS_MS = 5_000

/** The first error code of each stream. A full disk must not end a run in the middle. */
const failures = new Map<NodeJS.WriteStream, string>()

function output(stream: NodeJS.WriteStream, mayDrop: boolean): TextOutput {
  stream.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
    if (!failures.has(stream)) failures.set(stream, code)
  })
  return {
    write: (text) => void (mayDrop && stream.writableLength > UNREAD_BYTES ? null : stream.write(text)),
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80
    },
  }
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  // While a line is read from a terminal, Ctrl-C is a key and no signal.
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')))
    return await Promise.race([reader.question(question, { signal }), ended])
  } finally {
    reader.close()
  }
}

const PARENT_LOOK_MS = 1_000

/** npm starts commands through a shell that does not forward signals: if npm is killed, we must end as well. */
function followNpm(environment: Environment, listener: () => void): () => void {
  if (environment['npm_lifecycle_event'] === undefined) return () => undefined
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    listener()
  }, PARENT_LOOK_MS).unref()
  return () => clearInterval(timer)
}

/** SIGHUP (a closed terminal) interrupts as well, except under nohup. */
const signals = () => ['SIGINT', 'SIGTERM', ...(process.stderr.isTTY === true ? ['SIGHUP'] : [])]

export function processIo(): Io {
  const environment = processEnvironment()
  return {
    stdout: output(process.stdout, false),
    stderr: output(process.stderr, true),
    environment,
    folder: process.cwd(),
    clock: systemClock,
    ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? ask : null,
    input: () => text(process.stdin),
    onInterrupt(listener) {
      const names = signals()
      for (const name of names) process.on(name, listener)
      const leave = followNpm(environment, listener)
      return () => {
        leave()
        for (const name of names) process.off(name, listener)
      }
    },
    onFault(listener) {
      const names = ['uncaughtException', 'unhandledRejection']
      for (const name of names) process.on(name, listener)
    },
    async written() {
      const flushed = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()))
      await flushed(process.stdout)
      // Unread messages must not keep the process alive longer than this.
      setTimeout(() => process.exit(), TALK_WAITS_MS).unref()
      const code = failures.get(process.stdout) ?? null
      // `vitrine status | head -1` closes the pipe early, which is no failure.
      return code === 'EPIPE' ? null : code
    },
    exit: (status) => process.exit(status),
  }
}
