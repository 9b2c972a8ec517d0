/**
 * One table through: `COPY (select) TO STDOUT` of the source into `COPY … FROM STDIN` of the target, both binary. Bytes are
 * forwarded untouched, or row by row through `rows`: watched or rewritten. After any failure both connections are destroyed: a backend
 * whose other side has gone would otherwise stay active and hold its snapshot.
 */
import { EventEmitter, once } from 'node:events'
import type { Client } from 'pg'
import { asVitrineError, interruptOf, VitrineError } from '../base/errors.ts'
import { serverError } from '../postgres/server-error.ts'
import type { Side } from '../postgres/settings.ts'
import { watchSilence } from '../postgres/silence.ts'
import { held } from '../publication/pattern.ts'
import { Blocks } from './blocks.ts'
import type { CopyRows, Violation } from './rows.ts'
import { borrowWire, errorFields, MESSAGE, rowsOfTag, type Wire, type WireHandlers } from './wire.ts'

export interface CopyRequest {
  readonly source: Client
  /** Which server is read: the target too, for rows that are published or recorded already. `source` when absent. */
  readonly reading?: Side
  readonly target: Client
  /** A SELECT without parameters. */
  readonly select: string
  /** `schema.table (columns)`, quoted. */
  readonly into: string
  /** The table was created in the target's open transaction: rows are written frozen. */
  readonly freeze: boolean
  /** Null where nothing in a row is to be read. */
  readonly rows: ((blocks: Blocks) => CopyRows) | null
  readonly signal?: AbortSignal
  /** Called with the bytes written so far, at most once a chunk. */
  readonly progress?: (bytes: number) => void
}

export interface CopyResult {
  /** Rows that the source sent. */
  readonly read: number
  /** Rows that the target took. */
  readonly written: number
  /** Rows that rules left out; read = written + dropped. */
  readonly dropped: number
  readonly bytes: number
  /** Rows with something unknown, by the reasons of the table's rule. */
  readonly unknown: Readonly<Record<string, number>>
}

/** Moves one table. Throws VitrineError; both clients are then unusable. */
export async function copyRows(request: CopyRequest): Promise<CopyResult> {
  const copy = new Copy(request)
  try {
    return await copy.run()
  } catch (error) {
    copy.destroy()
    throw error
  }
}

const counted = (rows: number) => `${rows} row${rows === 1 ? '' : 's'}`

function saidOf({ code, rows, detail }: Violation): string {
  if (code === 'PRIVACY_VIOLATION' && detail !== undefined) return held(rows, detail)
  return `${code}: ${counted(rows)}${detail === undefined ? '' : `; ${detail}`}`
}

class Copy {
  readonly #request: CopyRequest
  readonly #source: Wire
  readonly #target: Wire
  readonly #rows: CopyRows | null
  #failed: unknown = null
  /** Emits `changed` with each message and with a failure. */
  readonly #events = new EventEmitter()
  #targetCopying = false
  #targetReady = false
  #sourceReady = false
  #read = 0
  #written = 0
  #bytes = 0
  readonly #blocks: Blocks

