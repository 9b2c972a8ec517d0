/** The parts of ECharts that are used, in a file of their own: it is loaded when the first chart is drawn, and not before. */
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent } from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer])

/**
 * ECharts keeps widths in a plain object, by their text: a label with a name of Object.prototype would change that prototype for
 * the whole process. An invisible sign before it makes it another name.
 */
const named = (text: string): string => text.replaceAll(/^\w+$/gm, (line) => (line in {} ? `\u2060${line}` : line))

function safe(value: unknown): unknown {
  if (typeof value === 'string') return named(value)
  if (typeof value === 'function') return (...given: readonly unknown[]) => safe(value(...given))
  if (Array.isArray(value)) return value.map(safe)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, safe(each)]))
}

/** The SVG of a chart. Without `dispose` a chart keeps the process alive. */
export function svgOf(option: EChartsCoreOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ animation: false, ...Object(safe(option)) })
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}
