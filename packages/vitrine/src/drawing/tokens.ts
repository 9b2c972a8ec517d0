/**
 * The colours, light and dark, each by its name `--v-…`. A theme sets the same names anew. Texts on coloured areas have `on`,
 * so every colour that fills an area keeps 4.5:1 with it, and 3:1 with the card; a test computes both.
 */
export const TOKENS = {
  bg: ['#f6f7f9', '#11161d'],
  card: ['#ffffff', '#1a212b'],
  ink: ['#16202c', '#e8edf3'],
  mute: ['#56616f', '#a3afbc'],
  line: ['#dfe4ea', '#2f3947'],
  accent: ['#1f5fbf', '#8ab8ff'],
  /** Words on an area of colour. */
  on: ['#ffffff', '#0d131a'],
  done: ['#1c7350', '#5fd0a5'],
  doing: ['#8a6000', '#e9c067'],
  todo: ['#b3401f', '#f4997a'],
  unknown: ['#68737f', '#98a4b1'],
  /** Compared with the accent, without a meaning of its own. */
  s2: ['#7a3e9d', '#cf9ff0'],
  s3: ['#0b6e80', '#63cbdc'],
  s4: ['#a83268', '#f59ac0'],
  s5: ['#55670f', '#bdd166'],
  s6: ['#7d4a1e', '#d9ab86'],
  good: ['#1c7350', '#5fd0a5'],
  bad: ['#b3401f', '#f4997a'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>

export type Token = keyof typeof TOKENS

export const colour = (token: Token): string => `var(--v-${token})`

/** Colours of series without a meaning, in this order. */
export const SERIES: readonly Token[] = ['accent', 's2', 's3', 's4', 's5', 's6']
