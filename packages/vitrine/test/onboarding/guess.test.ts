/** What is guessed of a column: personal unless its type or a key says otherwise, and only ever stricter than that. */
import { describe, expect, test } from 'vitest'
import { exampleOf } from '../../src/onboarding/example.ts'
import { guessOf } from '../../src/onboarding/guess.ts'
import { looksOf, type SurveyedColumn, type SurveyedTable } from '../../src/onboarding/survey.ts'
import { wordsOf } from '../../src/onboarding/vocabulary.ts'
import { PRIVACY_CLASSES } from '../../src/publication/privacy.ts'

const column = (name: string, type: string, facts: Partial<SurveyedColumn> = {}): SurveyedColumn => ({
  column: name,
  name: type,
  element: null,
  isText: ['text', 'character varying', 'citext'].includes(type),
  length: null,
  fullName: type,
  isNullable: true,
  isReadable: true,
  isGenerated: false,
  isEnum: false,
  comment: null,
  isDistinct: false,
  extension: null,
  extensionSchema: null,
  looks: null,
  ...facts,
})
const table = (columns: readonly SurveyedColumn[], facts: Partial<SurveyedTable> = {}): SurveyedTable => ({
  ...{ schema: 'public', name: 't', rows: 10, bytes: 0, isReadable: true, hidesRows: false },
  ...{ primaryKey: ['id'], references: [{ columns: ['address_id'], table: 'address', to: ['id'] }] },
  columns,
  ...facts,
})
const guess = (name: string, type: string, facts: Partial<SurveyedColumn> = {}) => {
  const one = column(name, type, facts)
  return guessOf(one, table([one]))
}

describe('by type and key', () => {
  test.each([
    ['id', 'bigint', 'indirect', 'a key'],
    ['address_id', 'uuid', 'indirect', 'a key'],
    ['reference', 'uuid', 'personal', 'may hold anything'],
    ['anything', 'text', 'personal', 'may hold anything'],
    ['anything', 'jsonb', 'personal', 'may hold anything'],
    ['anything', 'inet', 'personal', 'may hold anything'],
    ['amount', 'numeric', 'indirect', 'a number'],
    ['created_at', 'timestamp with time zone', 'indirect', 'a date'],
    ['active', 'boolean', 'indirect', 'true or false'],
  ])('%s %s is %s: %s', (name, type, privacy, why) => {
    expect(guess(name, type)).toEqual({ privacy, why })
  })

  test('a text that is a key may be a name', () => {
    expect(guess('id', 'text').privacy).toBe('personal')
  })
})

test('the example joins by no key that may be a name, because a personal value chooses no rows', () => {
  const reference = (type: string) => {
    const driver = table([column('badge', type)], { name: 'driver', primaryKey: ['badge'], references: [] })
    const references = [{ columns: ['driver'], table: 'driver', to: ['badge'] }]
    const parcel = table([column('id', 'uuid'), column('driver', type)], { name: 'parcel', references })
    return exampleOf([driver, parcel], 'x', 'UTC', './register.mjs')?.made.length
  }
  expect([reference('bigint'), reference('text')]).toEqual([2, 1])
})

describe('names, English and French, in any case', () => {
  test.each([
    ...[
      'password',
      'motDePasse',
      'API_KEY',
      'resetToken',
      'twoFactorBackupCodes',
      'mdp',
      'jeton',
      'cleApi',
      'otp_secret',
    ].map((name) => [name, 'secret'] as const),
    ...[
      'birth_date',
      'dateNaissance',
      'phone1',
      'PhoneNumber',
      'sexe',
      'latitude',
      'salaire',
      'NIR',
      'âge_sante',
      'tax_id',
    ].map((name) => [name, 'personal'] as const),
    ...['quantity', 'email_id', 'session_id', 'hours', 'passenger_count', 'named'].map(
      (name) => [name, 'indirect'] as const,
    ),
  ])('the number %s is %s', (name, privacy) => {
    expect(guess(name, 'integer').privacy).toBe(privacy)
  })

  test('are taken apart at underscores and capitals', () => {
    expect(wordsOf('HTTPServer_adresseÉlève2')).toEqual(['http', 'server', 'adresse', 'eleve'])
  })
})

describe('comments, statistics and samples', () => {
  test.each([
    [{ comment: 'Donnée nominative' }, 'personal'],
    [{ comment: 'the API token' }, 'secret'],
    [{ comment: 'open data, published' }, 'indirect'],
    [{ isDistinct: true }, 'personal'],
    [{ isGenerated: true }, 'secret'],
    [{ looks: 'card number' }, 'personal'],
    [{ looks: 'token' }, 'secret'],
  ] as const)('%o makes a number %s', (facts, privacy) => {
    expect(guess('quantity', 'integer', facts).privacy).toBe(privacy)
  })

  test('never make a guess looser', () => {
    const types = ['text', 'integer', 'date', 'boolean', 'uuid', 'numeric']
    const names = ['x', 'id', 'public_open_data', 'password', 'birth']
    const facts: Partial<SurveyedColumn>[] = [
      {},
      { comment: 'open' },
      { isDistinct: true },
      { looks: 'IBAN' },
      { isEnum: true },
    ]
    const rank = (privacy: (typeof PRIVACY_CLASSES)[number]) => PRIVACY_CLASSES.indexOf(privacy)
    for (const type of types) {
      for (const name of names) {
        const ranks = facts.slice(0, 4).map((each) => rank(guess(name, type, each).privacy))
        expect(Math.min(...ranks)).toBe(ranks[0])
        expect(Math.min(...ranks)).toBeGreaterThanOrEqual(rank('indirect'))
      }
    }
  })

  test.each([
    [['$2a$12$abcdefghijklmnopqrstuv'], 'password hash'],
    [['4f1d2c3b4a5968776655443322110099', 'a94a8fe5ccb19ba61c4c0873d391e987'], 'token'],
    [['7ca06751-1258-47d9-9eae-000000000000'], null],
    [['somebody@example.org', 'x'], 'e-mail address'],
    [['Text', ''], null],
    [[], null],
  ])('%j look like %s', (values, looks) => {
    expect(looksOf(values)).toBe(looks)
  })
})
