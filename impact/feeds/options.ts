/**
 * The options of the two feeds, as lists that the command line shows and `settings.ts` parses. Every limit of the feeds is
 * here, with its unit and bounds. This file does not read the environment.
 */

export interface OptionDefinition {
  readonly kind: 'switch' | 'integer' | 'number' | 'url' | 'text'
  /** The flag of the command line; null for options that only code or a variable sets. */
  readonly flag: string | null
  /** The environment variable that is used without the flag. */
  readonly variable: string | null
  readonly fallback: boolean | number | string | null
  readonly min?: number
  readonly max?: number
  /** Help text, in French for the users of this command line. */
  readonly help: string
}

type Common<Fallback> = Partial<Pick<OptionDefinition, 'flag' | 'variable'>> & { readonly fallback: Fallback }
type Bounds = Required<Pick<OptionDefinition, 'min' | 'max'>>

const option = <Kind extends OptionDefinition['kind'], Fallback extends OptionDefinition['fallback']>(
  kind: Kind,
  help: string,
  given: Common<Fallback>,
) => ({ kind, flag: null, variable: null, help, ...given }) as const
const toggle = (flag: string, help: string) => option('switch', help, { flag, fallback: false })
const text = (help: string, given: Common<string>) => option('text', help, given)
const url = (help: string, given: Common<string>) => option('url', help, given)
/** A fallback of null means that the feed itself chooses. */
const integer = <Fallback extends number | null>(help: string, given: Common<Fallback> & Bounds) =>
  option('integer', help, given)
const number = (help: string, given: Common<number> & Bounds) => option('number', help, given)

const COMMON = {
  dryRun: toggle('--dry-run', 'interroge et vérifie, sans rien écrire'),
  timeoutMs: integer('délai d’une réponse, en millisecondes', {
    flag: '--timeout <ms>',
    fallback: 10_000,
    min: 1,
    max: 300_000,
  }),
  tries: integer('essais par appel', { flag: '--tries <n>', fallback: 3, min: 1, max: 10 }),
  backoffMs: integer('attente avant le deuxième essai, doublée ensuite, en millisecondes', {
    fallback: 500,
    min: 0,
    max: 60_000,
  }),
  backoffMaxMs: integer('attente la plus longue entre deux essais, en millisecondes', {
    fallback: 10_000,
    min: 0,
    max: 300_000,
  }),
  retryAfterMaxMs: integer('attente la plus longue accordée à un Retry-After, en millisecondes', {
    fallback: 60_000,
    min: 0,
    max: 600_000,
  }),
  maxLossShare: number('part des faits connus que la source peut perdre d’un relevé à l’autre, de 0 à 1', {
    flag: '--max-loss <part>',
    fallback: 0.2,
    min: 0,
    max: 1,
  }),
  validDays: number('jours pendant lesquels un relevé vaut encore quand les suivants échouent', {
    flag: '--valid-days <n>',
    fallback: 7,
    min: 0,
    max: 366,
  }),
  userAgent: text('identité annoncée aux sources', { variable: 'FEEDS_USER_AGENT', fallback: 'vitrine-impact/0.1' }),
} as const satisfies Record<string, OptionDefinition>

/** EgaPro: one call per company and year. The limits allow 10 000 companies within ten minutes. */
export const EGAPRO_OPTIONS = {
  ...COMMON,
  baseUrl: url('adresse de la source EgaPro', {
    flag: '--url <url>',
    variable: 'EGAPRO_URL',
    fallback: 'https://egapro.travail.gouv.fr',
  }),
  annee: integer('année des déclarations ; l’année civile précédente par défaut', {
    flag: '--annee <aaaa>',
    fallback: null,
    min: 2018,
    max: 2100,
  }),
  onlyMissing: toggle('--only-missing', 'ne demande que les entreprises sans déclaration connue pour l’année'),
  parallel: integer('appels simultanés', { flag: '--parallel <n>', fallback: 8, min: 1, max: 64 }),
  perSecond: number('appels par seconde, essais compris', {
    flag: '--per-second <n>',
    fallback: 20,
    min: 0.1,
    max: 1_000,
  }),
  maxBytes: integer('taille la plus grande d’une réponse, en octets', {
    fallback: 256 * 1024,
    min: 1_024,
    max: 16 * 1024 * 1024,
  }),
  maxUnknownShare: number('part des entreprises qui peut rester sans réponse, de 0 à 1', {
    flag: '--max-unknown <part>',
    fallback: 0.2,
    min: 0,
    max: 1,
  }),
  giveUpAfter: integer('échecs de suite après lesquels la source est tenue pour absente', {
    fallback: 40,
    min: 1,
    max: 10_000,
  }),
  maxMinutes: number('durée la plus longue du relevé, en minutes', {
    flag: '--max-minutes <n>',
    fallback: 60,
    min: 0.001,
    max: 600,
  }),
} as const satisfies Record<string, OptionDefinition>

/** BGES: one call for the address, then one file of 30 to 60 MB. */
export const BGES_OPTIONS = {
  ...COMMON,
  baseUrl: url('adresse de la source BGES', {
    flag: '--url <url>',
    variable: 'BGES_URL',
    fallback: 'https://bilans-ges.ademe.fr',
  }),
  idleMs: integer('silence le plus long pendant le téléchargement, en millisecondes', {
    fallback: 30_000,
    min: 1,
    max: 600_000,
  }),
  maxMinutes: number('durée la plus longue du téléchargement, en minutes', {
    flag: '--max-minutes <n>',
    fallback: 15,
    min: 0.001,
    max: 600,
  }),
  maxBytes: integer('taille la plus grande du fichier, en octets', {
    fallback: 512 * 1024 * 1024,
    min: 1_024,
    max: 4 * 1024 ** 3,
  }),
} as const satisfies Record<string, OptionDefinition>

type Value<O extends OptionDefinition> = O extends { readonly kind: 'switch' }
  ? boolean
  : O extends { readonly kind: 'url' | 'text' }
    ? string
    : null extends O['fallback']
      ? number | null
      : number
export type Values<Options extends Readonly<Record<string, OptionDefinition>>> = {
  readonly [Key in keyof Options]: Value<Options[Key]>
}

export type CommonSettings = Values<typeof COMMON>
export type EgaproSettings = Values<typeof EGAPRO_OPTIONS>
export type BgesSettings = Values<typeof BGES_OPTIONS>

/** What a caller may pass for each option: the text of a flag or variable, or a value; null and undefined mean absent. */
export type Given<Options> = { readonly [Key in keyof Options]?: string | number | boolean | null | undefined }
