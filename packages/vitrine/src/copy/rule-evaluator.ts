/**
 * Runs a rule on the bytes of its inputs and gives the bytes of its columns. What is wrong with a value is told by code and
 * column, never quoted.
 */
import { createHmac } from 'node:crypto'
import type { Secret } from '../base/secret.ts'
import type { Computed } from '../publication/compute.ts'
import { type ComputationFields, columnsOf, type Projection } from '../publication/select-text.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { type Decoder, decoderFor } from './binary-decode.ts'
import { type FieldEncoder, type Fields, fieldEncoder, fieldOf, NULL_FIELD } from './field-encoder.ts'
import { remembering } from './rule-memory.ts'
import { type Evaluate, NOTHING_WRONG, Outcome } from './rule-outcome.ts'

const DROPPED: Outcome = new Outcome([], false, null, NOTHING_WRONG)

type InputReader = (bytes: Buffer, view: DataView, starts: Int32Array) => Record<string, unknown>

/** Builds the reader of a rule's inputs as one function with constant property names, which V8 keeps in one shape. */
function inputReader({ computation, fields }: ComputationFields, decoders: readonly Decoder[]): InputReader {
  const lines = fields.map(
    (field, index) => `at = starts[${field}]; length = view.getInt32(at);
      const v${index} = length < 0 ? null : d${index}(b, at + 4, length, view);`,
  )
  const object = computation.inputs.map(({ name }, index) => `${JSON.stringify(name)}: v${index}`).join(', ')
  const parameters = decoders.map((_, index) => `d${index}`)
  const body = `return (b, view, starts) => { let at = 0; let length = 0; ${lines.join('\n')} return { ${object} } }`
  // sound because the text is made of constants and of property names written as JSON; nothing else enters it.
  return new Function(...parameters, body)(...decoders) as InputReader
}

/** A pseudonym: the first 16 bytes of HMAC-SHA-256 over the field's bytes, marked as a version 8 UUID (RFC 9562). */
function pseudonymField(key: Secret, bytes: Buffer, start: number): Fields {
  const length = bytes.readInt32BE(start)
  if (length < 0) return NULL_FIELD
  const digest = createHmac('sha256', key.reveal())
    .update(bytes.subarray(start + 4, start + 4 + length))
    .digest()
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  return fieldOf(digest.subarray(0, 16))
}

function evaluator(
  fields: ComputationFields,
  types: readonly number[],
  table: PublishedTable,
  key: Secret | null,
): Evaluate {
  const { computation } = fields
  const columns = columnsOf(table, computation)
  if (computation.kind === 'pseudonym') {
    // sound because the run refuses to start without a key when a pseudonym is published.
    return (bytes, _view, starts) =>
      pseudonymOutcome(pseudonymField(key as Secret, bytes, starts[fields.fields[0] ?? 0] ?? 0), columns)
  }
  const decoders = fields.fields.map((field) => decoderFor(types[field] ?? 0) ?? (() => undefined))
  const read = inputReader(fields, decoders)
  const encoders = columns.map((column) => {
    const { values, range } = column.value.computed
    return fieldEncoder(column, { closed: values === null ? null : new Set(values), range })
  })
  const keep = table.keep?.computation === computation ? table.keep : null
  const unknown = table.unknown?.computation === computation ? table.unknown : null
  const pick = resultReader([
    ...columns.map(({ value }) => value.computed.path),
    ...(keep === null ? [] : [keep.path]),
    ...(unknown === null ? [] : [unknown.path]),
  ])
  const reasonAt = columns.length + (keep === null ? 0 : 1)
  const picked: unknown[] = new Array(reasonAt + 1).fill(null)
  const failed = new Outcome([], true, null, [{ code: 'RULE_FAILED', column: columns[0]?.name ?? '(rows kept)' }])
  // One for all rows: an outcome a row would be most of what the collector has to do.
  const outcome = new Outcome(
    columns.map(() => NULL_FIELD),
    true,
    null,
    NOTHING_WRONG,
  )
  return (bytes, view, starts) => {
    try {
      pick(computation.rule(read(bytes, view, starts)), picked)
    } catch {
      // The rule's own message may quote the row: only the fact is kept.
      return failed
    }
    if (keep !== null && picked[columns.length] !== true) return DROPPED
    let wrong = NOTHING_WRONG
    let size = 0
    for (let index = 0; index < encoders.length; index++) {
      const field = (encoders[index] as FieldEncoder)(picked[index]) // sound because the index is inside.
      if (typeof field === 'string') wrong = [...wrong, { code: field, column: columns[index]?.name ?? '' }]
      else {
        outcome.fields[index] = field
        size += field.size
      }
    }
    const reason = unknown === null ? null : reasonIn(picked[reasonAt], unknown)
    if (reason === undefined) wrong = [...wrong, { code: 'VALUE_OUTSIDE_CATEGORY', column: '(reasons)' }]
    outcome.size = size
    outcome.unknown = reason ?? null
    outcome.wrong = wrong
    return outcome
  }
}

type ResultReader = (result: unknown, into: unknown[]) => void

/**
 * Builds the reader of what a rule returns: each property in its place, or the result itself where there is no path. One
 * function with constant names, because a name that varies would be looked up anew for each row.
 */
function resultReader(paths: readonly (string | null)[]): ResultReader {
  const lines = paths.map(
    (path, index) => `into[${index}] = ${path === null ? 'result' : `result?.[${JSON.stringify(path)}]`};`,
  )
  // sound because names, written as JSON, are all that enters the text; a missing object gives undefined.
  return new Function('result', 'into', lines.join('\n')) as ResultReader
}

/** The reason that a row gives, or undefined for one outside its closed list: a violation, since it could be anything. */
function reasonIn(reason: unknown, { values }: Computed<string | null>): string | null | undefined {
  if (reason === null || reason === undefined) return null
  return typeof reason === 'string' && values?.includes(reason) === true ? reason : undefined
}

function pseudonymOutcome(field: Fields, columns: readonly PublishedColumn[]): Outcome {
  const wrong =
    field === NULL_FIELD
      ? columns
          .filter((column) => !column.isNullable)
          .map(({ name }) => ({ code: 'VALUE_NULL' as const, column: name }))
      : NOTHING_WRONG
  return new Outcome(
    columns.map(() => field),
    true,
    null,
    wrong,
  )
}

/** The evaluation of one computation of a table, whose projection knows the types of its inputs. */
export function evaluatorOf(
  fields: ComputationFields,
  { inputTypes }: Projection,
  table: PublishedTable,
  key: Secret | null,
): Evaluate {
  const evaluate = evaluator(fields, inputTypes, table, key)
  return fields.computation.kind === 'rule' ? remembering(evaluate, fields.fields) : evaluate
}
