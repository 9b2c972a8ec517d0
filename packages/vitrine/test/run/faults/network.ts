/**
 * A network between the tool and one server that obeys a test: it passes bytes, cuts connections, or goes silent (nothing
 * flows, nothing closes, the kernel still acknowledges). It can do so at the very statement that a test is waiting for.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Before the statement reaches the server, or after the server has done it and before the answer is heard. */
export type Instant = 'statement' | 'answer'

interface Trap {
  readonly statement: RegExp
  readonly instant: Instant
  /** Until an answer is so, the trap stays set. */
  readonly answer: RegExp
  act(): void | Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  /** Waiting for the first byte of the answer. */
  answering: Trap | null
  silent: boolean
}

export class FaultyNetwork {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #trap: Trap | null = null
  #newOnesSilent = false

  private constructor(to: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => this.#join(client, connect(to.port, to.host)))
  }

  static async to(server: { readonly host: string; readonly port: number }): Promise<FaultyNetwork> {
    const proxy = new FaultyNetwork(server)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port // sound because it listens on TCP.
  }

  /** Acts once, when a client next sends such a statement, or when the answer comes; either waits until `act` is done. */
  trap(statement: RegExp, instant: Instant, act: () => void | Promise<void>, answer = /^/): void {
    this.#trap = { statement, instant, answer, act }
  }

  /** Every connection is lost, for both sides; new ones pass. */
  cut(): void {
    for (const { client, server } of [...this.#pairs]) {
      client.resetAndDestroy()
      server.destroy()
    }
  }

  /** Nothing flows any more on the connections of now, and, if told so, on new ones. */
  silence(newOnes: boolean): void {
    this.#newOnesSilent = newOnes
    for (const pair of this.#pairs) silence(pair)
  }

  /** What was held back flows on. */
  heal(): void {
    this.#trap = null
    this.#newOnesSilent = false
    for (const pair of this.#pairs) {
      if (!pair.silent) continue
      pair.silent = false
      pair.client.resume()
      pair.server.resume()
    }
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket, server: Socket): void {
    const pair: Pair = { client, server, answering: null, silent: false }
    this.#pairs.add(pair)
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.setNoDelay(true)
      one.on('error', () => undefined)
      one.on('close', () => {
        this.#pairs.delete(pair)
        other.destroy()
      })
      one.on('drain', () => !pair.silent && other.resume())
    }
    client.on('data', (bytes: Buffer) => this.#fromClient(pair, bytes))
    server.on('data', (bytes: Buffer) => this.#fromServer(pair, bytes))
    if (this.#newOnesSilent) silence(pair)
  }

  #fromClient(pair: Pair, bytes: Buffer): void {
    const trap = this.#trap?.statement.test(bytes.toString('latin1')) === true ? this.#trap : null
    if (trap !== null) this.#trap = null
    if (trap?.instant === 'statement') {
      hold(pair, pair.client, pair.server, bytes, trap)
    } else {
      pair.answering = trap ?? pair.answering
      pass(pair, pair.client, pair.server, bytes)
    }
  }

  #fromServer(pair: Pair, bytes: Buffer): void {
    const trap = pair.answering
    pair.answering = null
    if (trap?.answer.test(bytes.toString('latin1')) === true) {
      hold(pair, pair.server, pair.client, bytes, trap)
    } else {
      if (trap !== null) this.#trap = trap
      pass(pair, pair.server, pair.client, bytes)
    }
  }
}

function silence(pair: Pair): void {
  pair.silent = true
  pair.client.pause()
  pair.server.pause()
}

function pass(pair: Pair, from: Socket, to: Socket, bytes: Buffer): void {
  if (to.destroyed) return
  if (!to.write(bytes)) from.pause()
  if (pair.silent) silence(pair)
}

/** The bytes go on when the act is done; if it silenced the connection, when that is over. */
function hold(pair: Pair, from: Socket, to: Socket, bytes: Buffer, trap: Trap): void {
  from.pause()
  void Promise.resolve(trap.act()).then(() => {
    if (from.destroyed || to.destroyed) return
    if (pair.silent) {
      from.unshift(bytes)
      return
    }
    from.resume()
    pass(pair, from, to, bytes)
  })
}
