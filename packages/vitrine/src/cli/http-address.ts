/** Reads where to listen from text: `host:port`, `[::1]:port`, or a port alone, which is one of this machine only. */
import type { HttpAddress } from '../schedule/listener.ts'

const LOOPBACK = '127.0.0.1'

/** Null when the text is none. The port 0 stands for any free one. */
export function parseHttpAddress(text: string): HttpAddress | null {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text.trim()) ?? []
  const port = Number(digits)
  return digits === '' || port > 65_535 ? null : Object.freeze({ host: bracketed ?? plain ?? LOOPBACK, port })
}