  constructor(request: CopyRequest) {
    this.#request = request
    this.#blocks = new Blocks((bytes, written) => this.#send(bytes, written))
    this.#rows = request.rows?.(this.#blocks) ?? null
    const rows = this.#rows ?? { frames: (bytes: Buffer) => this.#blocks.append(bytes) }
    this.#source = this.#borrow(request.source, this.#reading, 'read', {
      frames: (bytes) => this.#failed === null && rows.frames(bytes),
      message: (type, payload) => this.#sourceSays(type, payload),
    })
    this.#target = this.#borrow(request.target, 'target', 'written', {
      frames: () => undefined,
      message: (type, payload) => this.#targetSays(type, payload),
    })
  }

  #borrow(client: Client, place: Side, doing: string, handlers: Pick<WireHandlers, 'frames' | 'message'>): Wire {
    const lost = `It was lost while rows were ${doing}.`
    return borrowWire(client, {
      ...handlers,
      // What is wrong with the bytes is a RangeError of `wire.ts` or of `row-rewrite.ts`.
      broken: (cause) =>
        this.#fail(
          cause instanceof RangeError ? new VitrineError('COPY_PROTOCOL', { place, cause }) : asVitrineError(cause),
        ),
      closed: () => this.#fail(new VitrineError('CONNECTION_LOST', { place, detail: lost })),
    })
  }

  async run(): Promise<CopyResult> {
    const { select, into, freeze, signal } = this.#request
    const abort = () => this.#fail(interruptOf(signal))
    signal?.addEventListener('abort', abort, { once: true })
    const resume = () => this.#source.socket.resume()
    this.#target.socket.on('drain', resume)
    const unwatch = watchSilence(
      () => this.#owing(),
      (error) => this.#fail(error),
    )
    try {
      if (signal?.aborted) abort()
      this.#target.send(MESSAGE.query, `copy ${into} from stdin (format binary${freeze ? ', freeze' : ''})`)
      await this.#until(() => this.#targetCopying)
      this.#source.send(MESSAGE.query, `copy (${select}) to stdout (format binary)`)
      await this.#until(() => this.#sourceReady)
      this.#refuseViolations()
      this.#blocks.flush()
      this.#target.send(MESSAGE.copyDone)
      await this.#until(() => this.#targetReady)
    } finally {
      unwatch()
      signal?.removeEventListener('abort', abort)
      this.#target.socket.off('drain', resume)
    }
    this.#source.release()
    this.#target.release()
    const dropped = this.#rows?.dropped ?? 0
    if (this.#read !== this.#written + dropped) {
      throw new VitrineError('COUNT_MISMATCH', {
        detail: `${this.#read} read, ${this.#written} written, ${dropped} left out by rules.`,
      })
    }
    return {
      read: this.#read,
      written: this.#written,
      dropped,
      bytes: this.#bytes,
      unknown: Object.fromEntries(this.#rows?.unknown ?? []),
    }
  }

  get #reading(): Side {
    return this.#request.reading ?? 'source'
  }

  /** The side that has to move next: the source while it sends rows and the target takes them. */
  #owing(): Client {
    const { source, target } = this.#request
    return this.#targetCopying && !this.#sourceReady && !this.#source.socket.isPaused() ? source : target
  }

  destroy(): void {
    // The reason reaches the server's log, so it holds no value; the connection ends whether the server listens or not.
    if (this.#targetCopying && !this.#targetReady) this.#target.send(MESSAGE.copyFail, 'vitrine: the run was abandoned')
    this.#source.socket.destroy()
    this.#target.socket.destroy()
  }

  /** Violations are counted to the end of the table, so that the message can say how many rows. */
  #refuseViolations(): void {
    const violations = this.#rows?.violations ?? []
    const first = violations[0]
    if (first === undefined) return
    throw new VitrineError(first.code, {
      place: first.column,
      detail: `${counted(first.rows)}.`,
      problems: violations.map((violation) => ({ place: violation.column, detail: saidOf(violation) })),
    })
  }

  /** Hands a block on; the source waits while the target is behind. */
  #send(bytes: Buffer, written: () => void): void {
    if (this.#failed !== null) return
    this.#bytes += bytes.length
    if (!this.#target.socket.write(bytes, written)) this.#source.socket.pause()
    this.#request.progress?.(this.#bytes)
  }

  #sourceSays(type: number, payload: Buffer): void {
    if (type === MESSAGE.error) this.#fail(serverError(errorFields(payload), this.#reading))
    else if (type === MESSAGE.commandComplete) this.#read = rowsOfTag(payload)
    else if (type === MESSAGE.ready) this.#sourceReady = true
    this.#events.emit('changed')
  }

  #targetSays(type: number, payload: Buffer): void {
    if (type === MESSAGE.error) this.#fail(serverError(errorFields(payload), 'target'))
    else if (type === MESSAGE.copyIn) this.#targetCopying = true
    else if (type === MESSAGE.commandComplete) this.#written = rowsOfTag(payload)
    else if (type === MESSAGE.ready && this.#targetCopying) this.#targetReady = true
    this.#events.emit('changed')
  }

  #fail(error: unknown): void {
    this.#failed ??= error
    this.#events.emit('changed')
  }

  /** Waits until a message makes the condition true. */
  async #until(holds: () => boolean): Promise<void> {
    while (this.#failed === null && !holds()) await once(this.#events, 'changed')
    if (this.#failed !== null) throw this.#failed
  }
}
