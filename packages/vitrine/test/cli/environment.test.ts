import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { type ConnectionNeeds, type Environment, parseSettings } from '../../src/cli/environment.ts'
import { printable } from '../../src/postgres/address.ts'
import { shop } from '../publication/shop.ts'

const publication = shop({ writer: 'impact', reader: 'metabase' })
const SOURCE = 'postgresql://app:source-secret@source.test:5432/app'
const TARGET = 'postgresql://impact:target-secret@target.test:5432/metabase-data?currentSchema=shop'
const both = { source: 'required', target: 'required' } as const

/** What an error says: its own code, then place and detail of each problem. */
function refusal(environment: Environment, needs: ConnectionNeeds): readonly string[] {
  try {
    parseSettings(environment, needs, publication)
    return ['nothing']
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error
    const own = [error.code, error.place].filter(Boolean).join(' ')
    return [own, ...error.problems.map(({ place, detail, remedy }) => `${place}: ${detail} → ${remedy}`)]
  }
}

describe('settings that are understood', () => {
  test('every variable, and only what is needed', () => {
    const environment = {
      DATABASE_URL: SOURCE,
      DATABASE_ADMIN_URL: SOURCE,
      METABASE_DATABASE_URL: TARGET,
      METABASE_READER_URL: 'postgresql://metabase:reader-secret@target.test/metabase-data',
      METABASE_ADMIN_URL: 'postgresql://postgres:admin-secret@target.test/metabase-data',
      METABASE_SOURCE_URL: 'postgresql://metabase:seen-secret@inside.test/metabase-data',
      METABASE_URL: 'https://metabase.test/bi/',
      METABASE_API_KEY: 'mb_key-secret@=',
      METABASE_ADMIN_EMAIL: 'a@b.test',
      METABASE_ADMIN_PASSWORD: 'login-secret@',
      VITRINE_PSEUDONYM_KEY: '8f3Kq0vZpL7xWb2TnYc5RmHd9sGjUe4A',
      VITRINE_ALARM_WEBHOOK: 'https://chat.test/hooks/webhook-secret@',
      VITRINE_PING_URL: 'https://ping.test/ping-secret@',
      VITRINE_ALARM_FORMAT: 'chat',
      VITRINE_ALARM_SMTP_URL: 'smtps://alarm:mail-secret%40@mail.test:465',
      VITRINE_ALARM_MAIL_FROM: 'vitrine@mail.test',
      VITRINE_ALARM_MAIL_TO: 'team@mail.test, boss@mail.test',
      VITRINE_HTTP_ADDRESS: '9187',
    }
    const optional = {
      sourceAdmin: 'optional',
      reader: 'optional',
      admin: 'optional',
      seen: 'optional',
      metabase: 'optional',
    } as const
    const settings = parseSettings(environment, { ...both, ...optional }, publication)
    const shown = (value: unknown) => {
      if (Array.isArray(value)) return value.map(({ variable }) => variable)
      if (typeof value !== 'object' || value === null) return value
      return 'host' in value ? '' : 'url' in value ? value.url : value
    }
    expect(Object.entries(settings).map(([name, value]) => `${name} ${shown(value)}`)).toEqual([
      'source ',
      'sourceAdmin ',
      'target ',
      'reader ',
      'admin ',
      'seen ',
      'metabase https://metabase.test/bi',
      'pseudonymKey [secret]',
      'alarms VITRINE_ALARM_WEBHOOK,VITRINE_ALARM_SMTP_URL,VITRINE_PING_URL',
      'http ',
    ])
    expect(settings.http).toEqual({ host: '127.0.0.1', port: 9187 })
    expect(printable(settings.target)).toBe('impact@target.test:5432/metabase-data')
    expect(Object.isFrozen(settings)).toBe(true)
    expect(`${inspect(settings, { depth: 9 })} ${JSON.stringify(settings)}`).not.toMatch(
      /-secret@|-secret'|-secret"|kkk/,
    )
    expect(parseSettings(environment, {}, publication)).toMatchObject({ source: null, target: null, reader: null })
  })

  test('an optional connection may be absent, an empty variable is an absent one', () => {
    expect(parseSettings({ DATABASE_URL: '  ' }, { source: 'optional' }, publication).source).toBeNull()
  })

  test.each([
    'METABASE_VERSION',
    'METABASE_DEBUG_SYNC',
    'METABASE_DEBUG_SKIP_STEPS',
    'METABASE_NB_ASYNC_CALLS',
    'METABASE_SITE_URL',
    'MB_DB_CONNECTION_URI',
    'DATABASE_URLS',
    'HOME',
  ])('%s is not ours', (name) => {
    expect(refusal({ [name]: 'x' }, {})).toEqual(['nothing'])
  })
})

