/** The streams, the environment and the signals of this process, as an `Io`. Called by the `main.ts` of each command line. */
import { createInterface } from 'node:readline/promises'
import { systemClock } from '../base/clock.ts'
import { processEnvironment } from './environment.ts'
import type { Io, Output } from './io.ts'

function output(stream: NodeJS.WriteStream): Output {
  // `vitrine status | head -1` closes the pipe early: that is the reader's right, and no failure of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80
    },
  }
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  // Reading a line from a terminal turns Ctrl-C into a key.
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')))
    return await Promise.race([reader.question(question, { signal }), ended])
  } finally {
    reader.close()
  }
}

/** A closed terminal interrupts as well; what runs under nohup has none, and must not listen. */
const signals = () => ['SIGINT', 'SIGTERM', ...(process.stderr.isTTY === true ? ['SIGHUP'] : [])]

export function processIo(): Io {
  return {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    environment: processEnvironment(),
    folder: process.cwd(),
    clock: systemClock,
    ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? ask : null,
    onInterrupt(listener) {
      const names = signals()
      for (const name of names) process.on(name, listener)
      return () => {
        for (const name of names) process.off(name, listener)
      }
    },
    exit: (status) => process.exit(status),
  }
}
