/** A web server that receives alarms and behaves as a test wants. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Receiver {
  readonly url: string
  /** Method, path and body of each request. */
  readonly received: { readonly method: string; readonly path: string; readonly body: string }[]
  close(): Promise<void>
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse, count: number) => void

export const fine: Behaviour = (_, response) => void response.end('ok')

export async function receive(behave: Behaviour = fine): Promise<Receiver> {
  const received: Receiver['received'] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ method: request.method ?? '', path: request.url ?? '', body })
    behave(request, response, received.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // sound because a server that listens on a port has such an address.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/canary-token`
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, received, close }
}

/** A port of this machine that nobody listens at. */
export async function freePort(): Promise<number> {
  const receiver = await receive()
  await receiver.close()
  return Number(new URL(receiver.url).port)
}
