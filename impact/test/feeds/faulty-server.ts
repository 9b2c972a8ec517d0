/** The demonstration's source, which misbehaves on request, by a list of faults, and counts what it sees. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { DemoFacts } from '../../feeds/demo-facts.ts'
import { askedBy, json, type PlainAnswer, plainAnswer } from '../../feeds/demo-server.ts'
import { type DemoFault, type DemoRoute, misbehave, sendPlain } from './faults.ts'
import { CSV_FAULTS, type CsvFault, csvBytes } from './faulty-csv.ts'

export interface FaultyServerOptions {
  readonly facts: DemoFacts
  readonly faults?: readonly DemoFault[]
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
  /** Milliseconds of the monotonic clock, in order of arrival. */
  readonly arrivals: number[]
  readonly bySiren: Map<string, number>
  readonly userAgents: Set<string>
}

/** Starts to listen. `stop` ends every connection, also those that were kept waiting on purpose. */
export async function startFaultyServer(options: FaultyServerOptions): Promise<FaultyServer> {
  const demo = new FaultyServer(options)
  await demo.listen()
  return demo
}

export class FaultyServer {
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
  readonly #options: FaultyServerOptions
  readonly #server: Server
  readonly #used = new Map<DemoFault, number>()
  readonly #stopping = new AbortController()
  #url = ''

  constructor(options: FaultyServerOptions) {
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

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
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
    counts.arrivals.push(performance.now())
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
    const asked = askedBy(path)
    const fault = asked === null ? null : this.#fault(asked.on, asked.siren)
    if (asked?.siren !== undefined)
      this.counts.bySiren.set(asked.siren, (this.counts.bySiren.get(asked.siren) ?? 0) + 1)
    if (asked?.on === 'bges-file') await this.#file(request, response, fault)
    else await this.#send(request, response, fault, plainAnswer(this.#options.facts, path))
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
    sendPlain(response, plain)
  }

  async #file(request: IncomingMessage, response: ServerResponse, fault: DemoFault | null): Promise<void> {
    const wrong = CSV_FAULTS.find((kind) => kind === fault?.kind) ?? null
    if (fault !== null && wrong === null) {
      if (fault.kind === 'slow') await this.#pause(fault.delayMs ?? 1_000)
      else if (misbehave(request, response, fault, json(200, Buffer.concat([...this.#csv(null)]).toString()))) return
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
