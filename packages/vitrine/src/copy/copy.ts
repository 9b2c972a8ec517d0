/**
 * One table through: `COPY (select) TO STDOUT` of the source into `COPY … FROM STDIN` of the target, both binary. Bytes are
 * forwarded untouched, or row by row through `rows`: checked or rewritten. A table that is read by ranges has a SELECT for each,
 * and other sessions of the source may help. After any failure all connections are destroyed: a backend whose other side has
 * gone would otherwise stay active and hold its snapshot.
 */
import { EventEmitter, once } from 'node:events'
import type { Client } from 'pg'
import { asVitrineError, interruptOf, VitrineError } from '../base/errors.ts'
import { serverError } from '../postgres/server-error.ts'
import type { Side } from '../postgres/settings.ts'
import { watchSilence } from '../postgres/silence.ts'
import { held } from '../publication/pattern.ts'
import { Blocks } from './blocks.ts'
import { CopyReader } from './reader.ts'
import { added, CLOSING, type CopyRows, keysOfUnknown, OPENING, type Violation } from './rows.ts'
import { borrowWire, errorFields, MESSAGE, rowsOfTag, type Wire } from './wire.ts'

/**
 * Lets another session of the source read ranges of the table, one after another, until none is left; it must use the same
 * snapshot. Resolves when the session is free again; rejects with the error of the copy, and then the session is unusable.
 */
export type Help = (source: Client) => Promise<void>

export interface CopyRequest {
  readonly source: Client
  /** The server that is read; the target for rows that are published or recorded already. Default: `source`. */
  readonly reading?: Side
  readonly target: Client
  /** A SELECT without parameters, or one per range: together they return each row once. */
  readonly select: string | readonly string[]
  /** `schema.table (columns)`, quoted. */
  readonly into: string
  /** The table was created in the target's open transaction: rows are written frozen. */
  readonly freeze: boolean
  /** Null when rows need not be read. Called for each session that reads. */
  readonly rows: ((blocks: Blocks) => CopyRows) | null
  readonly signal?: AbortSignal
  /** Called with the bytes written so far, at most once a chunk. */
  readonly progress?: (bytes: number) => void
  /** Called once, when the first range has begun. */
  readonly reads?: (help: Help) => void
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
  /** Digests of the keys of these rows, by reason; null where they are too many. */
  readonly unknownKeys: Readonly<Record<string, readonly string[]>> | null
  /** A rule looked at more than its inputs. */
  readonly looksBeyond: boolean
}

/** Moves one table. Throws VitrineError; all clients are then unusable. */
export async function copyRows(request: CopyRequest): Promise<CopyResult> {
  const copy = new Copy(request)
  try {
    return await copy.run()
  } catch (error) {
    copy.destroy(error)
    throw error
  }
}

const counted = (rows: number) => `${rows} row${rows === 1 ? '' : 's'}`

function saidOf({ code, rows, detail }: Violation): string {
  if (code === 'PRIVACY_VIOLATION' && detail !== undefined) return held(rows, detail)
  if (code === 'VALUE_NULL') return `${counted(rows)}: no value in a not-null column`
  return `${code}: ${counted(rows)}${detail === undefined ? '' : `; ${detail}`}`
}

class Copy {
  readonly #request: CopyRequest
  readonly #first: CopyReader
  /** All sessions in use, the first included. */
  readonly #readers = new Set<CopyReader>()
  readonly #rows: CopyRows[] = []
  readonly #selects: string[]
  readonly #target: Wire
  readonly #blocks = new Blocks((bytes, written) => this.#send(bytes, written))
  #failed: unknown = null
  /** Emits `changed` with each message and with a failure. */
  readonly #events = new EventEmitter().setMaxListeners(0)
  #targetCopying = false
  #targetReady = false
  #read = 0
  #written = 0
  #bytes = 0

