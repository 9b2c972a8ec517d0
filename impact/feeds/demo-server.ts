/**
 * An HTTP server of ours that speaks as the two public sources do: EgaPro's answers by siren and year, the BGES file behind
 * the address that names it. It misbehaves on request, by a list of faults, and counts what it sees. For the demonstration
 * and the tests; it listens on the loopback interface only.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { CSV_FAULTS, type CsvFault, csvBytes } from './demo-csv.ts'
import type { DemoFacts } from './demo-facts.ts'
import { type DemoFault, type DemoRoute, MAINTENANCE, misbehave, type PlainAnswer, sendJson } from './demo-faults.ts'

export interface DemoServerOptions {
  readonly facts: DemoFacts
  readonly faults?: readonly DemoFault[]
  /** 0, the default, takes a free one. */
  readonly port?: number
  /** Every answer takes this long: a network has latency. */
  readonly latencyMs?: number
  /** Characters of free text in each line of the BGES file. */
  readonly padding?: number
  /** No byte order mark before the BGES file. */
  readonly withoutMark?: boolean
}

/** What the server has seen since its start. */
export interface DemoCounts {
  requests: number
  inFlight: number
  mostInFlight: number
  /** Milliseconds of the monotonic clock, in order of arrival; of the first requests only. */
  readonly arrivals: number[]
  readonly bySiren: Map<string, number>
  readonly userAgents: Set<string>
}

const FILE = '/api/medias/00000000-0000-4000-8000-00000000b6e5'
const EGAPRO = /^\/api\/public\/declaration\/(\d{9})\/(\d{4})$/

/** A demonstration may run for weeks. */
const MOST_ARRIVALS = 100_000

/** Starts to listen. `stop` ends every connection, also those that were kept waiting on purpose. */
export async function startDemoServer(options: DemoServerOptions): Promise<DemoServer> {
  const demo = new DemoServer(options)
  await demo.listen(options.port ?? 0)
  return demo
}

export class DemoServer {
  readonly counts: DemoCounts = {
    requests: 0,
    inFlight: 0,
    mostInFlight: 0,
    arrivals: [],
    bySiren: new Map(),
    userAgents: new Set(),
  }
  /** May be replaced while the server runs. */
  faults: readonly DemoFault[]
  readonly #options: DemoServerOptions
  readonly #server: Server
  readonly #used = new Map<DemoFault, number>()
  readonly #stopping = new AbortController()
  #url = ''

  constructor(options: DemoServerOptions) {
    this.#options = options
    this.faults = options.faults ?? []
    this.#server = createServer((request, response) => {
      this.#count(request, response)
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  /** For both sources. */
  get url(): string {
    return this.#url
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    const bound = this.#server.address()
    this.#url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    this.#server.closeAllConnections()
    await closed
  }

  #count(request: IncomingMessage, response: ServerResponse): void {
    const { counts } = this
    counts.requests += 1
    counts.inFlight += 1
    counts.mostInFlight = Math.max(counts.mostInFlight, counts.inFlight)
    if (counts.arrivals.length < MOST_ARRIVALS) counts.arrivals.push(performance.now())
    counts.userAgents.add(request.headers['user-agent'] ?? '')
    let open = true
    const end = (): void => {
      if (open) counts.inFlight -= 1
      open = false
    }
    response.on('finish', end).on('close', end)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.#url).pathname
    await this.#pause(this.#options.latencyMs ?? 0)
    const [, siren, annee] = EGAPRO.exec(path) ?? []
    if (siren !== undefined) {
      this.counts.bySiren.set(siren, (this.counts.bySiren.get(siren) ?? 0) + 1)
      const known = this.#options.facts.egapro(siren, Number(annee))
      await this.#send(request, response, this.#fault('egapro', siren), this.#declaration(known))
    } else if (path === '/api/exports/public-inventories/latest') {
      await this.#send(request, response, this.#fault('bges-latest'), {
        status: 200,
        body: JSON.stringify({ file: FILE }),
      })
    } else if (path === `${FILE}/download`) {
      await this.#file(request, response, this.#fault('bges-file'))
    } else {
      sendJson(response, { status: 404, body: '{"error":"Not found"}' })
    }
  }

  #declaration(known: ReturnType<DemoFacts['egapro']>): PlainAnswer {
    if (known.etat === 'connu') return { status: 200, body: known.body }
    if (known.etat === 'absent') return { status: 404, body: '{"error":"Déclaration non trouvée"}' }
    return { status: 503, body: MAINTENANCE }
  }

  /** The first fault that matches and is not used up. */
  #fault(on: DemoRoute, siren?: string): DemoFault | null {
    for (const fault of this.faults) {
      if (fault.on !== on || (fault.siren !== undefined && fault.siren !== siren)) continue
      const used = this.#used.get(fault) ?? 0
      if (used >= (fault.first ?? Number.POSITIVE_INFINITY)) continue
      this.#used.set(fault, used + 1)
      return fault
    }
    return null
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    fault: DemoFault | null,
    plain: PlainAnswer,
  ): Promise<void> {
    if (fault?.kind === 'slow') await this.#pause(fault.delayMs ?? 1_000)
    else if (fault !== null && misbehave(request, response, fault, plain)) return
    sendJson(response, plain)
  }

  async #file(request: IncomingMessage, response: ServerResponse, fault: DemoFault | null): Promise<void> {
    const wrong = CSV_FAULTS.find((kind) => kind === fault?.kind) ?? null
    if (fault !== null && wrong === null) {
      if (fault.kind === 'slow') await this.#pause(fault.delayMs ?? 1_000)
      else if (
        misbehave(request, response, fault, { status: 200, body: Buffer.concat([...this.#csv(null)]).toString() })
      )
        return
    }
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' })
    await pipeline(Readable.from(this.#csv(wrong)), response, { signal: this.#stopping.signal })
  }

  #csv(fault: CsvFault | null): Iterable<Uint8Array> {
    const { facts, padding = 0, withoutMark = false } = this.#options
    return csvBytes(facts.bges(), { fault, padding, mark: !withoutMark })
  }

  async #pause(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await wait(milliseconds, undefined, { signal: this.#stopping.signal })
  }
}
