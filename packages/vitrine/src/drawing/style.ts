/**
 * The one style sheet: tokens, light and dark, what every page shares, the cards and their grid, a phone, paper. A theme sets
 * the tokens anew; nothing here is of a State or of a company.
 */
import { WIDTHS } from './chart.ts'
import { TOKENS } from './tokens.ts'

const colours = (at: 0 | 1): string =>
  Object.entries(TOKENS)
    .map(([name, pair]) => `--v-${name}:${pair[at]}`)
    .join(';')

const TOKEN_SHEET = `:root{color-scheme:light dark;--v-gap:16px;--v-radius:12px;--v-width:1180px;--v-font:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;${colours(0)}}
:root[data-theme=light]{color-scheme:light}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${colours(1)}}}
:root[data-theme=dark]{color-scheme:dark;${colours(1)}}`

const BASE = `*{box-sizing:border-box}html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--v-bg);color:var(--v-ink);font:15px/1.5 var(--v-font);font-variant-numeric:tabular-nums}
h1{font-size:26px;line-height:1.2;letter-spacing:-.02em;margin:0}h2{font-size:18px;line-height:1.3;margin:0}h3{font-size:14px;line-height:1.4;font-weight:600;margin:0}
h1,h2,h3,.v-group{overflow-wrap:anywhere;hyphens:auto}a{color:var(--v-accent);text-underline-offset:4px}:focus-visible,input:focus-within{outline:2px solid var(--v-accent);outline-offset:2px;border-radius:4px}
table{border-collapse:collapse;font-size:13.5px}th,td{padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--v-line);font-weight:400}
thead th{color:var(--v-mute);white-space:nowrap;vertical-align:bottom}.v-n{text-align:right}.v-n,.v-short{white-space:nowrap}thead .v-long{white-space:normal;min-width:11rem}.v-n+:not(.v-n){padding-left:14px}tbody tr:last-child>*{border-bottom:0}
.v-hidden,.v-turn,.v-paper{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}`

const spans = Array.from(
  { length: 12 },
  (_, at) => `.v-w${at + 1}{--v-span:${at + 1};grid-column-end:span ${at + 1}}.v-x${at}{grid-column-start:${at + 1}}`,
).join('')

const BOARD = `.v-board{display:grid;grid-template-columns:repeat(12,minmax(0,1fr));gap:var(--v-gap);max-width:var(--v-width);margin:0 auto}
.v-cell{min-width:0;display:flex;flex-direction:column}${spans}
.v-heading{margin-top:12px}.v-prose{color:var(--v-mute);max-width:80ch}.v-prose p,.v-prose ul{margin:0 0 8px}.v-prose ul{padding-left:20px}
.v-tabs{display:flex;gap:20px;margin:0 0 16px;border-bottom:1px solid var(--v-line);overflow-x:auto}.v-tabs a{color:var(--v-mute);text-decoration:none;padding:8px 2px;white-space:nowrap}.v-tabs a[aria-current]{color:var(--v-ink);font-weight:600;box-shadow:inset 0 -2px 0 var(--v-accent)}`

const CARD = `.v-card{position:relative;flex:1;display:flex;flex-direction:column;background:var(--v-card);border:1px solid var(--v-line);border-radius:var(--v-radius);padding:16px 18px;min-width:0;container-type:inline-size}
.v-def{color:var(--v-mute);font-size:13px;line-height:1.45;margin:2px 0 10px}.v-front,figure{flex:1;display:flex;flex-direction:column;min-width:0}.v-back{display:none;flex:1}
.v-turn{left:18px;bottom:20px}.v-turn:checked~.v-back{display:block}.v-turn:checked~.v-front{display:none}.v-turn:checked~.v-foot label{font-weight:600;text-decoration:underline}.v-turn:focus-visible~.v-foot label{outline:2px solid var(--v-accent);outline-offset:2px;border-radius:4px}
.v-fig{font-size:34px;font-weight:600;letter-spacing:-.03em;line-height:1.15;margin:0;overflow-wrap:anywhere}.v-sub{color:var(--v-mute);font-size:13px;margin:4px 0 0}.v-sub b{font-weight:600;color:var(--v-ink)}.v-sub .v-good{color:var(--v-good)}.v-sub .v-bad{color:var(--v-bad)}
.v-say{color:var(--v-mute);font-size:12.5px;margin:8px 0 0}.v-why{color:var(--v-mute);font-size:13.5px;margin:12px 0;flex:1}.v-unknown{color:var(--v-unknown)}.v-cut{color:var(--v-mute);font-size:12.5px;margin:8px 0 0}
.v-foot{display:flex;flex-wrap:wrap;gap:0 16px;margin-top:9px;font-size:12.5px}.v-foot a,.v-foot label{color:var(--v-accent);text-decoration:none;cursor:pointer;padding:3px 0}.v-foot a:hover,.v-foot label:hover{text-decoration:underline}
.v-scroll{overflow-x:auto;max-width:100%}.v-scroll table{width:100%}.v-scroll caption{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}.v-scroll tr>:first-child{position:sticky;left:0;background:var(--v-card)}`

