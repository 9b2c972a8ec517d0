/**
 * The embedded PostgreSQL, for a first look, demonstrations and tests. It is an optional package, found beside the
 * publication or the tool. The server of `init` has its data in `.vitrine/target`; it
 * keeps running after the command, until it is stopped.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { VitrineError } from '../base/errors.ts'

const PACKAGE = '@vitrine/embedded-postgres'

export interface StartedServer {
  readonly port: number
  readonly replaced: boolean
  url(database: string, credentials?: { readonly user: string; readonly password: string }): string
  stop(): Promise<void>
}

/** The part of its interface that we use, declared here because the package is optional. */
interface Embedded {
  serverHome(preferred: string): string
  startServer(options: {
    readonly dataDirectory: string
    readonly ephemeral?: boolean
    readonly endsWithProcess?: boolean
  }): Promise<StartedServer>
  stopServerIn(dataDirectory: string): Promise<boolean>
}

async function load(folder: string): Promise<Embedded> {
  for (const from of [join(folder, 'package.json'), import.meta.url]) {
    let path: string
    try {
      path = createRequire(from).resolve(PACKAGE)
    } catch {
      continue
    }
    return (await import(pathToFileURL(path).href)) as Embedded // sound because the package is of this repository.
  }
  throw new VitrineError('EMBEDDED_MISSING', { place: PACKAGE })
}

async function working<T>(
  folder: string,
  data: string,
  work: (embedded: Embedded, home: string) => Promise<T>,
): Promise<T> {
  const embedded = await load(folder)
  try {
    return await work(embedded, embedded.serverHome(data))
  } catch (error) {
    const { code = 'unknown', message = '' } = error as { code?: string; message?: string } // sound because both are optional.
    throw new VitrineError('EMBEDDED_FAILED', { place: PACKAGE, detail: `${message} (${code})`, cause: error })
  }
}

/** Throws EMBEDDED_MISSING where the package cannot be found. */
export const requireEmbedded = async (folder: string): Promise<void> => void (await load(folder))

const dataOf = (folder: string, part: 'target' | 'demo') => join(folder, '.vitrine', part)

/** Starts the server of a folder, or finds it running. The server of a demonstration ends with the command, even when it is killed. */
export const startEmbedded = (folder: string, part: 'target' | 'demo' = 'target'): Promise<StartedServer> =>
  working(folder, dataOf(folder, part), ({ startServer }, dataDirectory) =>
    startServer({ dataDirectory, endsWithProcess: part === 'demo' }),
  )

/** Whether one was running. */
export const stopEmbedded = (folder: string): Promise<boolean> =>
  working(folder, dataOf(folder, 'target'), ({ stopServerIn }, home) => stopServerIn(home))

/** A temporary server, which is deleted when it stops; the package is searched beside `folder`. */
export async function startPassing(folder: string): Promise<Pick<StartedServer, 'url' | 'stop'>> {
  const home = mkdtempSync(join(tmpdir(), 'vitrine-'))
  const server = await working(folder, join(home, 'data'), ({ startServer }, dataDirectory) =>
    startServer({ dataDirectory, ephemeral: true }),
  )
  const stop = async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  }
  return { url: (...given) => server.url(...given), stop }
}
