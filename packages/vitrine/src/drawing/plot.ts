/**
 * Turns an ECharts option into SVG that a strict content security policy allows: no style, no class, no id that two pictures
 * share; always the same bytes. Colours are placeholders until here, and become variables of the style sheet.
 */
import { pause } from '../base/pause.ts'
import { type HtmlEscapedString, raw } from './html.ts'
import { colour, TOKENS, type Token } from './tokens.ts'

const NAMES = Object.keys(TOKENS) as readonly Token[]
const STAND_IN = /#f0e0([0-9a-f]{2})/g

/** A placeholder that ECharts accepts as a colour. */
export const ink = (token: Token): string => `#f0e0${NAMES.indexOf(token).toString(16).padStart(2, '0')}`

const KEPT = /(?:^|;)(font-size|font-weight):([^;"]+)/g
const DROPPED =
  / (?:class|style|clip-path|pointer-events|ecmeta_[a-z_]+|xml:space|xmlns(?::xlink)?|version|baseProfile|width|height|id)="[^"]*"/g

function tag(text: string): string {
  const style = / style="([^"]*)"/.exec(text)?.[1] ?? ''
  const kept = [...style.matchAll(KEPT)].map(([, name, value]) => ` ${name}="${value}"`).join('')
  const plain = text.replaceAll(DROPPED, (found) =>
    /^<rect/.test(text) && /^ (?:width|height)=/.test(found) ? found : '',
  )
  return plain
    .replace(/^<([a-zA-Z]+)/, `<$1${kept}`)
    .replaceAll(STAND_IN, (_, at: string) => colour(NAMES[Number.parseInt(at, 16)] ?? 'ink'))
}

/** Only tags are changed, and never the texts between them. */
const cleaned = (svg: string): string =>
  svg
    .replaceAll(/<style[^>]*>[\s\S]*?<\/style>|<defs[^>]*>[\s\S]*?<\/defs>/g, '')
    .replaceAll(/<rect [^>]*fill="none"[^>]*><\/rect>/g, '')
    .replaceAll(/<[^>]*>/g, tag)
    .replaceAll(/(?<=>)\n+(?=<)/g, '')

export interface Plot {
  readonly option: Readonly<Record<string, unknown>>
  readonly width: number
  readonly height: number
}

/** `attributes`: role and name of the picture, which ECharts does not write. */
export async function drawPlot(
  { option, width, height }: Plot,
  attributes: HtmlEscapedString,
): Promise<HtmlEscapedString> {
  const { svgOf } = await import('./echarts.ts')
  return raw(
    cleaned(svgOf(option, width, height))
      .replace('<svg', `<svg ${attributes}`)
      .trim(),
  )
}

/** After so many drawings V8 has optimised the code: the first ones take three times as long as the tenth. */
const WARM_UPS = 10

/** Loads ECharts and draws, so that nobody waits for it. */
export async function warmUp(): Promise<void> {
  const places = Array.from({ length: 24 }, (_, at) => at)
  const label = { show: true, position: 'top', formatter: 'label' }
  const series = ['bar', 'line'].map((type) => ({ type, data: places.map((value) => ({ value, label })) }))
  const option = { xAxis: { type: 'category', data: places }, yAxis: {}, series }
  for (let times = 0; times < WARM_UPS; times++) {
    await drawPlot({ option, width: 500, height: 250 }, raw(''))
    await pause(0)
  }
}
