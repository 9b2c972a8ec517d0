/**
 * Runs a rule on the bytes of its inputs and returns the bytes of its columns, cached for repeated inputs (decision
 * 0008). A wrong value is reported by code and column, never quoted. Called by `row-rewrite.ts`.
 */

import { codePlaceOf } from '../base/code-place.ts'
import { type ErrorCode, VitrineError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { boundFault, type Computed } from '../publication/compute.ts'
import { type ComputationFields, type ComputedColumn, columnsOf, type Projection } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { type Decoder, decoderFor, UnreadableInput } from './binary-decode.ts'
import { type Encoder, fieldBytes, NULL_FIELD } from './binary-encode.ts'
import { fieldEncoder, mayRepeat } from './field-encoder.ts'
import { pseudonymsIn } from './pseudonym.ts'
import { asRule } from './purity.ts'

/** A wrong value: its column and an error code. */
export interface Wrong {
  readonly code: ErrorCode
  readonly column: string
  /** The place in the rule's code, or the kind of an unreadable input. */
  readonly detail?: string
}

/** The result for the inputs of one row. */
export interface Outcome {
  /** The computed fields, in the order of the table's columns. Invalid when something is wrong. */
  readonly fields: readonly Buffer[]
  /** Bytes of all fields. */
  readonly size: number
  readonly keep: boolean
  /** Why something about the row is unknown; null when nothing is. */
  readonly unknown: string | null
  readonly wrong: readonly Wrong[]
  /** Its fields were searched without a finding. Kept, because many rows may share one outcome. */
  isClean: boolean
}

/**
 * `starts`: the start of each input field (at its length word), and the end of the last one; `view` is over
 * the same bytes, and reads words faster.
 */
export type Evaluate = (bytes: Buffer, view: DataView, starts: Int32Array) => Outcome

const NOTHING_WRONG: readonly Wrong[] = Object.freeze([])
const outcomeOf = (
  fields: readonly Buffer[],
  wrong = NOTHING_WRONG,
  unknown: string | null = null,
  keep = true,
): Outcome => {
  let size = 0
  for (let index = 0; index < fields.length; index++) size += (fields[index] as Buffer).length // sound: it is inside.
  return { fields, size, keep, unknown, wrong, isClean: false }
}
const DROPPED = outcomeOf([], NOTHING_WRONG, null, false)

/** The evaluation of one computation of a table, whose projection knows the types of its inputs. */
export function evaluatorOf(
  fields: ComputationFields,
  { inputTypes }: Projection,
  table: PublishedTable,
  key: Secret | null,
): Evaluate {
  const columns = columnsOf(table, fields.computation)
  // sound because the run refuses to start without a key when a pseudonym is published.
  if (fields.computation.kind === 'pseudonym') return pseudonymEvaluator(fields, columns, key as Secret)
  const unbounded = columns.find((column) => boundFault(column.value.computed, column.type) !== null)
  if (unbounded !== undefined) {
    throw new VitrineError('DEFINITION_INVALID', {
      place: `${table.name}.${unbounded.name}`,
      detail: 'It is unbounded.',
    })
  }
  return ruleEvaluator(fields, inputTypes, table, columns)
}

type InputReader = (bytes: Buffer, view: DataView, starts: Int32Array) => Record<string, unknown>

/** Builds a function that reads a rule's inputs into an object. Constant property names let V8 keep one hidden class. */
function inputReader({ computation, fields }: ComputationFields, decoders: readonly Decoder[]): InputReader {
  const lines = fields.map(
    (field, index) => `at = starts[${field}]; length = view.getInt32(at);
      const v${index} = length < 0 ? null : d${index}(b, at + 4, length, view);`,
  )
  const object = computation.inputs
    .map(({ name }, index) => `${name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)}: v${index}`)
    .join(', ')
  const parameters = decoders.map((_, index) => `d${index}`)
  const body = `return (b, view, starts) => { let at = 0; let length = 0; ${lines.join('\n')} return { ${object} } }`
  // sound because the text is made of constants and of property names written as JSON; nothing else enters it.
  return new Function(...parameters, body)(...decoders) as InputReader
}

/** What a rule says of its inputs; the fields are put into a list of its own, or into `made`. */
type Ask = (inputs: Readonly<Record<string, unknown>>, made?: Buffer[]) => Outcome

interface Output {
  readonly name: string
  readonly path: string | null
  readonly encode: Encoder
}

const outputOf = (column: ComputedColumn): Output => ({
  name: column.name,
  path: column.value.computed.path,
  encode: fieldEncoder(column),
})

function ruleEvaluator(
  fields: ComputationFields,
  types: readonly number[],
  table: PublishedTable,
  columns: readonly ComputedColumn[],
): Evaluate {
  const { computation } = fields
  const decoders = fields.fields.map((field) => decoderFor(types[field] ?? 0) ?? (() => undefined))
  const read = inputReader(fields, decoders)
  const outputs = columns.map(outputOf)
  const keep = table.keep?.computation === computation ? table.keep : null
  const unknown = table.unknown?.computation === computation ? table.unknown : null
  const column = columns[0]?.name ?? '(rows kept)'
  const failed = (detail: string, code: ErrorCode = 'RULE_FAILED') => outcomeOf([], [{ code, column, detail }])
  let thrown: Outcome | null = null
  const told = (result: unknown, made: Buffer[]): Outcome => {
    if (result instanceof Promise) {
      result.catch(() => undefined)
      return failed('it returns a promise')
    }
    if (keep !== null && pick(result, keep.path) !== true) return DROPPED
    let wrong = NOTHING_WRONG
    for (let index = 0; index < outputs.length; index++) {
      const { name, path, encode } = outputs[index] as Output // sound because the index is inside.
      const field = encode(pick(result, path))
      if (typeof field === 'string') wrong = [...wrong, { code: field, column: name }]
      made[index] = typeof field === 'string' ? NULL_FIELD : field
    }
    const reason = unknown === null ? null : reasonIn(pick(result, unknown.path), unknown)
    if (reason === undefined) wrong = [...wrong, { code: 'VALUE_OUTSIDE_CATEGORY', column: '(reasons)' }]
    return outcomeOf(made, wrong, reason)
  }
  const evaluate: Ask = (inputs, made = []) => {
    try {
      // What a rule returns may compute when it is read.
      return told(asRule(computation.rule, inputs), made)
    } catch (error) {
      // The message of an exception may quote the row: only the place of the first one is kept.
      thrown ??= failed(codePlaceOf(error) ?? 'what it throws has no place')
      return thrown
    }
  }
  // Of one row at a time: a list for each would be a third of what there is to collect.
  const made: Buffer[] = []
  const [name, ...others] = computation.inputs.map((input) => input.name)
  const readable: Evaluate =
    name === undefined || others.length > 0
      ? (bytes, view, starts) => evaluate(read(bytes, view, starts), made)
      : remembering(evaluate, name, fields.fields[0] ?? 0, decoders[0] ?? (() => undefined))
  return (bytes, view, starts) => {
    try {
      return readable(bytes, view, starts)
    } catch (error) {
      if (!(error instanceof UnreadableInput)) throw error
      return failed(error.message, 'RULE_INPUT_UNREADABLE')
    }
  }
}

/** Outcomes cached per rule. Long results are not cached: they cost memory and rarely repeat. */
const REMEMBERED = 4096
const LONGEST_BYTES = 1024

/** Caches a rule of one input by value: codes and bands repeat, so that it rarely runs. */
function remembering(evaluate: Ask, name: string, field: number, decode: Decoder): Evaluate {
  const known = new Map<unknown, Outcome>()
  return (bytes, view, starts) => {
    const start = starts[field] as number // sound because a row has all the fields that its rules read.
    const length = view.getInt32(start)
    const value = length < 0 ? null : decode(bytes, start + 4, length, view)
    const isShort = mayRepeat(value)
    const found = isShort ? known.get(value) : undefined
    if (found !== undefined) return found
    const outcome = evaluate({ [name]: value })
    const isKept = isShort && known.size < REMEMBERED && outcome.wrong.length === 0 && outcome.size <= LONGEST_BYTES
    if (isKept) known.set(value, outcome)
    return outcome
  }
}

/** A property of the result, or the result itself without a path. */
const pick = (result: unknown, path: string | null): unknown =>
  // sound because a missing property is undefined, which the encoder refuses.
  path === null ? result : (result as Readonly<Record<string, unknown>> | null | undefined)?.[path]

/** The reason of a row; undefined for a text outside the closed list, which is a violation. */
function reasonIn(reason: unknown, { values }: Computed<string | null>): string | null | undefined {
  if (reason === null || reason === undefined) return null
  return typeof reason === 'string' && values?.includes(reason) === true ? reason : undefined
}

function pseudonymEvaluator(
  { computation, fields }: ComputationFields,
  columns: readonly ComputedColumn[],
  key: Secret,
): Evaluate {
  const pseudonym = pseudonymsIn(computation.domain, key)
  const required = columns.filter((column) => !column.isNullable)
  const missing = outcomeOf(
    columns.map(() => NULL_FIELD),
    required.map(({ name }) => ({ code: 'VALUE_NULL', column: name })),
  )
  return (bytes, view, starts) => {
    const start = starts[fields[0] ?? 0] ?? 0
    const length = view.getInt32(start)
    if (length < 0) return missing
    const field = fieldBytes(pseudonym(bytes.subarray(start + 4, start + 4 + length)))
    return outcomeOf(columns.map(() => field))
  }
}
