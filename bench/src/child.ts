/** Child processes of the benches: each side of a comparison runs in its own process, timed from start to end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Psql } from './reference-psql.ts'
import type { Ends } from './servers.ts'

export interface Finished {
  readonly seconds: number
  readonly output: string
}

const living = new Set<ChildProcess>()

/** Ends the remaining children, before the servers are stopped. */
export function endChildren(): void {
  for (const child of living) child.kill('SIGTERM')
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  const started = performance.now()
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  living.add(child)
  let output = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      living.delete(child)
      const seconds = (performance.now() - started) / 1000
      if (code === 0) resolve({ seconds, output })
      else reject(new Error(`${command} ended with ${code ?? signal}: ${complaints.trim().slice(-2000)}`))
    })
  })
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const urls = (ends: Ends): NodeJS.ProcessEnv => ({ ...process.env, SOURCE_URL: ends.source, TARGET_URL: ends.target })

/** A script of this folder in a Node process. */
export const runNode = (name: string, args: readonly string[], ends: Ends): Promise<Finished> =>
  run(process.execPath, [script(name), ...args], urls(ends))

/** What libpq understands without the password, which travels apart. */
function connection(url: string): { readonly place: string; readonly password: string } {
  const { hostname, port, pathname, username, password } = new URL(url)
  const [user, database] = [decodeURIComponent(username), decodeURIComponent(pathname.slice(1))]
  return {
    place: `host=${hostname} port=${port} user=${user} dbname=${database}`,
    password: decodeURIComponent(password),
  }
}

/** A shell script of psql pipes. */
export function runPsql(text: string, psql: Psql, ends: Ends): Promise<Finished> {
  const [source, target] = [connection(ends.source), connection(ends.target)]
  return run('sh', ['-c', text], {
    ...process.env,
    PSQL: psql.path,
    SOURCE: source.place,
    SOURCE_PASSWORD: source.password,
    TARGET: target.place,
    TARGET_PASSWORD: target.password,
  })
}
