/**
 * The options of the two feeds, as lists that a command line shows and `settings.ts` parses: every limit of the feeds is
 * here, named with its unit and bounded. Nothing is read from the environment here.
 */

export interface OptionDefinition {
  readonly kind: 'switch' | 'integer' | 'number' | 'url' | 'text'
  /** As the command line writes it; null for what is set by code or variable only. */
  readonly flag: string | null
  /** The environment variable that gives it when the flag is absent. */
  readonly variable: string | null
  readonly fallback: boolean | number | string | null
  readonly min?: number
  readonly max?: number
  /** In French: the users of this command line read it. */
  readonly help: string
}

const COMMON = {
  dryRun: {
    kind: 'switch',
    flag: '--dry-run',
    variable: null,
    fallback: false,
    help: 'interroge et vérifie, sans rien écrire',
  },
  timeoutMs: {
    kind: 'integer',
    flag: '--timeout <ms>',
    variable: null,
    fallback: 10_000,
    min: 1,
    max: 300_000,
    help: 'délai d’une réponse, en millisecondes',
  },
  tries: {
    kind: 'integer',
    flag: '--tries <n>',
    variable: null,
    fallback: 3,
    min: 1,
    max: 10,
    help: 'essais par appel',
  },
  backoffMs: {
    kind: 'integer',
    flag: null,
    variable: null,
    fallback: 500,
    min: 0,
    max: 60_000,
    help: 'attente avant le deuxième essai, doublée ensuite, en millisecondes',
  },
  backoffMaxMs: {
    kind: 'integer',
    flag: null,
    variable: null,
    fallback: 10_000,
    min: 0,
    max: 300_000,
    help: 'attente la plus longue entre deux essais, en millisecondes',
  },
  retryAfterMaxMs: {
    kind: 'integer',
    flag: null,
    variable: null,
    fallback: 60_000,
    min: 0,
    max: 600_000,
    help: 'attente la plus longue accordée à un Retry-After, en millisecondes',
  },
  maxLossShare: {
    kind: 'number',
    flag: '--max-loss <part>',
    variable: null,
    fallback: 0.2,
    min: 0,
    max: 1,
    help: 'part des faits connus que la source peut perdre d’un relevé à l’autre, de 0 à 1',
  },
  validDays: {
    kind: 'number',
    flag: '--valid-days <n>',
    variable: null,
    fallback: 7,
    min: 0,
    max: 366,
    help: 'jours pendant lesquels un relevé vaut encore quand les suivants échouent',
  },
  userAgent: {
    kind: 'text',
    flag: null,
    variable: 'FEEDS_USER_AGENT',
    fallback: 'vitrine-impact/0.1',
    help: 'identité annoncée aux sources',
  },
} as const satisfies Record<string, OptionDefinition>

/** EgaPro: one call a company and year. The limits suit 10 000 companies within ten minutes. */
export const EGAPRO_OPTIONS = {
  ...COMMON,
  baseUrl: {
    kind: 'url',
    flag: '--url <url>',
    variable: 'EGAPRO_URL',
    fallback: 'https://egapro.travail.gouv.fr',
    help: 'adresse de la source EgaPro',
  },
  annee: {
    kind: 'integer',
    flag: '--annee <aaaa>',
    variable: null,
    fallback: null,
    min: 2018,
    max: 2100,
    help: 'année des déclarations ; l’année civile précédente par défaut',
  },
  onlyMissing: {
    kind: 'switch',
    flag: '--only-missing',
    variable: null,
    fallback: false,
    help: 'ne demande que les entreprises sans déclaration connue pour l’année',
  },
  parallel: {
    kind: 'integer',
    flag: '--parallel <n>',
    variable: null,
    fallback: 8,
    min: 1,
    max: 64,
    help: 'appels simultanés',
  },
  perSecond: {
    kind: 'number',
    flag: '--per-second <n>',
    variable: null,
    fallback: 20,
    min: 0.1,
    max: 1_000,
    help: 'appels par seconde, essais compris',
  },
  maxBytes: {
    kind: 'integer',
    flag: null,
    variable: null,
    fallback: 256 * 1024,
    min: 1_024,
    max: 16 * 1024 * 1024,
    help: 'taille la plus grande d’une réponse, en octets',
  },
  maxUnknownShare: {
    kind: 'number',
    flag: '--max-unknown <part>',
    variable: null,
    fallback: 0.2,
    min: 0,
    max: 1,
    help: 'part des entreprises qui peut rester sans réponse, de 0 à 1',
  },
  giveUpAfter: {
    kind: 'integer',
    flag: null,
    variable: null,
    fallback: 40,
    min: 1,
    max: 10_000,
    help: 'échecs de suite après lesquels la source est tenue pour absente',
  },
  maxMinutes: {
    kind: 'number',
    flag: '--max-minutes <n>',
    variable: null,
    fallback: 60,
    min: 0.001,
    max: 600,
    help: 'durée la plus longue du relevé, en minutes',
  },
} as const satisfies Record<string, OptionDefinition>

/** BGES: one address asked for, then one file of 30 to 60 MB. */
export const BGES_OPTIONS = {
  ...COMMON,
  baseUrl: {
    kind: 'url',
    flag: '--url <url>',
    variable: 'BGES_URL',
    fallback: 'https://bilans-ges.ademe.fr',
    help: 'adresse de la source BGES',
  },
  idleMs: {
    kind: 'integer',
    flag: null,
    variable: null,
    fallback: 30_000,
    min: 1,
    max: 600_000,
    help: 'silence le plus long pendant le téléchargement, en millisecondes',
  },
  maxMinutes: {
    kind: 'number',
    flag: '--max-minutes <n>',
    variable: null,
    fallback: 15,
    min: 0.001,
    max: 600,
    help: 'durée la plus longue du téléchargement, en minutes',
  },
  maxBytes: {
    kind: 'integer',
    flag: null,
    variable: null,
    fallback: 512 * 1024 * 1024,
    min: 1_024,
    max: 4 * 1024 ** 3,
    help: 'taille la plus grande du fichier, en octets',
  },
} as const satisfies Record<string, OptionDefinition>

type Value<O extends OptionDefinition> = O extends { readonly kind: 'switch' }
  ? boolean
  : O extends { readonly kind: 'url' | 'text' }
    ? string
    : O extends { readonly fallback: null }
      ? number | null
      : number
export type Values<Options extends Readonly<Record<string, OptionDefinition>>> = {
  readonly [Key in keyof Options]: Value<Options[Key]>
}

export type CommonSettings = Values<typeof COMMON>
export type EgaproSettings = Values<typeof EGAPRO_OPTIONS>
export type BgesSettings = Values<typeof BGES_OPTIONS>

/** What a caller may give for each option: text of a flag or variable, or the value; null and undefined mean absent. */
export type Given<Options> = { readonly [Key in keyof Options]?: string | number | boolean | null | undefined }
