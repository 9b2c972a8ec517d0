/**
 * Translates a query of Metabase into a question of the language: the reverse of `mbql.ts`. Expects stages with names
 * in place of numbers. The caller translates the result back and compares, so this may be generous. Pure.
 */
import { own } from '../base/own.ts'
import type { By, Condition, Direction, Measure, Path, Scalar, StructuredQuery } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { type Relations, reached, relationsOf } from './askable-relations.ts'
import { listOfBy, pathOfBy } from './expressions.ts'
import { bandOf } from './from-band.ts'
import { type ClausePart, isKnownFirst, listOf, plainClause, rankIn } from './from-rank.ts'
import type { Unsaid } from './mbql.ts'
import { stop, Unsayable } from './mbql-clauses.ts'

type Named = Readonly<Record<string, unknown>>

/** The question, or as text the part that the language cannot express. */
export function structuredFrom(stages: unknown, publication: Publication): StructuredQuery | Unsaid {
  const [first, second, more] = listOf(stages).filter(
    (stage): stage is Named => typeof stage === 'object' && stage !== null,
  )
  const from = first?.['source-table']
  const relations = relationsOf(publication)
  if (first === undefined || more !== undefined || typeof from !== 'string' || own(relations, from) === undefined)
    return { reason: 'it asks something else than one published table' }
  try {
    return new Reader(relations, from, first).query(second)
  } catch (thrown) {
    if (thrown instanceof Unsayable) return { reason: thrown.message }
    throw thrown
  }
}

const optionsOf = (clause: ClausePart): Named => {
  const [, options] = clause
  return typeof options === 'object' && options !== null ? { ...options } : {}
}
const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)
const KNOWN = ['source-table', 'expressions', 'filters', 'breakout', 'aggregation', 'order-by', 'limit']

class Reader {
  readonly #relations: Relations
  readonly #from: string
  readonly #stage: Named

  constructor(relations: Relations, from: string, stage: Named) {
    this.#relations = relations
    this.#from = from
    this.#stage = stage
    const other = Object.keys(stage).find((part) => !KNOWN.includes(part))
    if (other !== undefined) stop(`the language has no ${other}`)
  }

