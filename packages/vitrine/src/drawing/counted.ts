/**
 * Percentages with their counts. `counted` adds, to a question that says its percentages, a column for what stands above and for
 * what stands below the line: the page asks that question, and draws its answer with it. A question in SQL names its own.
 */
import { own } from '../base/own.ts'
import { type Measure, measureOf, type Question } from '../publication/dashboard.ts'
import type { Reading } from './reading.ts'
import { text } from './texts.ts'

const PART = 'counted '
const WHOLE = 'among '

/** The counts of a measure, as measures; none where it is no percentage. */
function behind(measure: Measure): readonly [part: Measure, whole: Measure] | null {
  if ('percent' in measure) {
    const of = measure.of === 'all rows' ? [] : measure.of
    return [
      { count: 'rows', where: [...measure.percent, ...of] },
      { count: 'rows', where: of },
    ]
  }
  if (!('ratio' in measure)) return null
  const [part, whole] = measure.ratio
  if (measure.unknown === undefined) return [{ sum: part }, { sum: whole }]
  const sum = (of: string, other: string): Measure => ({
    sum: of,
    unknown: measure.unknown ?? 'left out',
    where: [[other, 'is not null']],
  })
  return [sum(part, whole), sum(whole, part)]
}

/** The names of the columns are short: PostgreSQL cuts those of more than 63 bytes. */
export function counted(question: Question, reading: Reading): Question {
  const { query } = question
  if (query.kind !== 'structured') return question
  const added = Object.entries(query.measures).flatMap(([name, given], at) => {
    const counts = behind(measureOf(given))
    if (counts === null) return []
    const label = own(question.columns, name)?.label ?? name
    const format = own(question.columns, name)?.format
    const part = { name: `${PART}${at}`, measure: counts[0], label: text('part', reading, label) }
    const hasWhole = format?.kind === 'percent' && format.of !== undefined
    const whole = { name: `${WHOLE}${at}`, measure: counts[1], label: text('whole', reading, label) }
    return hasWhole ? [part] : [part, whole]
  })
  if (added.length === 0) return question
  return {
    ...question,
    query: {
      ...query,
      measures: { ...query.measures, ...Object.fromEntries(added.map(({ name, measure }) => [name, measure])) },
    },
    columns: {
      ...question.columns,
      ...Object.fromEntries(added.map(({ name, label }) => [name, { label, format: { kind: 'number' } as const }])),
    },
  }
}

/** Where the counts of a percentage stand in the answer. */
export function countColumns({ query, columns }: Question, name: string): readonly [part: string, whole: string] {
  const measures = query.kind === 'structured' ? query.measures : {}
  const at = Object.keys(measures).indexOf(name)
  const format = own(columns, name)?.format
  const of = format?.kind === 'percent' ? format.of : undefined
  return [`${PART}${at}`, of ?? `${WHOLE}${at}`]
}

export const isCount = (question: Question, of: string, name: string): boolean =>
  countColumns(question, of).includes(name)