  constructor(request: CopyRequest) {
    this.#request = request
    this.#selects = [request.select].flat()
    this.#first = this.#join(request.source)
    this.#target = borrowWire(request.target, {
      frames: () => undefined,
      message: (type, payload) => this.#targetSays(type, payload),
      ...this.#losing('target', 'written'),
    })
  }

  #join(client: Client): CopyReader {
    const rows = this.#request.rows?.(this.#blocks) ?? null
    if (rows !== null) this.#rows.push(rows)
    const reader = new CopyReader(client, rows, {
      rows: (frames) => this.#blocks.append(frames),
      refused: (payload) => this.#fail(serverError(errorFields(payload), this.#reading)),
      changed: () => this.#events.emit('changed'),
      ...this.#losing(this.#reading, 'read'),
    })
    this.#readers.add(reader)
    return reader
  }

  #losing(place: Side, doing: string) {
    const lost = `It was lost while rows were ${doing}.`
    return {
      // A RangeError means damaged bytes.
      broken: (cause: unknown) =>
        this.#fail(
          cause instanceof RangeError ? new VitrineError('COPY_PROTOCOL', { place, cause }) : asVitrineError(cause),
        ),
      closed: () => this.#fail(new VitrineError('CONNECTION_LOST', { place, detail: lost })),
    }
  }

  async run(): Promise<CopyResult> {
    const { into, freeze, signal, reads } = this.#request
    const abort = () => this.#fail(interruptOf(signal))
    signal?.addEventListener('abort', abort, { once: true })
    const resume = () => {
      for (const reader of this.#readers) reader.resume()
    }
    this.#target.socket.on('drain', resume)
    const unwatch = this.#watch(this.#first)
    try {
      if (signal?.aborted) abort()
      this.#target.send(MESSAGE.query, `copy ${into} from stdin (format binary${freeze ? ', freeze' : ''})`)
      await this.#until(() => this.#targetCopying)
      this.#blocks.append(OPENING)
      const reading = this.#readAll(this.#first)
      reads?.((source) => this.#help(source))
      await reading
      await this.#until(() => this.#readers.size === 1)
      this.#refuseViolations()
      this.#blocks.append(CLOSING)
      this.#blocks.flush()
      this.#target.send(MESSAGE.copyDone)
      await this.#until(() => this.#targetReady)
    } finally {
      unwatch()
      for (const rows of this.#rows) rows.end()
      signal?.removeEventListener('abort', abort)
      this.#target.socket.off('drain', resume)
    }
    this.#leave(this.#first)
    this.#target.release()
    return this.#result()
  }

  /** One range after another, until none is left. */
  async #readAll(reader: CopyReader): Promise<void> {
    for (let select = this.#selects.shift(); select !== undefined; select = this.#selects.shift()) {
      reader.begin(select)
      await this.#until(() => !reader.isReading)
    }
  }

  async #help(source: Client): Promise<void> {
    if (this.#failed !== null || this.#selects.length === 0) return
    const reader = this.#join(source)
    const unwatch = this.#watch(reader)
    await this.#readAll(reader).finally(unwatch)
    this.#leave(reader)
    this.#events.emit('changed')
  }

  #leave(reader: CopyReader): void {
    this.#readers.delete(reader)
    this.#read += reader.read
    reader.release()
  }

  #result(): CopyResult {
    const dropped = this.#rows.reduce((sum, rows) => sum + rows.dropped, 0)
    if (this.#read !== this.#written + dropped) {
      throw new VitrineError('COUNT_MISMATCH', {
        detail: `${this.#read} read, ${this.#written} written, ${dropped} left out by rules.`,
      })
    }
    const unknown = this.#rows.flatMap((rows) => [...rows.unknown].map(([reason, rows]) => ({ reason, rows })))
    return {
      read: this.#read,
      written: this.#written,
      dropped,
      bytes: this.#bytes,
      unknown: Object.fromEntries(added(unknown, ({ reason }) => reason).map(({ reason, rows }) => [reason, rows])),
      unknownKeys: keysOfUnknown(this.#rows.map(({ unknownKeys }) => unknownKeys)),
      looksBeyond: this.#rows.some((rows) => rows.looksBeyond),
    }
  }

  get #reading(): Side {
    return this.#request.reading ?? 'source'
  }

  /** Watches the side that has to act next: the source, unless the target is slower. */
  #watch(reader: CopyReader): () => void {
    return watchSilence(
      () => (this.#targetCopying && reader.owes ? reader.client : this.#request.target),
      (error) => this.#fail(error),
    )
  }

  destroy(error: unknown): void {
    this.#fail(error)
    // The server logs this reason, so it must hold no value. The connection ends in any case.
    if (this.#targetCopying && !this.#targetReady) this.#target.send(MESSAGE.copyFail, 'vitrine: the run was abandoned')
    for (const reader of this.#readers) reader.destroy()
    this.#target.socket.destroy()
  }

  /** Violations are counted to the end of the table, so that the message can say how many rows. */
  #refuseViolations(): void {
    const found = this.#rows.flatMap(({ violations }) => violations)
    const violations = added(found, ({ code, column, detail }) => `${code} ${column} ${detail}`)
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
    // Other sessions read on, to count.
    if (this.#rows.some(({ violations }) => violations.length > 0)) {
      written()
      return
    }
    this.#bytes += bytes.length
    if (!this.#target.socket.write(bytes, written)) for (const reader of this.#readers) reader.pause()
    this.#request.progress?.(this.#bytes)
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
