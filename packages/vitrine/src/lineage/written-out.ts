/**
 * Whether a tree with markers equals the tree that runs, once its markers are expanded: both are walked together, and
 * positions are ignored. Called by `parse.ts`.
 */
import type { Mark } from '../publication/treatment.ts'
import { type AnyNode, markerOf, nodeOf, PLACES } from './node-fields.ts'

/** A part of the marked tree, or of a treatment's SQL; then `parts` are the values of its parameters. */
interface Part {
  readonly tree: unknown
  readonly parts: readonly unknown[] | null
}

const isPlace = (field: string, value: unknown): boolean =>
  typeof value === 'number' && (PLACES as readonly string[]).includes(field)

export class WrittenOut {
  readonly #marks: readonly Mark[]
  readonly #templateOf: (mark: Mark) => unknown

  /** `templateOf` returns the tree of a treatment's SQL with parameters. */
  constructor(marks: readonly Mark[], templateOf: (mark: Mark) => unknown) {
    this.#marks = marks
    this.#templateOf = templateOf
  }

  isThatOf(run: unknown, marked: unknown): boolean {
    return this.#isSame({ tree: marked, parts: null }, run)
  }

  /** Replaces a marker with the treatment's SQL, and parameters with their values. */
  #meant({ tree, parts }: Part): Part {
    const { FuncCall: call, ParamRef: place }: AnyNode = typeof tree === 'object' ? nodeOf(tree) : {}
    if (parts !== null) {
      return place === undefined ? { tree, parts } : this.#meant({ tree: parts[(place.number ?? 0) - 1], parts: null })
    }
    const mark = call === undefined ? undefined : this.#marks[markerOf(call) ?? -1]
    return mark === undefined ? { tree, parts } : this.#meant({ tree: this.#templateOf(mark), parts: call?.args ?? [] })
  }

  /** Flattens nested conditions of the same kind, as the grammar does. */
  #terms({ tree, parts }: Part): readonly Part[] {
    const { boolop, args = [] } = nodeOf(tree).BoolExpr ?? {}
    const [first, ...others] = args.map((term) => this.#meant({ tree: term, parts }))
    if (first === undefined) return []
    const isSame = boolop !== 'NOT_EXPR' && nodeOf(first.tree).BoolExpr?.boolop === boolop
    return isSame ? [...this.#terms(first), ...others] : [first, ...others]
  }

  #isSame(given: Part, run: unknown): boolean {
    const { tree, parts } = this.#meant(given)
    if (typeof tree !== 'object' || tree === null) return tree === run
    if (typeof run !== 'object' || run === null || Array.isArray(tree) !== Array.isArray(run)) return false
    const { BoolExpr: condition } = nodeOf(tree)
    if (condition !== undefined) {
      const other = nodeOf(run).BoolExpr
      const terms = this.#terms({ tree, parts })
      return (
        condition.boolop === other?.boolop &&
        terms.length === other?.args?.length &&
        terms.every((term, index) => this.#isSame(term, other.args?.[index]))
      )
    }
    // sound because an object of the parser has fields, and a list has numbers for them.
    const [ours, theirs] = [tree as Readonly<Record<string, unknown>>, run as Readonly<Record<string, unknown>>]
    let fields = 0
    for (const field in ours) {
      if (isPlace(field, ours[field])) continue
      if (!Object.hasOwn(theirs, field) || !this.#isSame({ tree: ours[field], parts }, theirs[field])) return false
      fields += 1
    }
    for (const field in theirs) if (!isPlace(field, theirs[field])) fields -= 1
    return fields === 0
  }
}
