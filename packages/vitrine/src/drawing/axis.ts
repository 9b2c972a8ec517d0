/** Labels of axes: names if they fit, months by name, round figures; and estimated widths of texts. */
import { made } from '../dashboards/value-format.ts'
import type { Format, TimeUnit } from '../publication/dashboard.ts'
import { typeset } from './html.ts'
import { localeOf } from './reading.ts'
import type { ChartData } from './series.ts'
import type { Sheet } from './sheet.ts'
import { tick } from './value.ts'

export const TEXT = 12

/** Estimated width in pixels, rather too large: texts cannot be measured on the server. */
export const widthOf = (text: string): number =>
  [...text].reduce(
    (sum, sign) => sum + (/[ilI.,:;'’|!\u202f\u00a0 ]/.test(sign) ? 3.6 : /[MWmw@%ÉÀ—]/.test(sign) ? 10 : 6.9),
    0,
  )

/** The text in at most two lines of that width; null when it does not fit. */
export function wrapped(name: string, width: number): string | null {
  const text = typeset(name)
  if (widthOf(text) <= width) return text
  const words = text.split(' ')
  for (let at = words.length - 1; at > 0; at--) {
    const [first, second] = [words.slice(0, at).join(' '), words.slice(at).join(' ')]
    if (widthOf(first) <= width && widthOf(second) <= width) return `${first}\n${second}`
  }
  return null
}

/** The scale of an axis that holds zero: at most five ticks, on round figures. */
export function scaleOf(values: readonly (number | null)[]): {
  readonly min: number
  readonly max: number
  readonly step: number
} {
  const known = values.filter((value) => value !== null)
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)]
  const rough = (high - low) / 4 || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const isWhole = known.every(Number.isInteger)
  for (const factor of [1, 2, 2.5, 5, 10, 20, 25, 50]) {
    const step = isWhole ? Math.max(1, factor * power) : factor * power
    const [min, max] = [Math.floor(low / step) * step, Math.ceil(high / step) * step || step]
    if (Math.round((max - min) / step) <= 4 && (!isWhole || Number.isInteger(step))) return { min, max, step }
  }
  return { min: low, max: high || 1, step: rough }
}

/** A figure beside an axis, with no more decimals than its step has. */
export function tickFigure(sheet: Sheet, format: Format | undefined, value: number, step: number): string {
  if (Math.abs(value) >= 1e7) {
    const notation = Math.abs(value) < 1e15 ? 'compact' : 'scientific'
    return made(Intl.NumberFormat, localeOf(sheet.reading), { notation, maximumFractionDigits: 1 }).format(value)
  }
  const decimals = [0, 1, 2, 3, 4, 5].find((digits) => Math.abs(step - Number(step.toFixed(digits))) < step / 1e6) ?? 6
  if (format === undefined || format.kind === 'date') return sheet.write(value, { kind: 'number', decimals })
  return sheet.write(value, { ...format, decimals })
}

export interface TimeTick {
  readonly at: number
  readonly label: string
}

const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200]
const DAYS = [1, 2, 7, 14]
const MOST_TICKS = 6
const DAY_MS = 86_400_000

const dateOf = (at: number): string => new Date(at).toISOString()

function monthsFrom(first: number, last: number, step: number): readonly number[] {
  const start = new Date(first)
  const month = start.getUTCFullYear() * 12 + start.getUTCMonth()
  const all: number[] = []
  for (let at = Math.ceil(month / step) * step; all.length <= MOST_TICKS; at += step) {
    const instant = Date.UTC(Math.floor(at / 12), at % 12, 1)
    if (instant > last) break
    if (instant >= first) all.push(instant)
  }
  return all
}

/** Round dates between the first and the last: days, months or years, as many as that width holds and at most six. */
export function timeTicks(
  sheet: Sheet,
  unit: TimeUnit,
  [first, last]: readonly [number, number],
  width: number,
): readonly TimeTick[] {
  const tried = function* (): Generator<readonly TimeTick[]> {
    for (const days of unit === 'day' || unit === 'week' ? DAYS : []) {
      const count = Math.floor((last - first) / DAY_MS / days) + 1
      if (count > MOST_TICKS) continue
      const ats = Array.from({ length: count }, (_, at) => last - (count - 1 - at) * days * DAY_MS)
      yield ats.map((at) => ({ at, label: tick(dateOf(at), 'day', sheet.reading, false) }))
    }
    for (const months of MONTHS) {
      const isYear = months % 12 === 0
      yield monthsFrom(first, last, months).map((at, index, all) => {
        const isNew = index === 0 || dateOf(at).slice(0, 4) !== dateOf(all[index - 1] ?? at).slice(0, 4)
        return { at, label: tick(dateOf(at), isYear ? 'year' : 'month', sheet.reading, isYear || isNew) }
      })
    }
  }
  const fits = (ticks: readonly TimeTick[]) =>
    ticks.length > 1 &&
    ticks.length <= MOST_TICKS &&
    ticks.length * (16 + Math.max(0, ...ticks.map(({ label }) => widthOf(label)))) <= width
  const ends = [...new Set([first, last])].map((at) => ({ at, label: tick(dateOf(at), unit, sheet.reading, true) }))
  return [...tried()].find(fits) ?? ends
}

/** The label of each group of bars, null for a group without one. Null as a whole when names do not fit. */
export function groupLabels(
  sheet: Sheet,
  { groups, unit }: ChartData,
  band: number,
): readonly (string | null)[] | null {
  if (unit === null || unit === 'instant') {
    const names = groups.map(({ name }) => wrapped(name, band - 6))
    return names.every((name) => name !== null) ? names : null
  }
  const label = (at: number, withYear: boolean) =>
    tick(groups[at]?.clock ?? '', unit satisfies TimeUnit, sheet.reading, withYear)
  const widest = Math.max(...groups.map((_, at) => widthOf(label(at, unit === 'month'))))
  const strides =
    unit === 'month' ? [1, 2, 3, 6, 12, 24] : unit === 'week' ? [1, 2, 4, 8, 13, 26] : [1, 2, 5, 7, 10, 14, 28, 56, 112]
  const stride = strides.find((each) => each * band >= widest + 8) ?? groups.length
  const january = (13 - Number(groups[0]?.clock?.slice(5, 7))) % stride
  const offset = unit === 'month' && january < groups.length ? january : (groups.length - 1) % stride
  let year: string | undefined
  return groups.map(({ clock }, at) => {
    if (at % stride !== offset) return null
    const isNew = unit === 'month' && clock?.slice(0, 4) !== year
    year = clock?.slice(0, 4)
    return label(at, isNew)
  })
}
