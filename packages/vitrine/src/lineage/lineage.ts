/**
 * The lineage of one published table, proved on the text that reads it: by `check` before a run, and by a
 * run on its own text before sending it.
 */
import { VitrineError } from '../base/errors.ts'
import type { Computed } from '../publication/compute.ts'
import type { Source } from '../publication/register.ts'
import { type Moment, type Projection, projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { Findings } from './findings.ts'
import { isTreated, type KnownNames, type Lineage, type Origin, registered } from './origin.ts'
import { loadParser, type Parser, parsedQuery } from './parse.ts'
import { Resolver } from './resolver.ts'
import { treat } from './treated.ts'

/** Source columns by table. */
export type NeededColumns = ReadonlyMap<string, ReadonlySet<string>>

const LEAK_REMEDIES: Readonly<Record<Origin['privacy'], string>> = {
  open: '',
  indirect: 'Wrap it in because(…, reason), or in a treatment.',
  personal: 'Publish a treatment of it: present, year, month, band, category, count, pseudonym or masked.',
  secret: 'A secret column is never published: remove it.',
}

/** The analysis of one publication's queries against what they may name. */
export class Analysis {
  readonly #parser: Parser
  readonly #known: KnownNames
  readonly #moment: Moment | null
  /** Each treated column, with the place of the treatment. */
  readonly treated: { readonly place: string; readonly lineage: Lineage }[] = []
  #place = ''

  /** `moment` is that of the run that will send the texts; null outside a run. */
  constructor(parser: Parser, known: KnownNames, moment: Moment | null = null) {
    this.#parser = parser
    this.#known = known
    this.#moment = moment
  }

  /** The fields of a projection, each resolved on demand. Throws LineageProblem. */
  fieldsOf(projection: Projection, reads?: Map<string, Set<string>>): readonly (() => Lineage)[] {
    const hidden = Array.from({ length: projection.hiddenFields }, (_, index) => `input_${index + 1}`)
    const names = [...hidden, ...projection.passed.map(({ name }) => name)]
    const resolver = new Resolver(this.#known, projection.marks, reads, (lineage) =>
      this.treated.push({ place: this.#place, lineage }),
    )
    return resolver.outputsOf(parsedQuery(this.#parser, projection, names))
  }

  /** Adds to `found` every problem of the table's query, and the lineage of each sound column. */
  check(table: PublishedTable, found: Findings, inputTypes: readonly number[] = []): Projection | null {
    this.#place = table.name
    try {
      const projection = projectionOf(table, this.#moment, inputTypes)
      this.#checkColumns(table, projection, this.fieldsOf(projection), found)
      return projection
    } catch (error) {
      this.#blame(table, error, found)
      return null
    }
  }

  #checkColumns(
    table: PublishedTable,
    projection: Projection,
    fields: readonly (() => Lineage)[],
    found: Findings,
  ): void {
    const computedBy = ({ computation }: Computed<unknown>): Lineage => {
      const read = projection.computations.find((each) => each.computation === computation)?.fields ?? []
      const lineage = read.flatMap((field) => fields[field]?.() ?? [])
      return computation.treatment === null ? lineage : treat(lineage, computation.treatment)
    }
    for (const column of table.columns) {
      const place = `${table.name}.${column.name}`
      const { value } = column
      this.#place = place
      found.attempt(place, () => {
        const field = projection.hiddenFields + projection.passed.indexOf(column)
        const lineage = value.kind === 'computed' ? computedBy(value.computed) : (fields[field]?.() ?? [])
        for (const origin of lineage) if (!isTreated(origin)) sayLeak(place, origin, found)
        found.columns.push({ table: table.name, column: column.name, lineage: distinct(lineage) })
      })
    }
    for (const [place, rule] of rulesAboutRows(table)) {
      this.#place = place
      found.attempt(place, () => {
        for (const origin of computedBy(rule)) {
          if (origin.privacy !== 'indirect' && !isTreated(origin)) sayLeak(place, origin, found)
        }
      })
    }
  }

  /** The query was refused as a whole. Finds the culprit: the clauses around the columns, single columns, or the whole. */
  #blame(table: PublishedTable, problem: unknown, found: Findings): void {
    const before = found.problems.length
    const alone = (place: string, part: Partial<PublishedTable>) =>
      found.attempt(place, () => {
        this.fieldsOf(projectionOf({ ...table, columns: [], keep: null, unknown: null, ...part }, this.#moment))
      })
    alone(table.name, {})
    if (found.problems.length > before) return
    for (const column of table.columns) alone(`${table.name}.${column.name}`, { columns: [column] })
    for (const [place, keep] of rulesAboutRows(table)) alone(place, { keep })
    if (found.problems.length > before) return
    found.attempt(table.name, () => {
      throw problem
    })
  }
}

const rulesAboutRows = ({ name, keep, unknown }: PublishedTable): readonly (readonly [string, Computed<never>])[] =>
  (
    [
      [`${name} (rows kept)`, keep],
      [`${name} (reasons)`, unknown],
    ] as const
  ).flatMap(
    ([place, rule]) => (rule === null ? [] : [[place, rule as Computed<never>] as const]), // sound because a rule is only looked at here.
  )

function sayLeak(place: string, { privacy, table, column }: Origin, found: Findings): void {
  found.say(place, `it would publish the ${privacy} column ${table}.${column} untreated`, LEAK_REMEDIES[privacy])
}

function distinct(lineage: Lineage): readonly Origin[] {
  const origins = lineage.map(({ isColumn, isNullable, ...origin }): Origin => origin)
  return [...new Map(origins.map((origin) => [JSON.stringify(origin), origin])).values()]
}

/** The columns of the source that the queries of these tables name; none where only rows are counted. Throws LineageProblem. */
export async function neededColumns(source: Source, tables: readonly PublishedTable[]): Promise<NeededColumns> {
  const reads = new Map<string, Set<string>>()
  const analysis = new Analysis(await loadParser(), registered(source))
  for (const table of tables) for (const field of analysis.fieldsOf(projectionOf(table), reads)) field()
  return reads
}

/** The projection that a run sends, proved on its own text. Throws DEFINITION_INVALID. */
export async function provedProjection(
  known: KnownNames,
  table: PublishedTable,
  moment: Moment | null,
  inputTypes?: readonly number[],
): Promise<Projection> {
  const found = new Findings()
  const projection = new Analysis(await loadParser(), known, moment).check(table, found, inputTypes)
  if (projection !== null && found.problems.length === 0) return projection
  throw new VitrineError('DEFINITION_INVALID', { place: table.name, problems: found.problems })
}
