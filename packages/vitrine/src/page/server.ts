/** Listens for the page on one address, with bounds for slow and for many callers. Called by `serve` and by `start`. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type HttpAddress, letOldestGo, refused } from '../schedule/listener.ts'
import type { PageApp } from './context.ts'

export interface Listening {
  /** Without path: `http://127.0.0.1:3000`. */
  readonly url: string
  close(): Promise<void>
}

const REQUEST_MS = 10_000
const KEEP_ALIVE_MS = 5_000
const CHECK_MS = 1_000
const CONNECTIONS = 512

/** Throws SETTINGS_INVALID when the address cannot be had. */
export async function listenForPages({ host, port }: HttpAddress, app: PageApp): Promise<Listening> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server: Server = createServer(
    {
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: 16_384,
    },
    (request, response) => void listener(request, response),
  )
  letOldestGo(server, CONNECTIONS)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(host, port, error)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  // sound because a server that listens on a port has such an address.
  const bound = server.address() as AddressInfo
  return {
    url: `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
