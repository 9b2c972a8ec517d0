/**
 * The snapshot of the source for as long as a run holds it. Meanwhile the source can clean up nothing that has changed
 * since, so the time is measured, recorded and bounded. Called by `sync.ts`.
 */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { exportSnapshot, type Snapshot } from '../postgres/snapshot.ts'
import { recordSnapshotTime } from '../record/runs.ts'

export class SnapshotHold {
  /** Rejects with SNAPSHOT_TOO_LONG when the snapshot is still held at the limit. Never resolves. */
  readonly expired: Promise<never>
  readonly #coordinator: Session
  readonly #limitMs: number
  #expire: (error: VitrineError) => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  #since: number | null = null
  #milliseconds: number | null = null
  #over = false

  constructor(coordinator: Session, limitMs: number) {
    this.#coordinator = coordinator
    this.#limitMs = limitMs
    this.expired = new Promise((_, reject) => {
      this.#expire = reject
    })
    // A run that has ended otherwise listens no more.
    this.expired.catch(() => undefined)
  }

  /** Throws INTERRUPTED when the run has ended meanwhile: its timer would keep the process for as long as the limit. */
  async take(): Promise<Snapshot> {
    if (this.#over) throw new VitrineError('INTERRUPTED')
    this.#since = performance.now()
    const detail = `It was held for ${this.#limitMs} ms (limits.snapshotLimitMs).`
    const expire = () => this.#expire(new VitrineError('SNAPSHOT_TOO_LONG', { place: 'source', detail }))
    this.#timer = setTimeout(expire, this.#limitMs)
    return exportSnapshot(this.#coordinator, this.#limitMs)
  }

  /** Gives it back: the last row has been read. */
  async release(): Promise<void> {
    await this.#coordinator.execute('commit')
    this.ended()
  }

  /** Its sessions were cut. After the first call the time stands still. */
  ended(): void {
    this.#over = true
    clearTimeout(this.#timer)
    if (this.#since !== null) this.#milliseconds ??= Math.round(performance.now() - this.#since)
  }

  /** How long it was held; 0 when none was taken. */
  get milliseconds(): number {
    return this.#milliseconds ?? 0
  }

  /** Writes the time into the record of the run, if one was taken. */
  async record(target: Session, run: number): Promise<void> {
    if (this.#milliseconds !== null) await recordSnapshotTime(target, run, this.#milliseconds)
  }
}
