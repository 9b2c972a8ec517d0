/** Servers that a test may stop, crash, fill and exhaust: one for the source, one for the target. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import type { Version } from '../../../../../test/database.ts'
import type { Side } from './world.ts'

export class OwnedServers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vitrine-faults-'))
  readonly #version: Version
  readonly #settings: Readonly<Record<string, string>>
  readonly #servers = new Map<Side, EmbeddedServer>()

  private constructor(version: Version, settings: Readonly<Record<string, string>>) {
    this.#version = version
    this.#settings = { shared_buffers: '16MB', fsync: 'off', max_connections: '30', ...settings }
  }

  static async start(version: Version, settings: Readonly<Record<string, string>> = {}): Promise<OwnedServers> {
    const servers = new OwnedServers(version, settings)
    await Promise.all([servers.up('source'), servers.up('target')])
    return servers
  }

  get source(): EmbeddedServer {
    return this.#servers.get('source') as EmbeddedServer // sound because it was started in `start`.
  }

  get target(): EmbeddedServer {
    return this.#servers.get('target') as EmbeddedServer // sound because it was started in `start`.
  }

  /** Starts it again, on the same port. */
  async up(side: Side): Promise<void> {
    const dataDirectory = serverHome(join(this.#folder, side))
    const port = this.#servers.get(side)?.port
    this.#servers.set(
      side,
      await startServer({ dataDirectory, version: this.#version, settings: this.#settings, ...(port ? { port } : {}) }),
    )
  }

  /** In good order: every session is told. */
  down(side: Side): Promise<void> {
    return this[side].stop('fast')
  }

  /** As a power cut: no session is told, and the next start recovers. */
  crash(side: Side): Promise<void> {
    return this[side].crash()
  }

  async remove(): Promise<void> {
    await Promise.all([this.source.stop('immediate'), this.target.stop('immediate')])
    for (const { dataDirectory } of [this.source, this.target]) {
      rmSync(dataDirectory, { recursive: true, force: true })
      rmSync(`${dataDirectory}.pgpass`, { force: true })
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A small disk of the system's memory for a server's account, as a place for a tablespace. */
export class SmallDisk {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Null where the system does not let us mount one: only root may, and not in every container. */
  static mount(server: EmbeddedServer, megabytes: number): SmallDisk | null {
    const path = mkdtempSync(`${server.dataDirectory}-disk-`)
    const { uid, gid } = statSync(server.dataDirectory)
    const options = `size=${megabytes}m,mode=0700,uid=${uid},gid=${gid}`
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'vitrine-test', path], { stdio: 'ignore' })
    } catch {
      rmSync(path, { recursive: true, force: true })
      return null
    }
    return new SmallDisk(path)
  }

  /** To the last byte. */
  fill(): void {
    for (let size = 1 << 20, part = 0; size >= 512; part++) {
      try {
        writeFileSync(join(this.path, `filler-${part}`), Buffer.alloc(size))
      } catch {
        size /= 2
      }
    }
  }

  free(): void {
    for (let part = 0; part < 1000; part++) rmSync(join(this.path, `filler-${part}`), { force: true })
  }

  unmount(): void {
    execFileSync('umount', [this.path], { stdio: 'ignore' })
    rmSync(this.path, { recursive: true, force: true })
  }
}
