/** The figures of `docs/growth.json`, which `bench/dist/growth.js` measures, as the page and the picture that are generated. */
import { svgOf } from '../../packages/vitrine/src/drawing/echarts.ts'

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface Growth {
  readonly scale: number
  readonly rounds: number
  readonly servers: string
  readonly node: string
  readonly cores: number
  readonly load: number
  readonly curves: readonly {
    readonly name: string
    readonly of: string
    readonly points: readonly {
      readonly at: number
      readonly time: Spread
      readonly memory: Spread
      readonly wal: Spread
    }[]
  }[]
}

const short = (value: number): string =>
  value >= 1e6 ? `${value / 1e6} M` : value >= 1e4 ? `${value / 1e3} k` : String(value)
const told = ({ median, min, max }: Spread): string => `${median} (${min}–${max})`

export function growthPage({ curves, ...facts }: Growth): string {
  const tables = curves.map(({ name, of, points }) => {
    const rows = points.map(
      ({ at, time, memory, wal }) => `| ${short(at)} | ${told(time)} | ${told(memory)} | ${told(wal)} |`,
    )
    return `## ${name}\n\n| ${of} | time | memory of the tool | WAL |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  const measured = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`)
  return [
    '# Figures of growth\n',
    'Generated from [growth.json](../growth.json), which `node bench/dist/growth.js` measures. Every figure is a ratio to the first line of its table, in the same round: median (least–most). [Growth](../growth.md) says what follows from them.\n',
    `Measured with ${measured.join(' · ')}. Above one half of the cores, the load of other work makes the spreads wide.\n`,
    '![The time of each curve](../growth.svg)\n',
    ...tables,
  ].join('\n')
}

const [WIDTH, HEIGHT, COLUMNS] = [290, 200, 3]

export function growthPicture({ curves }: Growth): string {
  const places = curves.map((_, index) => ({
    left: (index % COLUMNS) * WIDTH + 50,
    top: Math.floor(index / COLUMNS) * HEIGHT + 25,
    width: WIDTH - 75,
    height: HEIGHT - 80,
  }))
  const axis = { axisLabel: { color: '#555', fontSize: 11 }, nameTextStyle: { color: '#222', fontSize: 12 } }
  const option = {
    backgroundColor: '#fff',
    grid: places,
    xAxis: curves.map(({ of, points }, gridIndex) => ({
      ...axis,
      gridIndex,
      type: 'category',
      name: of,
      nameLocation: 'middle',
      nameGap: 26,
      data: points.map(({ at }) => short(at)),
    })),
    yAxis: curves.map((_, gridIndex) => ({ ...axis, gridIndex, type: 'value', min: 0, splitNumber: 4 })),
    series: curves.flatMap(({ points }, index) =>
      (['max', 'median', 'min'] as const).map((of) => ({
        type: 'line',
        xAxisIndex: index,
        yAxisIndex: index,
        symbolSize: of === 'median' ? 6 : 0,
        lineStyle: { width: of === 'median' ? 2 : 1, type: of === 'median' ? 'solid' : 'dotted' },
        color: '#2b5f8a',
        data: points.map(({ time }) => time[of]),
      })),
    ),
  }
  const svg = svgOf(option, COLUMNS * WIDTH, Math.ceil(curves.length / COLUMNS) * HEIGHT)
  // Classes for a pointer, and names that count the charts that were drawn before.
  return `${svg
    .replace(/<style[\s\S]*?<\/style>\n?/, '')
    .replaceAll(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
    .replaceAll(/\bzr\d+-/g, '')}\n`
}
