/**
 * The check of dashboards: every mistake at once, each with its place and its remedy, without a connection. It also returns the
 * published columns that each question reads.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { own } from '../base/own.ts'
import { loadParser } from '../lineage/parse.ts'
import {
  type Collection,
  type Dashboard,
  type Filter,
  type Question,
  questionsOf,
  type Tile,
} from '../publication/dashboard.ts'
import { type Publication, withDashboards } from '../publication/publication.ts'
import { type Relations, reached, relationsOf } from './askable-relations.ts'
import { QuestionCheck, type Reads } from './check-question.ts'
import { DASHBOARD_RULES, type DashboardRule, LONGEST_TITLE, type Say } from './dashboard-rules.ts'
import { questionSql } from './sql.ts'
import { isOnGrid, laidOut, overlap } from './tile-layout.ts'

export interface CheckedDashboards {
  readonly problems: readonly Problem[]
  /** By the key of the question. */
  readonly reads: ReadonlyMap<string, Reads>
}

/** All problems of a publication's dashboards. */
export async function checkDashboards(publication: Publication): Promise<CheckedDashboards> {
  const problems: Problem[] = []
  const at =
    (place: string): Say =>
    (name: DashboardRule, words = [], remedy = DASHBOARD_RULES[name].remedy) => {
      const { says }: { says(...words: readonly string[]): string } = DASHBOARD_RULES[name]
      problems.push({ place, detail: says(...words), remedy })
    }
  const { dashboards, persons, views } = publication
  const reads = new Map<string, Reads>()
  if (dashboards.length === 0 && persons.tables.length === 0) return { problems, reads }
  const relations = relationsOf(publication)
  for (const name of persons.tables) if (own(relations, name) === undefined) at('persons')('table', [name])
  const questions = questionsOf(dashboards)
  const check = new QuestionCheck(publication, relations, await loadParser())
  for (const view of views) check.checkView(view, at('persons'))
  const boards = dashboards.map((dashboard) => ({
    questions: new Set(questionsOf([dashboard])),
    filters: dashboard.filters.filter((filter) => isMapped(filter, relations)),
  }))
  for (const question of questions) {
    const filters = boards.flatMap((board) => (board.questions.has(question) ? board.filters : []))
    reads.set(question.key, check.check(question, filters, at(`question ${question.key}`)))
  }
  checkKeys('question', questions, at)
  checkKeys('dashboard', dashboards, at)
  checkKeys('collection', everyCollection(dashboards), at)
  for (const dashboard of dashboards)
    checkDashboard(dashboard, relations, publication, at(`dashboard ${dashboard.key}`))
  return { problems, reads }
}

/** Throws DEFINITION_INVALID with every problem of the dashboards. */
export async function requireSoundDashboards(publication: Publication): Promise<void> {
  const { problems } = await checkDashboards(publication)
  if (problems.length > 0) throw new VitrineError('DEFINITION_INVALID', { place: publication.name, problems })
}

/** The publication, without its dashboards if they have problems, for callers that must go on. */
export async function withSoundDashboards(publication: Publication) {
  const { problems } = await checkDashboards(publication)
  return { problems, publication: problems.length === 0 ? publication : withDashboards(publication, []) }
}

/** Whether every column that a filter names is published. */
const isMapped = ({ on }: Filter, relations: Relations): boolean =>
  Object.entries(on).every(([table, path]) => reached(relations, table, path) !== undefined)

/** The collections of dashboards and those around them, each once. */
export function everyCollection(dashboards: readonly Dashboard[]): readonly Collection[] {
  const found = new Set<Collection>()
  for (const { collection } of dashboards) {
    for (let each: Collection | undefined = collection; each !== undefined; each = each.parent) found.add(each)
  }
  return [...found]
}

interface Keyed {
  readonly key: string
  readonly previousKeys?: readonly string[]
}

function checkKeys(what: string, list: readonly Keyed[], at: (place: string) => Say): void {
  const keys = list.flatMap(({ key, previousKeys = [] }) => [key, ...previousKeys])
  for (const [index, key] of keys.entries()) {
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(key)) at(`${what} ${key}`)('key', [key])
    if (keys.indexOf(key) < index) at(`${what} ${key}`)('twice', [key])
  }
}

function checkDashboard(dashboard: Dashboard, relations: Relations, publication: Publication, say: Say): void {
  if ([dashboard.title, dashboard.description].some((text) => text.trim() === '')) say('untold')
  if ([...dashboard.title].length > LONGEST_TITLE) say('long')
  for (const tab of dashboard.tabs) {
    const placed = laidOut(tab)
    if (placed.length === 0) say('empty', [tab.name])
    for (const [index, { tile, place }] of placed.entries()) {
      if (!isOnGrid(place)) say('overflow', [nameOf(tile)])
      for (const other of placed.slice(0, index)) {
        if (overlap(place, other.place)) say('overlap', [nameOf(tile), nameOf(other.tile)])
      }
    }
  }
  const tiles = dashboard.tabs.flatMap(({ rows }) => rows.flat())
  const asked = tiles.flatMap((tile) => ('question' in tile ? [tile] : []))
  for (const { question } of asked) {
    if (dashboard.audience === 'public' && question.audience !== 'public') say('public', [question.key])
  }
  for (const filter of dashboard.filters) checkFilter(filter, dashboard, relations, say)
  const changed = new Set<string>()
  for (const { question, without = [] } of asked) {
    const used = filtersOf(question, dashboard.filters, publication)
    for (const key of used) {
      changed.add(key)
      if (!dashboard.filters.some((filter) => filter.key === key)) say('no filter', [key, question.key])
    }
    if (question.query.kind === 'freshness') continue
    for (const { key } of dashboard.filters) {
      if (!used.has(key) && !without.includes(key)) say('unmapped', [key, question.key])
    }
  }
  for (const { key } of dashboard.filters) if (!changed.has(key)) say('useless', [key])
}

/** The filters that change a question. */
function filtersOf({ query }: Question, filters: readonly Filter[], publication: Publication): ReadonlySet<string> {
  if ('from' in query)
    return new Set(filters.flatMap(({ key, on }) => (own(on, query.from) === undefined ? [] : [key])))
  const found = new Set<string>()
  const writeFilter = ({ filter }: { readonly filter: string }) => {
    found.add(filter)
    return 'true'
  }
  try {
    questionSql(query, { publication, writeFilter })
  } catch {
    // The check of the question reports that its text cannot be written.
  }
  return found
}

function checkFilter(
  { key, on, options, default: given, linkedTo = [] }: Filter,
  { filters }: Dashboard,
  relations: Relations,
  say: Say,
) {
  for (const [table, path] of Object.entries(on)) {
    if (reached(relations, table, path) === undefined) say('filter column', [key, path, table])
  }
  const values = given === undefined ? [] : [given].flat()
  if (options !== undefined && values.some((value) => !options.includes(String(value)))) say('option', [key])
  for (const other of linkedTo) if (!filters.some((filter) => filter.key === other)) say('linked', [key, other])
}

function nameOf(tile: Tile): string {
  if ('question' in tile) return `the question «${tile.question.key}»`
  return 'heading' in tile ? `the heading «${tile.heading}»` : 'text' in tile ? 'a text' : 'the freshness'
}
