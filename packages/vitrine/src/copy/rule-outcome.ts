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
  readonly keep: boolean
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
      end = copyWords(field.view, field.at, field.size, view, end)
    }
    return end
  }

  /** The same with its bytes written elsewhere. */
  copyTo(view: DataView, at: number): Outcome {
    this.write(view, at)
    return new Outcome([new Fields(view, at, this.size)], this.keep, this.unknown, this.wrong)
  }
}

/**
 * `starts` tells where each input field of the row begins, with its length word, and where the last one ends; `view` is over
 * the same bytes, and reads words faster.
 */
export type Evaluate = (bytes: Buffer, view: DataView, starts: Int32Array) => Outcome
