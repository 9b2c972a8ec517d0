/** What a rule makes of one row's inputs, as the row rewriter takes it. Made by `rule-evaluator.ts`, kept by `rule-memory.ts`. */
import type { ErrorCode } from '../base/errors.ts'
import { Fields } from './field-encoder.ts'
import { copyWords } from './words.ts'

/** What is wrong with a value, by column; the value itself is never told. */
export interface Wrong {
  readonly code: ErrorCode
  readonly column: string
}

export const NOTHING_WRONG: readonly Wrong[] = Object.freeze([])

/**
 * What one row's inputs lead to: the computed fields as bytes, whether the row is published, and what is wrong. It is valid
 * until its evaluator is asked again. One class, so that V8 knows one shape of it.
 */
export class Outcome {
  /** The computed fields, in the order of the table's columns. Of a row with something wrong they mean nothing. */
  readonly fields: Fields[]
  /** Bytes of all fields. */
  size: number
  keep: boolean
  /** Why something about the row is unknown; null when nothing is. */
  unknown: string | null
  wrong: readonly Wrong[]

  constructor(fields: Fields[], keep: boolean, unknown: string | null, wrong: readonly Wrong[]) {
    this.fields = fields
    this.size = fields.reduce((size, field) => size + field.size, 0)
    this.keep = keep
    this.unknown = unknown
    this.wrong = wrong
  }

  /** Writes the fields, and gives the place after them. */
  write(view: DataView, at: number): number {
    const { fields } = this
    let end = at
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as Fields // sound because the index is inside.
      end = copyWords(field.view, 0, field.size, view, end)
    }
    return end
  }

  /** The same with bytes of its own: those of an earlier copy, which is given up, if they are enough. */
  copy(earlier?: Outcome): Outcome {
    const room = earlier?.fields[0]
    if (earlier === undefined || room === undefined || room.view.byteLength < this.size) {
      const fields = new Fields(new Uint8Array(this.size))
      this.write(fields.view, 0)
      return new Outcome([fields], this.keep, this.unknown, this.wrong)
    }
    this.write(room.view, 0)
    room.size = this.size
    earlier.size = this.size
    earlier.keep = this.keep
    earlier.unknown = this.unknown
    earlier.wrong = this.wrong
    return earlier
  }
}

/**
 * `starts` tells where each input field of the row begins, with its length word, and where the last one ends; `view` is over
 * the same bytes, and reads words faster.
 */
export type Evaluate = (bytes: Buffer, view: DataView, starts: Int32Array) => Outcome
