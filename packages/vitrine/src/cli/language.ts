/**
 * The words that all commands share, as a value: the tool speaks English, and a system built on it may speak to its own
 * people. Errors are not in it: their texts are those of the registry, so that one code always reads the same.
 */
import type { AlarmWords } from '../schedule/alarm.ts'
import type { Variable } from './environment.ts'

export interface Language {
  /** BCP 47, for numbers. */
  readonly locale: string
  /** An instant on the clocks of a zone, without the zone: for tables that name it elsewhere. */
  moment(at: Date, zone: string): string
  readonly help: {
    readonly usage: string
    readonly commands: string
    readonly options: string
    readonly examples: string
    readonly environment: string
    readonly exitStatuses: string
    /** Stand for the command and its options in the usage line. */
    readonly command: string
    readonly parameters: string
    readonly showHelp: string
    readonly showVersion: string
    readonly json: string
    readonly publication: string
    readonly variables: Readonly<Record<Variable, string>>
    /** What each exit status means, in the order of their numbers. */
    readonly statuses: Readonly<Record<string, string>>
  }
  readonly interrupted: string
  readonly alarms: AlarmWords & {
    /** Begins the line of an alarm in the log. */
    readonly alarm: string
    readonly undelivered: (variable: Variable, reason: string) => string
  }
}

const alarms: Language['alarms'] = {
  alarm: 'alarm',
  failed: (publication, due, attempts, error) =>
    `Vitrine ${publication}: nothing published for ${due} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}. ${error} The previous version is still served.`,
  stale: (publication, due, minutes, error) =>
    `Vitrine ${publication}: still nothing published ${minutes} minutes after ${due}.${error === null ? '' : ` ${error}`} The previous version is still served.`,
  warnings: (publication, warnings) => `Vitrine ${publication}: published, with suspicious content. ${warnings}`,
  preparation: (publication, error) =>
    `Vitrine ${publication}: a step before the run failed, and the run goes on with what is there. ${error}`,
  undelivered: (variable, reason) => `${variable} was not reached: ${reason}.`,
}

export const english: Language = Object.freeze({
  locale: 'en-GB',
  // Swedish dates are those of ISO 8601.
  moment: (at: Date, zone: string) =>
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at),
  help: {
    usage: 'Usage:',
    commands: 'Commands:',
    options: 'Options:',
    examples: 'Examples:',
    environment: 'Environment:',
    exitStatuses: 'Exit statuses:',
    command: '<command>',
    parameters: '[options]',
    showHelp: 'show this help',
    showVersion: 'show the version',
    json: 'print the result as JSON on stdout, errors included',
    publication: 'module whose default export is the publication (default: vitrine.config.js here or above)',
    variables: {
      DATABASE_URL: 'the operational database; it is only read',
      METABASE_DATABASE_URL: 'the database that Metabase reads, with the writer role',
      METABASE_READER_URL: 'the same database with the reader role: for provision and doctor',
      METABASE_ADMIN_URL: 'the same database with a role that may create roles: for provision',
      VITRINE_PSEUDONYM_KEY: 'at least 32 random characters, if the publication uses pseudonyms',
      VITRINE_ALARM_WEBHOOK: 'gets each alarm by POST, such as the incoming webhook of a chat',
      VITRINE_ALARM_FORMAT: 'json (default): the whole alarm; chat: only a text, for Slack, Mattermost and their like',
      VITRINE_PING_URL: 'is fetched after each scheduled success: a dead man’s switch',
      VITRINE_HTTP_ADDRESS:
        'where schedule answers /health and /metrics: host:port, or a port on 127.0.0.1 (default: nowhere)',
    },
    statuses: {
      '0': 'done',
      '1': 'a case that the tool does not know',
      '2': 'the command line or a setting is wrong',
      '3': 'the publication is wrong',
      '4': 'a database cannot be reached',
      '5': 'a privilege is missing',
      '6': 'a database is not what was expected',
      '7': 'the data was refused; the previous version stays',
      '8': 'another run or session is in the way; try again',
      '9': 'the published version is too old',
      '130': 'interrupted',
    },
  },
  interrupted: 'Interrupting: the previous version stays. Once more to leave at once.',
  alarms,
})

/** A number with its English noun. */
export const counted = (value: number, noun: string): string => `${value} ${noun}${value === 1 ? '' : 's'}`

/** An instant on the clocks of a zone, and which zone. */
export const instant = (language: Language, at: Date, zone: string): string => `${language.moment(at, zone)} (${zone})`

/** A whole number with its thousands apart; a dash for what is not known. */
export const count = (language: Language, value: number | null): string =>
  value === null ? '–' : new Intl.NumberFormat(language.locale, { useGrouping: true }).format(value)

/** Megabytes of 10^6 bytes. */
export const megabytes = (language: Language, bytes: number): string =>
  `${new Intl.NumberFormat(language.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(bytes / 1e6)} MB`

/** Milliseconds below a second, seconds below a minute, then minutes and seconds. */
export function duration(language: Language, milliseconds: number): string {
  const format = (value: number, digits: number) =>
    new Intl.NumberFormat(language.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
      value,
    )
  if (milliseconds < 999.5) return `${format(milliseconds, 0)} ms`
  if (milliseconds < 59_950) return `${format(milliseconds / 1000, 1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${format(Math.floor(seconds / 60), 0)} min ${String(seconds % 60).padStart(2, '0')} s`
}