const TABLE: readonly (readonly [string, Environment, ConnectionNeeds, readonly string[]])[] = [
  ['no target: never the source instead', { DATABASE_URL: SOURCE }, both, ['TARGET_URL_MISSING METABASE_DATABASE_URL']],
  ['no source', { METABASE_DATABASE_URL: TARGET }, both, ['SOURCE_URL_MISSING DATABASE_URL']],
  [
    'neither',
    {},
    both,
    [
      'SETTINGS_INVALID',
      'DATABASE_URL: No source database is named. → Set DATABASE_URL to the operational database.',
      'METABASE_DATABASE_URL: No target database is named. → Set METABASE_DATABASE_URL to the database that Metabase reads, with the writer role.',
    ],
  ],
  [
    'a misspelt target beside a missing one',
    { DATABASE_URL: SOURCE, METABASE_DATABASE_URI: TARGET },
    both,
    [
      'SETTINGS_INVALID',
      'METABASE_DATABASE_URL: No target database is named. → Set METABASE_DATABASE_URL to the database that Metabase reads, with the writer role.',
      'METABASE_DATABASE_URI: this variable is not known → did you mean METABASE_DATABASE_URL?',
    ],
  ],
  [
    'an unknown parameter',
    { DATABASE_URL: `${SOURCE}?schema=x` },
    { source: 'optional' },
    ['URL_PARAMETER_UNKNOWN DATABASE_URL'],
  ],
  ['no URL at all', { DATABASE_URL: 'source-secret' }, { source: 'optional' }, ['URL_INVALID DATABASE_URL']],
  [
    'another schema than the publication’s',
    { METABASE_DATABASE_URL: TARGET.replace('=shop', '=public') },
    { target: 'required' },
    [
      'SETTINGS_INVALID',
      'METABASE_DATABASE_URL: currentSchema is public, and the schema of the publication shop is shop → write currentSchema=shop, or leave it out',
    ],
  ],
  [
    'the same database by the same name',
    { DATABASE_URL: SOURCE, METABASE_DATABASE_URL: 'postgres://impact@SOURCE.test/app' },
    both,
    ['TARGET_IS_SOURCE METABASE_DATABASE_URL'],
  ],
  [
    'a reader that is not the reader, in another database',
    { METABASE_DATABASE_URL: TARGET, METABASE_READER_URL: 'postgres://impact:x@target.test/other' },
    { target: 'required', reader: 'optional' },
    [
      'SETTINGS_INVALID',
      'METABASE_READER_URL: it logs in as impact, and the reader of the publication is metabase → write the role metabase into the URL',
      'METABASE_READER_URL: it names the database other, and METABASE_DATABASE_URL names metabase-data → name the same database in both',
    ],
  ],
  [
    'a Metabase that is none, a key that is none, half a login',
    { METABASE_URL: 'metabase.test', METABASE_API_KEY: 'mb\nsecret', METABASE_ADMIN_EMAIL: 'a@b.test' },
    { metabase: 'required' },
    [
      'SETTINGS_INVALID',
      'METABASE_URL: it is not a URL of the form https://host/path → copy it whole, without a user',
      'METABASE_API_KEY: it is not a key → copy it whole',
      'METABASE_ADMIN_PASSWORD: it is missing beside the other → set both, or none',
    ],
  ],
  [
    'no Metabase where one is needed',
    {},
    { metabase: 'required' },
    [
      'SETTINGS_INVALID',
      'METABASE_URL: it is missing → set it to the address of Metabase, such as https://metabase.example.org',
    ],
  ],
  [
    'a short key and variables that nobody knows',
    { VITRINE_PSEUDONYM_KEY: 'too-short-secret', VITRINE_PSEUDONIM_KEY: 'x', METABASE_READR_URL: 'x' },
    {},
    [
      'SETTINGS_INVALID',
      'VITRINE_PSEUDONYM_KEY: The key of the pseudonyms can be guessed. It has 16 characters, and 32 are wanted. → Make one with: openssl rand -hex 32',
      'METABASE_READR_URL: this variable is not known → did you mean METABASE_READER_URL?',
      'VITRINE_PSEUDONIM_KEY: this variable is not known → did you mean VITRINE_PSEUDONYM_KEY?',
    ],
  ],
  [
    'channels with several mistakes',
    {
      VITRINE_ALARM_WEBHOOK: 'ftp://host/webhook-secret',
      VITRINE_ALARM_FORMAT: 'xml',
      VITRINE_ALARM_SMTP_URL: 'smtp://alarm:mail-secret@mail.test/?pool=true',
      VITRINE_ALARM_MAIL_TO: 'team@mail.test, The Boss <boss@mail.test>',
    },
    {},
    [
      'SETTINGS_INVALID',
      'VITRINE_ALARM_FORMAT: it is not a format of alarms → write json or chat',
      'VITRINE_ALARM_WEBHOOK: it is not a URL of the form https://host/path → copy it whole, without a user',
      'VITRINE_ALARM_MAIL_FROM: it is missing beside the others for e-mail → set VITRINE_ALARM_SMTP_URL, VITRINE_ALARM_MAIL_FROM, VITRINE_ALARM_MAIL_TO',
      'VITRINE_ALARM_SMTP_URL: it is not a URL of the form smtps://user:password@host:port → percent-encode special characters',
      'VITRINE_ALARM_MAIL_TO: it is no address of the form name@host → write the bare address',
    ],
  ],
  ...['localhost', '127.0.0.1:65536'].map((address) => {
    const said = 'VITRINE_HTTP_ADDRESS: it is not an address to listen at → write host:port, such as 127.0.0.1:9187'
    return [`${address} to listen at`, { VITRINE_HTTP_ADDRESS: address }, {}, ['SETTINGS_INVALID', said]] as const
  }),
  ...['not a url', 'https://user:webhook-secret@host/'].map((url) => {
    const said = 'VITRINE_PING_URL: it is not a URL of the form https://host/path → copy it whole, without a user'
    return [`${url} to fetch`, { VITRINE_PING_URL: url }, {}, ['SETTINGS_INVALID', said]] as const
  }),
]

describe('settings that are refused, all problems at once', () => {
  test.each(TABLE)('%s', (_, environment, needs, expected) => {
    const said = refusal(environment, needs)
    expect(said).toEqual(expected)
    expect(said.join()).not.toContain('-secret')
  })
})
