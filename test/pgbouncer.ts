/** A real pgbouncer before a server of the tests. It refuses to run as root, as PostgreSQL does. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestRole } from './database.ts'

const NOBODY = 65_534

/** Where it is not installed its tests are skipped, but not in the continuous integration, which installs it. */
export const withoutPgbouncer =
  process.env['CI'] === undefined && spawnSync('pgbouncer', ['--version']).error !== undefined

export type PoolMode = 'session' | 'transaction' | 'statement'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

export class Pgbouncer {
  readonly port: number
  readonly #folder: string
  readonly #settings: (mode: PoolMode) => string
  #process: ChildProcess | undefined
  #said = ''

  private constructor(port: number, folder: string, settings: (mode: PoolMode) => string) {
    this.port = port
    this.#folder = folder
    this.#settings = settings
  }

  /** `extra` are lines of its configuration. */
  static async start(server: URL, roles: readonly TestRole[], mode: PoolMode, extra = ''): Promise<Pgbouncer> {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-pgbouncer-'))
    const port = await freePort()
    writeFileSync(join(folder, 'users'), roles.map(({ user, password }) => `"${user}" "${password}"\n`).join(''))
    const pool = new Pgbouncer(
      port,
      folder,
      (pooling) => `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users')}
pool_mode = ${pooling}
${extra}
`,
    )
    chmodSync(folder, 0o755)
    await pool.#begin(mode)
    return pool
  }

  async #begin(mode: PoolMode): Promise<void> {
    writeFileSync(join(this.#folder, 'ini'), this.#settings(mode))
    const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
    const child = spawn('pgbouncer', [join(this.#folder, 'ini')], { ...account, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = child
    const listening = new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString()
        if (this.#said.includes('process up')) resolve()
      })
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`pgbouncer did not start: ${this.#said}`)))
    })
    await listening
  }

  /** The same connections in another mode, as an operator changes it. */
  async become(mode: PoolMode): Promise<void> {
    writeFileSync(join(this.#folder, 'ini'), this.#settings(mode))
    const reloaded = this.#said.split('SIGHUP').length
    this.#process?.kill('SIGHUP')
    while (this.#said.split('SIGHUP').length === reloaded) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  /** The same URL through the pooler. */
  through(url: string): string {
    const pooled = new URL(url)
    pooled.hostname = '127.0.0.1'
    pooled.port = String(this.port)
    return pooled.href
  }

  async stop(): Promise<void> {
    const child = this.#process
    if (child?.exitCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
