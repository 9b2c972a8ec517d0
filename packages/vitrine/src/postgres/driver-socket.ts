/** The one place that reaches into the driver for the socket of a client. Used to borrow it, to watch it and to cut it. */
import type { Socket } from 'node:net'
import type { Client } from 'pg'

interface ClientWithSocket {
  readonly connection?: { readonly stream?: Socket }
}

/** Undefined when a release of the driver hides it; the first copy then says so. */
export function socketOf(client: Client): Socket | undefined {
  // sound because every property is optional and tested by the caller; `connection` is not in the driver's published types.
  return (client as unknown as ClientWithSocket).connection?.stream
}
