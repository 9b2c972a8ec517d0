/** Completes a question that people made so that `check` accepts it: a limit, names for unknown groups, no small groups of persons. */
import type { Question, StructuredQuery } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { isText, reached, relationsOf } from './askable-relations.ts'
import { listBehind } from './check-structured.ts'

/** The limit that is added. */
const MOST_ROWS = 1_000

export function soundQuestion(question: Question, publication: Publication): Question {
  const { query, display } = question
  return query.kind === 'structured' ? { ...question, query: sound(query, display, publication) } : question
}

function sound(query: StructuredQuery, display: Question['display'], publication: Publication): StructuredQuery {
  const relations = relationsOf(publication)
  const { persons } = publication
  const groups = Object.entries(query.by)
  const timed = groups.flatMap(([, by]) => (typeof by === 'object' && 'time' in by ? [by] : []))
  const isCurve = ['line', 'area', 'combo', 'trend'].includes(display.kind)
  const progress = isCurve ? timed.filter(({ unit }) => unit !== 'day') : []
  const complete = progress
    .filter(
      ({ time, unit }) => !query.where.some(([path, word, of]) => path === time && word === 'complete' && of === unit),
    )
    .map(({ time, unit }) => [time, 'complete', unit] as const)
  const isFree = groups.some(([name, by]) => {
    const path = typeof by === 'string' ? by : 'column' in by ? by.column : null
    const column = path === null ? undefined : reached(relations, query.from, path)
    return column !== undefined && isText(column) && listBehind(relations, query, name) === null
  })
  const [figure = ''] = Object.keys(query.measures)
  const isOrdered = query.order.some(([name]) => name in query.measures)
  const isOpen = persons.tables.includes(query.from) && groups.length > 0 && (query.smallest ?? 0) < persons.smallest
  const changes = {
    ...(complete.length === 0 ? {} : { where: [...query.where, ...complete] }),
    ...('x' in display && isFree && !isOrdered ? { order: [[figure, 'desc'] as const] } : {}),
    ...(display.kind === 'table' && groups.length > 0 && query.limit === null ? { limit: MOST_ROWS } : {}),
    ...(isOpen ? { smallest: persons.smallest } : {}),
  }
  return Object.keys(changes).length === 0 ? query : { ...query, ...changes }
}