  query(second: Named | undefined): StructuredQuery {
    const aggregations = listOf(this.#stage['aggregation']).map(listOf)
    const named = aggregations.map((clause) => [String(optionsOf(clause)['name'] ?? clause[0]), clause] as const)
    const ranks = named.filter(([, clause]) => rankIn(clause) !== null || isKnownFirst(clause))
    const smallest = second === undefined ? null : this.#smallest(second)
    const ends = second ?? this.#stage
    const shown = named.filter((each) => !ranks.includes(each))
    const groups = listOf(this.#stage['breakout']).map((clause) =>
      this.#by(
        listOf(clause),
        ranks.map(([, rank]) => rank),
      ),
    )
    const order = this.#given(listOf(ends['order-by'])).map((clause): readonly [string, Direction] => {
      const [direction, , reference] = listOf(clause)
      const name = this.#ordered(
        listOf(reference),
        named.map(([each]) => each),
      )
      const [, rank] = ranks.find(([each]) => each === name) ?? []
      const group =
        rank === undefined
          ? name
          : isKnownFirst(rank)
            ? shown.find(([, figure]) => text(plainClause(figure)) === text(plainClause(listOf(rank[2]))))?.[0]
            : groups.find(({ labels }) => labels === text(rankIn(rank)?.labels))?.name
      return [group ?? stop('its order is that of no column'), direction === 'desc' ? 'desc' : 'asc']
    })
    const helpers = smallest?.names ?? []
    const measures = shown.filter(([name]) => !helpers.includes(name) || !/^n_*$/.test(name) || shown.length === 1)
    const isPlain =
      order.length === groups.length && order.every(([name, way], i) => name === groups[i]?.name && way === 'asc')
    // Without an order, ours would follow the closed lists.
    const isListed = groups.filter(({ by }) => listOfBy(by, this.#reached(pathOfBy(by))) !== null)
    const [free] =
      order.length === 0 && isListed.length > ranks.length ? groups.filter((each) => !isListed.includes(each)) : []
    const { limit } = ends
    return {
      kind: 'structured',
      from: this.#from,
      measures: Object.fromEntries(measures.map(([name, clause]) => [name, this.#measure(clause)])),
      by: Object.fromEntries(groups.map(({ name, by }) => [name, by])),
      where: listOf(this.#stage['filters']).flatMap((clause) => this.#conditions(listOf(clause))),
      order: free !== undefined ? [[free.name, 'asc']] : isPlain ? [] : order,
      limit: typeof limit === 'number' ? limit : null,
      smallest: smallest?.least ?? null,
    }
  }

  /** The order without the groups that Metabase adds by itself. */
  #given(order: ClausePart): ClausePart {
    const groups = listOf(this.#stage['breakout'])
    const completed = (given: ClausePart): ClausePart => {
      const named = given.map((clause) => text(listOf(clause)[2]))
      return [...given, ...groups.filter((group) => !named.includes(text(group))).map((group) => ['asc', {}, group])]
    }
    const given = order.map((_, count) => order.slice(0, count)).find((part) => text(completed(part)) === text(order))
    return given ?? order
  }

  #reached = (path: Path | null) => (path === null ? undefined : reached(this.#relations, this.#from, path))

  #path(clause: ClausePart): Path {
    const [operator, , name] = clause
    const { 'source-field': via, 'temporal-unit': _, ...other } = optionsOf(clause)
    const [table, column = ''] = String(name).split('.')
    const path = via === undefined ? column : `${String(via).split('.')[1]}.${column}`
    const found = this.#reached(path)
    if (operator !== 'field' || found?.table !== table || Object.keys(other).length > 0)
      return stop('it asks for a column that is not published, or in a way that the language has not')
    return path
  }

  #conditions(clause: ClausePart): readonly Condition[] {
    const [operator, , ...parts] = clause
    const [first, ...values] = parts
    if (operator === 'and') return parts.flatMap((part) => this.#conditions(listOf(part)))
    const [distinct] = listOf(first)
    // As in our language: `!=` holds for NULL.
    if (operator === 'or' && distinct === '!=' && listOf(values[0])[0] === 'is-null')
      return this.#conditions(listOf(first))
    if (['=', '!=', '<', '<=', '>', '>=', 'is-null', 'not-null'].includes(String(operator))) {
      const path = this.#path(listOf(first))
      if (operator === 'is-null') return [[path, 'is null']]
      if (operator === 'not-null') return [[path, 'is not null']]
      const scalars: readonly Scalar[] = values.filter(isScalar)
      const [value, more] = scalars
      if (value === undefined || scalars.length < values.length)
        return stop('it compares a column with something else than values')
      // sound because the operator is one of these.
      if (more === undefined) return [[path, operator as '=', value]]
      return [[path, operator === '=' ? 'in' : 'not in', scalars]]
    }
    return stop(
      RELATIVE.includes(String(operator)) ? 'it counts from now' : `the language has no condition ${String(operator)}`,
    )
  }

  #over(clause: unknown): { readonly path: Path; readonly where?: readonly Condition[] } {
    const [operator, , cases, otherwise] = listOf(clause)
    if (operator !== 'case' || otherwise !== undefined) return { path: this.#path(listOf(clause)) }
    const [[condition, field] = [], more] = listOf(cases).map(listOf)
    if (more !== undefined) return stop('a figure of it is computed')
    return { path: this.#path(listOf(field)), where: this.#conditions(listOf(condition)) }
  }

  /** Metabase leaves unknown values out of sums, which our language must say. */
  #unknown = (path: Path): object => (this.#reached(path)?.isNullable === true ? { unknown: 'left out' } : {})

  #count(clause: unknown): readonly Condition[] {
    const [operator, , first] = listOf(clause)
    if (operator === 'coalesce') return this.#count(first)
    if (operator === 'count' && first === undefined) return []
    return operator === 'count-where' ? this.#conditions(listOf(first)) : stop('a figure of it is computed')
  }

  #measure(clause: ClausePart): Measure {
    const [operator, , first, second] = clause
    const where = (conditions: readonly Condition[] | undefined) => (conditions?.length ? { where: conditions } : {})
    if (operator === '/') return this.#divided(listOf(first), second)
    if (operator === 'count' || operator === 'count-where' || operator === 'coalesce')
      return { count: 'rows', ...where(this.#count(clause)) }
    if (operator === 'cum-count') return { cumulative: { count: 'rows' } }
    if (operator === 'round') return this.#mean(listOf(first), 0)
    if (operator === 'avg') return this.#mean(clause, 1)
    if (operator === 'cum-sum') {
      const [inner, , cases, otherwise] = listOf(first)
      const [[condition, one] = []] = listOf(cases).map(listOf)
      if (inner === 'case' && one === 1 && otherwise === 0)
        return { cumulative: { count: 'rows', where: this.#conditions(listOf(condition)) } }
      const over = this.#over(first)
      return { cumulative: { sum: over.path, ...this.#unknown(over.path), ...where(over.where) } }
    }
    if (operator !== 'sum' && operator !== 'min' && operator !== 'max' && operator !== 'distinct')
      return stop(`the language has no figure ${String(operator)}`)
    const { path, where: of } = this.#over(first)
    const figure = { [operator]: path, ...(operator === 'distinct' ? {} : this.#unknown(path)), ...where(of) }
    // sound because the operator is the name of the figure.
    return figure as unknown as Measure
  }

  #mean(clause: ClausePart, decimals: number): Measure {
    if (clause[0] !== 'avg') return stop('a figure of it is computed')
    const { path, where } = this.#over(clause[2])
    return {
      avg: path,
      ...this.#unknown(path),
      ...(decimals === 1 ? {} : { decimals }),
      ...(where === undefined ? {} : { where }),
    }
  }

  /** A percentage, or a rounded mean, in the form that `mbql.ts` writes. */
  #divided([operator, , inner]: ClausePart, scale: unknown): Measure {
    if (operator === 'round') {
      const [times, , factor, mean] = listOf(inner)
      return times === '*' && factor === scale
        ? this.#mean(listOf(mean), Math.log10(Number(scale)))
        : stop('a figure of it is computed')
    }
    const [plus, , share, half] = listOf(inner)
    const [over, , scaled, whole] = listOf(share)
    const [times, , thousand, part] = listOf(scaled)
    const isShare = [operator, plus, half, over, times, thousand, scale].join(' ') === 'floor + 0.5 / * 1000 10'
    if (!isShare) return stop('a figure of it is computed')
    if (listOf(part)[0] === 'sum') return this.#ratio([part, whole].map((sum) => this.#over(listOf(sum)[2])))
    const of = this.#count(whole)
    const both = this.#count(part).map(text)
    const percent = this.#count(part).slice(0, both.length - of.length)
    return { percent, of: of.length === 0 ? 'all rows' : of }
  }

  #ratio(sums: readonly { readonly path: Path; readonly where?: readonly Condition[] }[]): Measure {
    const ratio = sums.map(({ path }) => path) as [Path, Path] // sound because a ratio has two sums.
    return { ratio, ...(sums.every(({ where }) => where === undefined) ? {} : { unknown: 'left out' }) }
  }

  #smallest(stage: Named): { readonly least: number; readonly names: readonly string[] } | null {
    const found = listOf(stage['filters']).map((clause) => {
      const [operator, , field, least] = listOf(clause)
      return operator === '>=' && typeof least === 'number'
        ? { least, name: String(listOf(field)[2]) }
        : stop('it has a second step')
    })
    const [first] = found
    // A figure that only orders stands after a cumulative one.
    if (first === undefined) return null
    if (found.some(({ least }) => least !== first.least)) return stop('it has a second step')
    return { least: first.least, names: found.map(({ name }) => name) }
  }

  #ordered([operator, , name]: ClausePart, figures: readonly string[]): string {
    if (operator === 'aggregation' || operator === 'expression' || figures.includes(String(name))) return String(name)
    return String(name).split('.').at(-1) ?? ''
  }

  #by(
    clause: ClausePart,
    ranks: readonly ClausePart[],
  ): { readonly name: string; readonly by: By; readonly labels: string } {
    const [operator, , name] = clause
    const lists = ranks.map((rank) => ({
      of: text(listOf(listOf(listOf(listOf(rank[2])[2])[0])[0])[2]),
      labels: rankIn(rank)?.labels ?? [],
    }))
    const labels = lists.find(({ of }) => of === text(clause))?.labels ?? null
    if (operator === 'expression')
      return { name: String(name), by: this.#expression(String(name), labels), labels: text(labels) }
    const path = this.#path(clause)
    const unit = optionsOf(clause)['temporal-unit']
    const column = path.split('.').at(-1) ?? ''
    const attribute = this.#reached(path)
    if (unit !== undefined) return { name: column, by: { time: path, unit: unit as 'month' }, labels: text(labels) } // sound because check says so of others.
    const order = labels === null || text(labels) === text(attribute?.values) ? {} : { order: labels }
    const unknown = attribute?.isNullable === true ? { unknown: '–' } : {}
    const isPath = Object.keys({ ...order, ...unknown }).length === 0
    return { name: column, by: isPath ? path : { column: path, ...order, ...unknown }, labels: text(labels) }
  }

  #expression(name: string, labels: readonly string[] | null): By {
    const found = listOf(this.#stage['expressions'])
      .map(listOf)
      .find((each) => optionsOf(each)['lib/expression-name'] === name)
    const [operator, , first, second] = found ?? []
    if (operator === 'coalesce' && typeof second === 'string') {
      const path = this.#path(listOf(first))
      const order = labels?.filter((label) => label !== second) ?? []
      const values = this.#reached(path)?.values
      return { column: path, unknown: second, ...(order.length === 0 || text(order) === text(values) ? {} : { order }) }
    }
    if (operator !== 'case' || typeof second !== 'string') return stop(`the group «${name}» is computed`)
    const cases = listOf(first).map((each): readonly [string, Condition[]] => {
      const [condition, label] = listOf(each)
      return [String(label), [...this.#conditions(listOf(condition))]]
    })
    return bandOf(cases, second) ?? { cases, otherwise: second }
  }
}

const RELATIVE = ['time-interval', 'relative-time-interval', 'during']
const text = (value: unknown): string => JSON.stringify(value ?? null)
