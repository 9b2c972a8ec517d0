/** The style of the frame, on the tokens that `drawing/style.ts` defines. */
export const frameStyle = `
.v-skip { position: absolute; left: -999px; }
.v-skip:focus { left: 16px; top: 8px; }
.v-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 8px 24px; }
.v-head nav { flex: 1; }
.v-head nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0; padding: 0; list-style: none; }
`
