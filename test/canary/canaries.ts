/**
 * Values that stand for nothing else, each planted once in a source, and found again wherever they are: as text, as JSON, in
 * an error, or as the bytes of a file. What fits no such value (boolean, smallint, real) gets an ordinary one.
 */
import type { ScalarKind } from '../../packages/vitrine/src/sql/sql-type.ts'

export interface Canary {
  /** The source columns that hold it: a key, and what refers to it. */
  readonly columns: Set<string>
  /** Planted where a mask must hide it. */
  readonly hidden: boolean
  /** What a text that holds it is looked up by; the bytes of a file too, where its type has unmistakable ones. */
  readonly text: string
  readonly bytes: string | null
}

/** Begins every text, and every uuid as bytes. */
const MARK = 'zQ'
/** The upper half of each whole number of eight bytes, and of each double. */
const HIGH = 0x5a51c4f1
/** The same for instants: 71 minutes of the year 1931. */
const INSTANT_HIGH = -505_477

export class Canaries {
  readonly #byText = new Map<string, Canary>()
  readonly #byBytes = new Map<string, Canary>()
  #count: number

  /** Installations on one server count from different numbers. */
  constructor(first: number) {
    this.#count = first
  }

  get all(): readonly Canary[] {
    return [...this.#byText.values()]
  }

  /** SQL for a value of the type, and its canary; null for a type that carries none. */
  plant(
    column: string,
    kind: ScalarKind,
    array: boolean,
    length: number | null,
    hidden: boolean,
  ): [string, Canary] | null {
    if (length !== null && length < MARK.length + 3) return null
    const [literal, text, bytes] = this.#value(kind, ++this.#count) ?? []
    if (literal === undefined || text === undefined) return null
    const canary: Canary = { columns: new Set([column]), hidden, text, bytes: bytes?.toString('latin1') ?? null }
    this.#byText.set(text, canary)
    if (canary.bytes !== null) this.#byBytes.set(canary.bytes, canary)
    return [array ? `array[${literal}]` : literal, canary]
  }

  #value(kind: ScalarKind, n: number): [literal: string, text: string, bytes?: Buffer] | null {
    const token = MARK + n.toString(36).padStart(3, '0')
    const bits = Buffer.alloc(8)
    switch (kind) {
      case 'text':
      case 'varchar':
        return [`'${token}'`, token.toLowerCase(), Buffer.from(token)]
      case 'jsonb':
        return [`'{"canary": "${token}"}'::jsonb`, token.toLowerCase(), Buffer.from(token)]
      case 'uuid': {
        const head = n.toString(16).padStart(4, '0')
        const text = `7a51${head}-c0de-4c0d-8c0d-c0dec0dec0de`
        return [`'${text}'::uuid`, text, Buffer.from(`7a51${head}c0de`, 'hex')]
      }
      case 'bigint':
        bits.writeUInt32LE(0x9e000000 + n * 257, 0)
        bits.writeInt32LE(HIGH, 4)
        return [bits.readBigInt64LE().toString(), bits.readBigInt64LE().toString(), bits]
      case 'double precision': {
        bits.writeUInt32LE(0x8d000000 + n * 257, 0)
        bits.writeInt32LE(HIGH, 4)
        const text = String(bits.readDoubleLE())
        return [`'${text}'::double precision`, /\.(\d+)/.exec(text)?.[1] ?? '', bits]
      }
      case 'integer':
        return [String(1_900_000_000 + n * 7919), String(1_900_000_000 + n * 7919)]
      case 'numeric':
        return [`98765432109${1_000_000 + n}.25`, `98765432109${1_000_000 + n}`]
      case 'date': {
        const text = new Date(Date.UTC(1801, 0, n)).toISOString().slice(0, 10)
        return [`'${text}'::date`, text]
      }
      case 'timestamp':
      case 'timestamptz': {
        bits.writeUInt32LE((n * 3_000_017 + 91_234) % 2 ** 32, 0)
        bits.writeInt32LE(INSTANT_HIGH, 4)
        const text = instant(bits.readBigInt64LE())
        // PostgreSQL prints no zero at the end.
        if (text.endsWith('0')) return this.#value(kind, ++this.#count)
        return [`'${text}+00'::${kind}`, text.slice(-12), bits]
      }
      case 'time': {
        const text = instant(BigInt(n) * 2_000_010n + 7n)
        return [`'03:${text.slice(-12)}'::time`, text.slice(-12)]
      }
      default:
        return null
    }
  }

  inText(text: string): ReadonlySet<Canary> {
    const found = new Set<Canary>()
    const WORDS = /zq[0-9a-z]{3}|7a51[0-9a-f]{4}-c0de-[0-9a-f-]{22}|\d\d:\d\d\.\d{6}|1[89]\d\d-\d\d-\d\d|\d{9,}/g
    for (const [word] of text.toLowerCase().matchAll(WORDS)) {
      const canary = this.#byText.get(word)
      if (canary !== undefined) found.add(canary)
    }
    return found
  }

  inBytes(bytes: Buffer): ReadonlySet<Canary> {
    const found = new Set<Canary>()
    const look = (from: number, to: number) => {
      const canary = this.#byBytes.get(bytes.toString('latin1', from, to))
      if (canary !== undefined) found.add(canary)
    }
    const each = (mark: Buffer, at: (place: number) => void) => {
      for (let place = bytes.indexOf(mark); place >= 0; place = bytes.indexOf(mark, place + 1)) at(place)
    }
    each(Buffer.from(MARK), (place) => {
      look(place, place + MARK.length + 3)
      look(place, place + 6)
    })
    for (const high of [HIGH, INSTANT_HIGH]) {
      const mark = Buffer.alloc(4)
      mark.writeInt32LE(high)
      each(mark, (place) => look(place - 4, place + 4))
      // In the order of the wire, as binary COPY writes it.
      const wire = Buffer.from(mark).reverse()
      each(wire, (place) => {
        const canary = this.#byBytes.get(
          Buffer.from(bytes.subarray(place, place + 8))
            .reverse()
            .toString('latin1'),
        )
        if (canary !== undefined) found.add(canary)
      })
    }
    return found
  }
}

/** Microseconds since 2000 as `YYYY-MM-DD HH:MM:SS.ffffff`. */
function instant(microseconds: bigint): string {
  const whole = microseconds / 1000n - (microseconds % 1000n < 0n ? 1n : 0n)
  const rest = microseconds - whole * 1000n
  const text = new Date(Date.UTC(2000, 0, 1) + Number(whole)).toISOString()
  return `${text.slice(0, 23).replace('T', ' ')}${String(rest).padStart(3, '0')}`
}