const SMALL = `.v-small .v-front,.v-small .v-back,.v-small .v-why{order:1;flex:none;margin:4px 0 0}.v-small .v-def{order:2;margin:10px 0 0}.v-small .v-foot{order:3;margin-top:auto;padding-top:12px}`

const CHART = `figure{margin:0}.v-tip{position:absolute;z-index:2;pointer-events:none;background:var(--v-card);border:1px solid var(--v-line);border-radius:8px;padding:6px 10px;font-size:12.5px;color:var(--v-mute);max-width:260px}.v-tip span{display:block}.v-tip b{color:var(--v-ink);font-weight:600}.v-plot{display:block;width:100%;height:auto;overflow:visible;margin:0 auto}.v-plot text,.v-strip text,.v-pie text{font-family:var(--v-font)}
.v-axes{color:var(--v-mute);font-size:12px;margin:0 0 4px}.v-legend{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;margin:0 0 8px;padding:0;font-size:12.5px;color:var(--v-mute)}.v-legend svg,.v-pie li svg{margin-right:6px}
.v-strip{display:block;overflow:hidden}.v-strip text{font-size:12px}.v-track{margin:10px 0 6px;max-width:340px}
.v-rows{flex:1;list-style:none;margin:0;padding:0;font-size:13.5px;display:grid;grid-template-columns:fit-content(36%) 1fr auto;gap:0 12px;align-content:start}.v-rows li{display:grid;grid-column:1/-1;grid-template-columns:subgrid;align-items:center;padding:6px 0}.v-group{line-height:1.3}
.v-strips{display:grid;gap:2px;min-width:0}.v-value{text-align:right;white-space:nowrap}.v-value b,.v-pie b{font-weight:600}.v-value small,.v-pie small{color:var(--v-mute);font-size:12px}.v-value i{display:block;font-style:normal;line-height:22px}
.v-pie{flex:1;display:flex;flex-wrap:wrap;gap:12px 24px;align-items:center}.v-pie>svg{width:clamp(120px,34cqw,190px);flex:none}.v-pie ul{list-style:none;margin:0;padding:0;font-size:13.5px;flex:1;min-width:220px;max-width:420px}.v-pie li{display:grid;grid-template-columns:auto 1fr auto minmax(48px,auto);gap:0 8px;align-items:baseline;padding:3px 0}.v-pie li small{text-align:right}
${WIDTHS.map((at) => `.v-from-${at}{display:none}@container(min-width:${at}px){.v-from-${at}{display:block}}`).join('')}
${WIDTHS.map((at) => `@container(min-width:${at}px){.v-to-${at}{display:none}}`).join('')}
${WIDTHS.map((at) => `.v-most-${at}{max-width:${Math.round(at * 1.35)}px}`).join('')}
@container(max-width:400px){.v-pie{justify-content:center}.v-roomy{display:none}.v-rows{gap:0 8px;grid-template-columns:fit-content(42%) 1fr auto}.v-value small{display:block}}`

const PHONE = `@media screen and (max-width:980px){.v-cell{grid-column:span 12}.v-cell.v-small{grid-column:span 4}.v-cell.v-small:not(.v-small+*,:has(+.v-small)){grid-column:span 12}}
@media screen and (max-width:640px){:root{--v-gap:12px}.v-card{padding:14px 12px}.v-cell.v-small{grid-column:span 6}.v-fig{font-size:26px}.v-small h3{font-size:13px}}
@media screen and (max-width:400px){.v-small .v-card{padding:12px 9px}.v-small h3{font-size:12.5px}}`

const PAPER = `@page{size:A4;margin:12mm}@media print{:root,:root[data-theme],:root:not([data-theme=light]){color-scheme:light;${colours(0)};--v-gap:10px}body{background:none;font-size:12px}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.v-foot,.v-tabs{display:none}.v-paper{position:static;width:auto;height:auto;margin:0 0 8px;clip-path:none;font-size:13px}.v-tab+.v-tab{break-before:page}
.v-board{display:block;margin-right:-10px}.v-cell{display:inline-block;vertical-align:top;width:calc(100%*var(--v-span)/12 - 10.2px);margin:0 10px 10px 0}.v-cell.v-w12{display:block;break-inside:avoid}.v-card{padding:12px 14px}.v-plot{max-height:62mm}.v-fig{font-size:26px}.v-heading,h2,h3,thead{break-after:avoid}.v-scroll{overflow:visible}.v-scroll tr{break-inside:avoid}}`

export const styleSheet = [TOKEN_SHEET, BASE, BOARD, CARD, SMALL, CHART, PHONE, PAPER].join('\n')
