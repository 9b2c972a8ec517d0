/** Checks one question: its query, its answer, and how the answer is shown. */
import { own } from '../base/own.ts'
import { type AnswerFacts, answerOf, asksForNow, sumsOf } from '../lineage/answer-facts.ts'
import type { KnownNames } from '../lineage/origin.ts'
import { type Parser, parsedText } from '../lineage/parse.ts'
import { LineageProblem } from '../lineage/query-rules.ts'
import { Resolver } from '../lineage/resolver.ts'
import {
  type Display,
  type Filter,
  type Meaning,
  measureOf,
  type Question,
  type StructuredQuery,
} from '../publication/dashboard.ts'
import { isBlank } from '../publication/privacy.ts'
import type { Publication } from '../publication/publication.ts'
import { register } from '../publication/register.ts'
import type { PublishedTable } from '../publication/table.ts'
import { viewSql } from '../publication/view.ts'
import { sqlType } from '../sql/sql-type.ts'
import { isText, type Relations, reached } from './askable-relations.ts'
import { listBehind, TableCheck } from './check-structured.ts'
import { LONGEST_TITLE, type Say } from './dashboard-rules.ts'
import { questionSql, type WriteFilter } from './sql.ts'

/** The columns that a question reads, by table. */
export type Reads = ReadonlyMap<string, ReadonlySet<string>>

/** People cannot distinguish more parts than this in a pie. */
const MOST_SLICES = 6

const MEANINGS: ReadonlySet<Meaning> = new Set(['done', 'doing', 'todo', 'unknown'])

const DISPLAYS: ReadonlySet<Display['kind']> = new Set(
  // biome-ignore format: a list of names.
  ['number', 'trend', 'line', 'area', 'bar', 'row', 'combo', 'pie', 'progress', 'gauge', 'funnel', 'table', 'pivot'],
)

/** What the check of every question needs. */
export class QuestionCheck {
  readonly #publication: Publication
  readonly #relations: Relations
  readonly #parser: Parser
  readonly #known: KnownNames

  constructor(publication: Publication, relations: Relations, parser: Parser) {
    this.#publication = publication
    this.#relations = relations
    this.#parser = parser
    this.#known = knownOf(publication, relations)
  }

