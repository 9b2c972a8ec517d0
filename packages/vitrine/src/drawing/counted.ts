/**
 * Percentages with their counts. `counted` adds to a question with percentages columns for numerator and
 * denominator; the page asks that question and draws the counts. A question in SQL names such columns itself.
 */
import { own } from '../base/own.ts'
import { type Measure, measureOf, type Question } from '../publication/dashboard.ts'
import { drawnText } from './drawing-texts.ts'
import type { Reading } from './reading.ts'

const PART = 'counted '
const WHOLE = 'among '

/** Numerator and denominator of a percentage, as measures; null for other measures. */
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

/** The added columns have short names: PostgreSQL cuts names at 63 bytes. */
export function withCounts(question: Question, reading: Reading): Question {
  const { query } = question
  if (query.kind !== 'structured') return question
  const added = Object.entries(query.measures).flatMap(([name, given], at) => {
    const counts = behind(measureOf(given))
    if (counts === null) return []
    const label = own(question.columns, name)?.label ?? name
    const format = own(question.columns, name)?.format
    const part = { name: `${PART}${at}`, measure: counts[0], label: drawnText('part', reading, label) }
    const hasWhole = format?.kind === 'percent' && format.of !== undefined
    const whole = { name: `${WHOLE}${at}`, measure: counts[1], label: drawnText('whole', reading, label) }
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

/** The columns of the answer that hold the counts of a percentage. */
export function countColumns({ query, columns }: Question, name: string): readonly [part: string, whole: string] {
  const measures = query.kind === 'structured' ? query.measures : {}
  const at = Object.keys(measures).indexOf(name)
  const format = own(columns, name)?.format
  const of = format?.kind === 'percent' ? format.of : undefined
  return [`${PART}${at}`, of ?? `${WHOLE}${at}`]
}

export const isCount = (question: Question, of: string, name: string): boolean =>
  countColumns(question, of).includes(name)
