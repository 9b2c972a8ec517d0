/** Checks a structured question, a listing or a funnel: its columns, its values, and unknown values that it would hide. */
import { own } from '../base/own.ts'
import {
  type By,
  type Condition,
  type FunnelQuery,
  type ListingQuery,
  type Measure,
  measureOf,
  type Path,
  type StructuredQuery,
  type Unknowns,
} from '../publication/dashboard.ts'
import { isNumber, isTime, type Reached, type Relations, reached } from './askable-relations.ts'
import type { Say } from './dashboard-rules.ts'
import { listOfBy, pathOfBy } from './expressions.ts'

/** The questions about one table. */
export type TableQuery = StructuredQuery | ListingQuery | FunnelQuery

/** The kinds of values that each operator accepts. */
const OPERATORS: Readonly<Record<string, 'any' | 'time' | 'number or time'>> = {
  ...{ '=': 'any', '!=': 'any', in: 'any', 'not in': 'any', 'is null': 'any', 'is not null': 'any' },
  ...{ '<': 'number or time', '<=': 'number or time', '>': 'number or time', '>=': 'number or time' },
  ...{ within: 'time', before: 'time', complete: 'time' },
}

/** Conditions that hold for NULL. */
const KEEPS_NULL: ReadonlySet<string> = new Set(['is null', '!=', 'not in'])

export class TableCheck {
  readonly #relations: Relations
  readonly #from: string
  readonly #say: Say

  constructor(relations: Relations, from: string, say: Say) {
    this.#relations = relations
    this.#from = from
    this.#say = say
  }

  check(query: TableQuery): void {
    if (own(this.#relations, this.#from) === undefined) this.#say('table', [this.#from])
    else if (query.kind === 'funnel') for (const [, conditions] of query.steps) this.#conditions(conditions)
    else {
      this.#conditions(query.where)
      if (query.kind === 'structured') this.#structured(query)
      else for (const path of Object.values(query.columns)) this.#column(path)
      const names = query.kind === 'structured' ? { ...query.by, ...query.measures } : query.columns
      for (const [name] of query.order) if (own<unknown>(names, name) === undefined) this.#say('order', [name])
    }
  }

  #structured({ measures, by, where, smallest }: StructuredQuery): void {
    if (Object.keys(measures).length === 0) this.#say('measures')
    for (const [name, given] of Object.entries(measures)) {
      if ('measure' in given) {
        if (given.from !== this.#from) this.#say('other', [given.title, given.from])
        if ([given.title, given.definition, given.unit].some((text) => text.trim() === '')) this.#say('meaning', [name])
      }
      this.#measure(name, measureOf(given))
    }
    for (const [name, each] of Object.entries(by)) {
      this.#by(name, each, where)
      if (own(measures, name) !== undefined) this.#say('twice', [name])
    }
    const [first, more] = Object.values(by)
    const follows = typeof first === 'object' && 'time' in first && more === undefined && smallest === null
    const isCumulative = Object.values(measures).some((given) => 'cumulative' in measureOf(given))
    if (isCumulative && !follows) this.#say('cumulative')
  }

  /** Undefined, with a problem reported, when there is no such column. */
  #column(path: Path): Reached | undefined {
    const found = reached(this.#relations, this.#from, path)
    if (found === undefined) this.#say('column', [path, this.#from])
    return found
  }

  #ofKind(path: Path, kind: 'number' | 'time' | 'number or time'): Reached | undefined {
    const column = this.#column(path)
    const fits = column === undefined || (kind !== 'time' && isNumber(column)) || (kind !== 'number' && isTime(column))
    if (!fits) this.#say('kind', [path, kind])
    return column
  }

  #conditions(conditions: readonly Condition[] = []): void {
    for (const [path, operator, value] of conditions) {
      const kind = OPERATORS[operator]
      if (kind === undefined) this.#say('operator', [operator])
      const column = kind === undefined || kind === 'any' ? this.#column(path) : this.#ofKind(path, kind)
      const given = typeof value === 'object' && 'map' in value ? value : [value]
      const texts = given.filter((each) => typeof each === 'string')
      if (column?.values != null && texts.some((each) => !column.values?.includes(each))) this.#say('value', [path])
      const isMoment = column !== undefined && isTime(column) && operator !== 'complete'
      if (isMoment && texts.some((each) => !/^\d{4}-\d{2}-\d{2}(?:$|[ T])/.test(each))) this.#say('moment', [path])
    }
  }

  #measure(name: string, measure: Measure): void {
    if ('cumulative' in measure) this.#measure(name, measure.cumulative)
    else if ('percent' in measure) {
      // In JavaScript, the denominator may be missing.
      const of: unknown = measure.of
      if (of === undefined) this.#say('denominator', [name])
      for (const conditions of [measure.percent, measure.of])
        if (typeof conditions === 'object') this.#conditions(conditions)
    } else {
      const { where, unknown, decimals, ...figures } = { where: [], unknown: undefined, decimals: 1, ...measure }
      this.#conditions(where)
      for (const [figure, given] of Object.entries(figures)) this.#figure(name, figure, [given].flat(), unknown)
    }
  }

  #figure(name: string, figure: string, paths: readonly string[], unknown: Unknowns | undefined): void {
    if (figure === 'count') return
    for (const path of paths) {
      const isExtreme = figure === 'min' || figure === 'max'
      const isCounted = figure === 'distinct'
      const column = isCounted ? this.#column(path) : this.#ofKind(path, isExtreme ? 'number or time' : 'number')
      if (column?.isNullable === true && unknown === undefined && !isCounted) this.#say('unknown', [name])
    }
  }

  #by(name: string, by: By, where: readonly Condition[]): void {
    const path = pathOfBy(by)
    if (typeof by === 'object' && 'cases' in by) for (const [, conditions] of by.cases) this.#conditions(conditions)
    if (path === null) return
    const isTimed = typeof by === 'object' && ('time' in by || 'age' in by)
    const isBand = typeof by === 'object' && 'band' in by
    const column = isBand ? this.#ofKind(path, 'number') : isTimed ? this.#ofKind(path, 'time') : this.#column(path)
    const isNamed = typeof by === 'object' && 'unknown' in by && by.unknown !== undefined
    const lowest = typeof by === 'object' && 'at' in by ? by.at.map(([each]) => each) : [0]
    if (lowest.length === 0 || lowest.some((each, index) => !(each > (lowest[index - 1] ?? -Infinity))))
      this.#say('steps', [name])
    const isThere = where.some(([given, operator]) => given === path && !KEEPS_NULL.has(operator))
    if (column?.isNullable === true && !isNamed && !isThere) this.#say('unlabelled', [name])
  }
}

/** The closed list behind a column of the answer; null where there is none. */
export function listBehind(
  relations: Relations,
  { from, by }: StructuredQuery,
  name: string,
): readonly string[] | null {
  const given = own(by, name)
  const path = given === undefined ? null : pathOfBy(given)
  return given === undefined ? null : listOfBy(given, path === null ? undefined : reached(relations, from, path))
}
