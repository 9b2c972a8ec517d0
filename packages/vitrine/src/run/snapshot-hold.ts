/**
 * The snapshot of the source while a run holds it. During this time the source cannot clean up old row versions,
 * so the time is measured, recorded and bounded. Called by `sync.ts`.
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
    // If the run has ended already, nobody handles this rejection.
    this.expired.catch(() => undefined)
  }

  /** Throws INTERRUPTED when the run has ended meanwhile: otherwise its timer would keep the process alive. */
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

  /** Stops the measurement when its sessions were cut; later calls change nothing. */
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