  /** Reports every problem. Returns the published columns that the question reads, including those of its filters. */
  check(question: Question, filters: readonly Filter[], say: Say): Reads {
    const { query, title, description } = question
    if (title.trim() === '' || description.trim() === '') say('untold')
    if ([...title].length > LONGEST_TITLE) say('long')
    let broken = false
    if ('from' in query) {
      const told: Say = (...problem) => {
        broken = true
        say(...problem)
      }
      new TableCheck(this.#relations, query.from, told).check(query)
    }
    const reads = new Map<string, Set<string>>()
    const answer = broken ? null : this.#answer(question, filters, reads, say)
    if (answer !== null) {
      this.#shown(question, answer.columns, say)
      if (query.kind === 'sql') this.#sql(question, answer, reads, say)
    }
    if (query.kind === 'structured' && !broken) this.#structured(query, question.display, say)
    if (query.kind === 'listing') {
      const tables = Object.values(query.columns).map((path) => reached(this.#relations, query.from, path)?.table ?? '')
      if ([query.from, ...tables].some(this.#isAboutPersons)) say('persons')
      if (query.limit === null) say('limit')
    }
    return reads
  }

  /** Reports a view that shows persons, or small groups of them, and is not named among the tables of persons. */
  checkView(view: PublishedTable, say: Say): void {
    const { persons, schema } = this.#publication
    if (this.#isAboutPersons(view.name)) return
    const reads = new Map<string, Set<string>>()
    const smallest = this.#orSay(say, () => {
      const tree = parsedText(this.#parser, viewSql(view, schema).sql)
      for (const output of new Resolver(this.#known, [], reads).outputsOf(tree)) output()
      return answerOf(tree, new Set()).smallest
    })
    const isSmall = (smallest ?? 0) < persons.smallest
    if (isSmall && [...reads.keys()].some(this.#isAboutPersons))
      say('persons in a view', [view.name, String(persons.smallest)])
  }

  /** What the work on a query gives; null, with a problem reported, when the query is refused. */
  #orSay<Result>(say: Say, work: () => Result): Result | null {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof LineageProblem)) throw error
      say('sql', [error.message], error.remedy)
      return null
    }
  }

  /** What the parse tree tells of the answer; null, with a problem reported, when the query is refused. */
  #answer(
    { query }: Question,
    filters: readonly Filter[],
    reads: Map<string, Set<string>>,
    say: Say,
  ): AnswerFacts | null {
    if (query.kind === 'freshness') {
      const { name, columns } = this.#publication.freshness
      reads.set(name, new Set([columns.dataOf]))
      return { columns: [query.column], nullable: [], isOrdered: true, rows: 1, smallest: Infinity }
    }
    const writeFilter: WriteFilter = ({ filter, table, column }, expression) => {
      if (reached(this.#relations, table, column) === undefined) say('filter column', [filter, column, table])
      return `${expression} is not null`
    }
    let sql: string
    try {
      sql = questionSql(query, { publication: this.#publication, filters, writeFilter })
    } catch {
      say('text')
      return null
    }
    return this.#orSay(say, () => {
      const tree = parsedText(this.#parser, sql)
      // Lineage would report it again, by the function's name.
      if (asksForNow(tree)) say('clock')
      else for (const output of new Resolver(this.#known, [], reads).outputsOf(tree)) output()
      const nullable = this.#nullable(reads)
      if (query.kind === 'sql') for (const name of sumsOf(tree, nullable)) say('unknown', [name])
      return answerOf(tree, nullable)
    })
  }

  /** Names of columns that may be NULL in a table that is read. */
  #nullable(reads: Reads): ReadonlySet<string> {
    const columns = [...reads.keys()].flatMap((table) => Object.entries(own(this.#relations, table)?.columns ?? {}))
    return new Set(columns.flatMap(([name, { isNullable }]) => (isNullable ? [name] : [])))
  }

  #isAboutPersons = (table: string): boolean => this.#publication.persons.tables.includes(table)

  #shown({ display, columns, query }: Question, answer: readonly string[], say: Say): void {
    const isKnown = DISPLAYS.has(display.kind)
    if (!isKnown) say('display', [String(display.kind)])
    for (const name of isKnown ? namesIn(display) : []) if (!answer.includes(name)) say('shown', [name])
    for (const [name, { format, means = {}, names = {} }] of Object.entries(columns)) {
      const words = typeof means === 'string' ? [means] : Object.values(means)
      for (const word of words) if (!MEANINGS.has(word)) say('means', [String(word), name])
      for (const [value, called] of Object.entries(names)) if (isBlank(called)) say('called', [value, name])
      if (!answer.includes(name)) say('labelled', [name])
      const of = format?.kind === 'percent' ? format.of : ''
      if (query.kind === 'sql' && (of === undefined || (of !== '' && !answer.includes(of)))) say('denominator', [name])
    }
    if (display.kind === 'pivot' && query.kind !== 'structured') say('pivot')
  }

  /** Checks of a question in SQL, from its text only. */
  #sql({ display }: Question, answer: AnswerFacts, reads: Reads, say: Say): void {
    const groups = groupsIn(display)
    for (const name of groups) if (answer.nullable.includes(name)) say('unlabelled', [name])
    if (groups.length > 0 && !answer.isOrdered) say('bands', [groups[0] ?? ''])
    if (display.kind === 'table' && answer.rows === null) say('limit')
    if (display.kind === 'pie' && (answer.rows ?? MOST_SLICES + 1) > MOST_SLICES) say('slices')
    if (![...reads.keys()].some(this.#isAboutPersons)) return
    const least = this.#publication.persons.smallest
    if (answer.smallest === null) say('persons')
    else if (answer.smallest < least) say('smallest', [String(least)])
  }

  #structured(query: StructuredQuery, display: Display, say: Say): void {
    const { by, where, order, limit, smallest, from } = query
    const isTime = (name: string) => typeof by[name] === 'object' && 'time' in by[name]
    for (const name of groupsIn(display)) {
      const given = own(by, name)
      if (given === undefined) continue
      const path = typeof given === 'string' ? given : 'column' in given ? given.column : null
      const column = path === null ? undefined : reached(this.#relations, from, path)
      // Ordered by a measure, or on purpose by the column itself: versions, for example, are in alphabetical order.
      const isOrdered = order.some(([each]) => each === name || own(by, each) === undefined)
      const isFree = column !== undefined && isText(column) && listBehind(this.#relations, query, name) === null
      if (isFree && !isOrdered && display.kind !== 'pie') say('bands', [name])
      const curve = ['line', 'area', 'combo', 'trend'].includes(display.kind)
      if (curve && typeof given === 'object' && 'time' in given && given.unit !== 'day') {
        const isComplete = where.some(
          ([each, operator, unit]) => operator === 'complete' && each === given.time && unit === given.unit,
        )
        if (!isComplete) say('progress', [name])
      }
    }
    if (display.kind === 'trend' && !isTime(display.time)) say('trend')
    if (display.kind === 'table' && limit === null && Object.keys(by).length > 0) say('limit')
    if (display.kind === 'pie') {
      const parts = Math.min(limit ?? Infinity, listBehind(this.#relations, query, display.label)?.length ?? Infinity)
      if (parts > MOST_SLICES) say('slices')
    }
    const { smallest: least } = this.#publication.persons
    // Grouped by time only, a small count identifies nobody; a percentage of few rows may.
    const tells = Object.keys(by).some((name) => !isTime(name)) || Object.values(query.measures).some(isRate)
    const isOpen = Object.keys(by).length > 0 && tells && (smallest ?? 0) < least
    if (this.#isAboutPersons(from) && isOpen) say('smallest', [String(least)])
  }
}

const isRate = (given: StructuredQuery['measures'][string]): boolean =>
  ['percent', 'ratio', 'avg', 'median'].some((name) => name in measureOf(given))

/** The columns whose values are groups in a display. */
function groupsIn(display: Display): readonly string[] {
  if ('x' in display) return display.series === undefined ? [display.x] : [display.x, display.series]
  if (display.kind === 'pie') return [display.label]
  return display.kind === 'trend' ? [display.time] : []
}

/** Every column that a display names. */
function namesIn(display: Display): readonly string[] {
  const { kind, goal, titles, stack, segments, ...names } = { goal: 0, titles: 0, stack: 0, segments: 0, ...display }
  return Object.values(names)
    .flat()
    .filter((name) => typeof name === 'string')
}

/** The published relations as a register for lineage, with everything open. */
const knownOf = (publication: Publication, relations: Relations): KnownNames => ({
  source: register(
    publication.schema,
    Object.fromEntries(
      Object.entries(relations).map(([name, { columns }]) => [
        name,
        Object.fromEntries(
          Object.entries(columns).map(([column, { kind, isNullable }]) => [
            column,
            { type: sqlType(kind), isNullable, privacy: 'open' as const },
          ]),
        ),
      ]),
    ),
  ),
  isQualified: true,
  where: 'among the published tables',
  tableRemedy: 'Publish that table, or correct its name.',
  columnRemedy: 'Publish that column, or correct its name.',
})
