/** Listens for the page on one address, with bounds for slow and for many callers. Called by `serve` and by `start`. */
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { bind, type HttpAddress, type Listener, letOldestGo } from '../schedule/listener.ts'
import type { PageApp } from './context.ts'

const REQUEST_MS = 10_000
const KEEP_ALIVE_MS = 5_000
const CHECK_MS = 1_000
const CONNECTIONS = 512

/** Throws SETTINGS_INVALID when the address cannot be had. */
export async function listenForPages(address: HttpAddress, app: PageApp): Promise<Listener> {
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
  return bind(server, address)
}
