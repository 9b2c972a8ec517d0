/** Answers as small as they can be sent: compressed, and still sent as they become ready. */
import { Duplex } from 'node:stream'
import type { ReadableWritablePair } from 'node:stream/web'
import { constants, createGzip } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import { accepts } from 'hono/accepts'

const COMPRESSIBLE = /^text\/(?!event-stream)/

export const compressed: MiddlewareHandler = async (call, next) => {
  await next()
  const { body, headers } = call.res
  if (body === null || call.req.method === 'HEAD' || !COMPRESSIBLE.test(headers.get('content-type') ?? '')) return
  call.header('vary', 'Accept-Encoding', { append: true })
  if (accepts(call, { header: 'Accept-Encoding', supports: ['gzip'], default: '' }) !== 'gzip') return
  // Without the flush a part that is ready would wait for the parts after it; the fast level saves a third less, in a third of the time.
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH, level: constants.Z_BEST_SPEED })
  // sound because a zlib stream reads and writes bytes.
  const through = Duplex.toWeb(gzip) as ReadableWritablePair<Uint8Array, Uint8Array>
  call.res = new Response(body.pipeThrough(through), call.res)
  call.header('content-encoding', 'gzip')
}
