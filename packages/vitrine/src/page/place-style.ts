/** The style of the dictionary's place, of the runs and of the state, on the tokens of `drawing/style.ts`. */
export const placeStyle = `
.v-minor{color:var(--v-mute);font-size:13px}
.v-sql{font:13px/1.6 ui-monospace,"SF Mono",Consolas,"Liberation Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--v-card);border:1px solid var(--v-line);border-radius:var(--v-radius);padding:14px 18px;margin:0}
.v-search{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:6px 10px;background:var(--v-card);border:1px solid var(--v-line);border-radius:var(--v-radius);padding:16px 18px;margin:14px 0 20px;max-width:720px}
.v-search label,.v-search p{grid-column:1/-1;margin:0}.v-search label{font-weight:600}
.v-search input{font:inherit;color:inherit;background:var(--v-bg);border:1px solid var(--v-unknown);border-radius:8px;padding:8px 12px;min-width:0}
.v-search button,.v-button{font:inherit;font-weight:600;color:var(--v-on);background:var(--v-accent);border:1px solid var(--v-accent);border-radius:8px;padding:8px 16px;cursor:pointer;text-decoration:none;display:inline-block}
.v-button.v-quiet{color:var(--v-accent);background:none}.v-steps{display:flex;flex-wrap:wrap;gap:10px 16px;align-items:center;margin:16px 0}
td code,li code{user-select:all}main li>code:only-child{display:inline-block;background:var(--v-bg);border:1px solid var(--v-line);border-radius:6px;padding:2px 10px}main li>code:only-child{background:var(--v-card)}
.table th:first-child:nth-last-child(2){width:28%}thead th::first-letter,.table tbody th:not(:has(code,a))::first-letter{text-transform:uppercase}.v-live h2,.v-runs h2{margin:30px 0 6px}.v-live>h2:first-child{margin-top:14px}.v-live>p,.v-runs>p{margin:4px 0 12px;max-width:80ch}
.v-lineage{overflow-x:auto;margin:14px 0 20px}.v-lineage svg{display:block;font:13px var(--v-font);fill:var(--v-ink)}
.v-lineage rect{fill:var(--v-card);stroke:var(--v-line)}.v-published rect{stroke:var(--v-accent);stroke-width:2}.v-question rect{stroke-dasharray:4 3;stroke:var(--v-unknown)}
.v-lineage .v-minor{fill:var(--v-mute);font-size:12px}.v-way{fill:none;stroke:var(--v-unknown);stroke-width:1.5}.v-tip{fill:var(--v-unknown)}
.v-run{margin:16px 0}.v-run svg,.v-size svg{display:block;width:100%}.v-run ol{display:flex;flex-wrap:wrap;gap:4px 22px;list-style:none;margin:10px 0 0;padding:0;font-size:13px}
.v-run b{font-weight:600}.v-passed{fill:var(--v-done)}.v-active{fill:var(--v-accent)}.v-stopped{fill:var(--v-bad)}.v-waiting{fill:var(--v-line);color:var(--v-mute)}li.v-active b{color:var(--v-accent)}li.v-stopped b{color:var(--v-bad)}
@media(prefers-reduced-motion:no-preference){rect.v-active{animation:v-go 1.6s ease-in-out infinite alternate}@keyframes v-go{to{opacity:.45}}}
.v-size{margin:18px 0;max-width:720px}.v-size b{display:block}.v-size path{fill:none;vector-effect:non-scaling-stroke}.v-size .v-area{fill:var(--v-accent);fill-opacity:.12}.v-base{stroke:var(--v-line)}.v-line{stroke:var(--v-accent);stroke-width:2}.v-here{stroke:var(--v-ink);stroke-dasharray:3 3}
.v-ended:empty{display:none}.v-ended{font-weight:600}
@media print{.v-search,.v-steps{display:none}.v-lineage{overflow:visible}.v-lineage svg{max-width:100%;height:auto}}
`
