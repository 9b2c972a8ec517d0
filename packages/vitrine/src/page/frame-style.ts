/** The style of the frame, on the tokens and the cards that `drawing/style.ts` defines. */
const HEAD = `.v-skip{position:absolute;left:-999px;top:8px;background:var(--v-card);padding:8px 12px;z-index:3}.v-skip:focus{left:16px}
.v-head{background:var(--v-card);border-bottom:1px solid var(--v-line)}
.v-bar{max-width:calc(var(--v-width) + 48px);margin:0 auto;padding:0 24px;min-height:56px;display:flex;flex-wrap:wrap;align-items:center;gap:0 24px}
.v-name{color:var(--v-ink);font-weight:650;letter-spacing:-.01em;text-decoration:none;padding:8px 0}
.v-head nav ul{display:flex;gap:0 20px;margin:0;padding:0;list-style:none}.v-head nav a{display:block;color:var(--v-mute);text-decoration:none;padding:17px 2px;white-space:nowrap}
.v-head nav a:hover{color:var(--v-ink)}.v-head nav a[aria-current]{color:var(--v-ink);font-weight:600;box-shadow:inset 0 -2px 0 var(--v-accent)}
.v-tone{margin-left:auto;color:var(--v-mute);font-size:13px;text-decoration:none;padding:8px 0}.v-tone:hover{text-decoration:underline}main .v-tone{margin:0;padding:0 0 8px}
.v-tone::before{content:"";display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:8px;background:var(--v-good)}.v-tone-late{color:var(--v-ink)}.v-tone-late::before{background:var(--v-doing);border-radius:2px}.v-tone-none{color:var(--v-ink)}.v-tone-none::before{background:var(--v-bad);transform:rotate(45deg);border-radius:0}
.v-bar>:not(.v-tone)+.v-language{margin-left:auto}.v-language{color:var(--v-mute);font-size:13px;padding:8px 0}.v-head form{margin:0}.v-head button{background:none;border:0;padding:8px 0;color:var(--v-mute);font-size:13px;text-decoration:underline}`

const MAIN = `main{max-width:calc(var(--v-width) + 48px);margin:0 auto;padding:28px 24px 56px}
main>.v-tone{margin:0;padding:0 0 12px}.v-title{margin:0 0 16px}.v-title p{margin:4px 0 0;color:var(--v-mute);max-width:62ch}.v-back-to{margin:0 0 12px}
button,input,select{font:inherit;color:inherit}button{background:var(--v-card);border:1px solid var(--v-line);border-radius:8px;padding:5px 12px;cursor:pointer;min-height:34px}button:hover{border-color:var(--v-accent)}
.v-boards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:var(--v-gap);list-style:none;margin:0;padding:0}
main .v-boards li{margin:0}.v-boards a{display:block;height:100%;background:var(--v-card);border:1px solid var(--v-line);border-radius:var(--v-radius);padding:16px 18px;color:var(--v-ink);text-decoration:none}.v-boards a:hover{border-color:var(--v-accent)}.v-boards b{display:block;font-size:17px;font-weight:600;letter-spacing:-.01em}.v-boards span{color:var(--v-mute);font-size:13.5px}
.v-message{max-width:52ch;margin:8vh auto}.v-message p{color:var(--v-mute)}
.v-login{max-width:340px;margin:8vh auto;display:grid;gap:14px}.v-login input{display:block;width:100%;padding:8px 10px;border:1px solid var(--v-mute);border-radius:8px;background:var(--v-card)}.v-login p{margin:0}.v-login [role=alert]{color:var(--v-bad)}
.v-flaw{border-left:3px solid var(--v-bad);background:var(--v-card);padding:8px 12px 8px 28px;margin:0 0 16px}p.v-flaw{padding-left:12px}`

const FILTERS = `.v-filters{display:flex;flex-wrap:wrap;align-items:end;gap:10px 12px;margin:0 0 20px;font-size:13.5px}.v-filters fieldset{border:0;margin:0;padding:0}
.v-filters label,.v-filters legend{color:var(--v-mute)}.v-filters legend{float:left;padding:6px 8px 6px 0}.v-filters select,.v-filters input:not([type=checkbox]){border:1px solid var(--v-unknown);border-radius:8px;background:var(--v-card);color:var(--v-ink);padding:5px 8px;min-height:34px;max-width:100%}
.v-range{display:flex;flex-wrap:wrap;gap:4px 8px;align-items:center}.v-do{margin:0;display:flex;gap:12px;align-items:center}.v-ignored{color:var(--v-doing);margin:-8px 0 16px;font-size:13.5px}
.v-list{position:relative}.v-list summary{list-style:none;cursor:pointer;border:1px solid var(--v-unknown);border-radius:8px;background:var(--v-card);padding:5px 12px;min-height:34px;color:var(--v-mute)}.v-list summary::-webkit-details-marker{display:none}.v-list summary::after{content:" ▾"}.v-list b{font-weight:600;color:var(--v-ink)}
.v-list fieldset{position:absolute;z-index:2;left:0;top:calc(100% + 4px);min-width:220px;max-width:min(420px,86vw);max-height:320px;overflow:auto;background:var(--v-card);border:1px solid var(--v-line);border-radius:8px;padding:8px 12px;box-shadow:0 4px 16px rgb(0 0 0/.12)}.v-list label{display:block;padding:4px 0;color:var(--v-ink)}`

const PHONE = `@media screen and (max-width:900px){.v-bar{padding:6px 24px 0}.v-head nav,.v-tone{order:9;width:100%}.v-head nav ul{flex-wrap:wrap}.v-head nav a{padding:8px 2px}.v-language{margin-left:auto}.v-head .v-tone{order:8;margin:0;padding:3px 0}}
@media screen and (max-width:760px){.v-bar{padding:6px 16px 0}main{padding:20px 16px 40px}.v-list fieldset{position:static;margin-top:4px}.v-list,.v-list[open]{max-width:100%}}
@media screen and (max-width:400px){main{padding:16px 12px 32px}.v-bar{padding:6px 12px 0}.v-head nav ul{gap:0 11px}.v-head nav a{font-size:13px;padding:8px 0}}
@media print{.v-head nav,.v-language,.v-filters,.v-skip,.v-head form,.v-back-to{display:none}.v-bar{padding:0;min-height:32px}main{padding:14px 0 0}.v-title{margin:0 0 12px}}`

/** Where the system sets the colours, what only a colour or a shadow said needs a line of its own. */
const FORCED = `@media(forced-colors:active){.v-tone::before,.mark::before{forced-color-adjust:none}[aria-current]{border-bottom:2px solid}}`

export const frameStyle = [HEAD, MAIN, FILTERS, PHONE, FORCED].join('\n')
