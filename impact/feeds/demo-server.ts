/**
 * An HTTP server that answers like the two public sources: EgaPro by siren and year, and BGES with its file and the
 * address that names it. For the demonstration; listens only on the loopback interface.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { csvText } from './demo-csv.ts'
import type { DemoFacts } from './demo-facts.ts'

const FILE = '/api/medias/00000000-0000-4000-8000-00000000b6e5'
const EGAPRO = /^\/api\/public\/declaration\/(\d{9})\/(\d{4})$/

export interface PlainAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** What public sites answer to everything during maintenance. */
export const MAINTENANCE = '<!doctype html><html lang="fr"><body><h1>Maintenance en cours</h1></body></html>'

export const json = (status: number, body: string): PlainAnswer => ({ status, type: 'application/json', body })

/** What a path asks for: EgaPro's answer about a company, the name of the latest BGES file, or that file. */
export function askedBy(
  path: string,
): { readonly on: 'egapro' | 'bges-latest' | 'bges-file'; readonly siren?: string } | null {
  const [, siren] = EGAPRO.exec(path) ?? []
  if (siren !== undefined) return { on: 'egapro', siren }
  if (path === '/api/exports/public-inventories/latest') return { on: 'bges-latest' }
  return path === `${FILE}/download` ? { on: 'bges-file' } : null
}

/** The correct answer, without faults. */
export function plainAnswer(facts: DemoFacts, path: string): PlainAnswer {
  const asked = askedBy(path)
  if (asked?.on === 'bges-latest') return json(200, JSON.stringify({ file: FILE }))
  if (asked?.on === 'bges-file') return { status: 200, type: 'text/csv; charset=utf-8', body: csvText(facts.bges()) }
  if (asked?.siren === undefined) return json(404, '{"error":"Not found"}')
  const known = facts.egapro(asked.siren, Number(path.slice(-4)))
  if (known.etat === 'connu') return json(200, known.body)
  if (known.etat === 'absent') return json(404, '{"error":"Déclaration non trouvée"}')
  return json(503, MAINTENANCE)
}

/** Starts the server at any free port. `stop` ends every connection. */
export async function startDemoServer({ facts }: { readonly facts: DemoFacts }) {
  const server = createServer((request, response) => {
    const { status, type, body } = plainAnswer(facts, request.url ?? '/')
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  return {
    /** The base URL of both sources. */
    url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    async stop(): Promise<void> {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
