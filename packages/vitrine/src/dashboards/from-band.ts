/** Recognises cases of a live question that are bands. Called by `from-mbql.ts`. */
import type { By, Condition } from '../publication/dashboard.ts'

/** Expects the bands from the highest to the lowest, after the case of unknown values. */
export function bandOf(cases: readonly (readonly [string, readonly Condition[]])[], lowest: string): By | null {
  const band = cases[0]?.[1][0]?.[0]
  const single = cases.map(([label, [condition, more]]) =>
    more === undefined && condition?.[0] === band ? ([label, condition] as const) : null,
  )
  if (band === undefined || single.includes(null)) return null
  const steps = single.flatMap((each) => (each?.[1]?.[1] === '>=' ? [[Number(each[1][2]), each[0]] as const] : []))
  const [unknown] = single.flatMap((each) => (each?.[1]?.[1] === 'is null' ? [each[0]] : []))
  const isAll = steps.length + (unknown === undefined ? 0 : 1) === cases.length && steps.length > 0
  const least = Math.min(0, ...steps.map(([each]) => each - 1))
  return isAll
    ? { band, at: [[least, lowest], ...steps.toReversed()], ...(unknown === undefined ? {} : { unknown }) }
    : null
}
