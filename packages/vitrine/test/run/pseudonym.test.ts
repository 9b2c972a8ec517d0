/** Pseudonyms join where their domain is the same, and are made with one key until somebody says otherwise. */
import { createHmac, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requireStrongKey } from '../../src/base/key-strength.ts'
import { Secret } from '../../src/base/secret.ts'
import {
  because,
  bigint,
  checkPublication,
  from,
  indirect,
  open,
  personal,
  pseudonym,
  register,
  uuid,
} from '../../src/index.ts'
import { KEY, type ShopRoles, shop, source } from '../publication/shop.ts'
import { Installation } from './installation.ts'

const people = from(source.selectFrom('customer as c')).publish('people', 'A person.', ({ ref }) => ({
  id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
  plain: uuid(pseudonym(ref('c.email')), 'No domain'),
  person: uuid(pseudonym(ref('c.email'), 'person'), 'One domain'),
  same: uuid(pseudonym(ref('c.email'), 'person'), 'The same'),
  other: uuid(pseudonym(ref('c.email'), 'other'), 'Another'),
}))
const publish = (roles: ShopRoles) => shop(roles, [people])

let installation: Installation
beforeAll(async () => {
  installation = await Installation.create(18, 20, publish)
  await installation.run()
})
afterAll(() => installation.drop())

interface Person {
  readonly email: string
  readonly plain: string
  readonly person: string
  readonly same: string
  readonly other: string
}
const published = async () => (await installation.look<Person>('select * from shop.people where id = 1'))[0] as Person // sound because it was published.

test('columns of one domain join, those of two do not, and without one nothing has changed', async () => {
  const { plain, person, same, other } = await published()
  expect([person === same, new Set([plain, person, other]).size]).toEqual([true, 3])
  const bytes = createHmac('sha256', KEY).update('person1@example.org').digest('hex')
  // The version and the variant of a UUID take six bits.
  expect(plain.replaceAll('-', '').replace(/^(.{12}).(.{3})./, '$1_$2_')).toBe(
    bytes.slice(0, 32).replace(/^(.{12}).(.{3})./, '$1_$2_'),
  )
})

describe.sequential('another key', () => {
  const other = new Secret(randomBytes(32).toString('hex'))
  const runs = async () => (await installation.look('select from vitrine.run')).length

  test('is refused before anything is touched; the record has no key', async () => {
    const [before, first] = [await runs(), await published()]
    expect((await installation.failure({ pseudonymKey: other })).code).toBe('PSEUDONYM_KEY_OTHER')
    expect((await installation.failure({ pseudonymKey: other, rotateKey: true, only: ['people'] })).code).toBe('USAGE')
    expect([await runs(), await published()]).toEqual([before, first])
    const [record] = await installation.look<{ key: string }>(
      'select pseudonym_key as key from vitrine.version where not kept',
    )
    expect(record?.key).toMatch(/^[0-9a-f]{32}$/)
    expect(KEY).not.toContain(record?.key)
  })

  test('is taken once, when it is said, and is then the one', async () => {
    const first = await published()
    await installation.run({ pseudonymKey: other, rotateKey: true, dryRun: true })
    expect((await installation.failure({ pseudonymKey: other })).code).toBe('PSEUDONYM_KEY_OTHER')
    await installation.run({ pseudonymKey: other, rotateKey: true })
    expect((await published()).person).not.toBe(first.person)
    await installation.run({ pseudonymKey: other })
    expect((await installation.failure()).code).toBe('PSEUDONYM_KEY_OTHER')
  })

  test('after a rollback to a version of the former key, that one is the one again', async () => {
    await installation.run({ rotateKey: true })
    await installation.rollBack()
    expect((await installation.failure()).code).toBe('PSEUDONYM_KEY_OTHER')
    await installation.run({ pseudonymKey: other })
  })
})

describe('a key that can be guessed', () => {
  test.each([
    'a'.repeat(40),
    'tooshort8f3Kq0vZpL7xWb2T',
    '0123456789abcdef0123456789abcdef',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'correct-horse-battery-staple-tomorrow',
    'ThisIsMyVerySecretVitrinePassphrase2026!',
    'changeme-changeme-changeme-changeme',
    'le-mot-de-passe-tres-secret-de-la-vitrine',
    'azertyuiopqsdfghjklmwxcvbn1234567890',
    '8f3K8f3K8f3K8f3K8f3K8f3K8f3K8f3K',
  ])('is refused, without a word of it: %#', async (key) => {
    const error = await installation.failure({ pseudonymKey: new Secret(key) })
    expect([error.code, error.remedy]).toEqual(['PSEUDONYM_KEY_WEAK', expect.stringContaining('openssl rand -hex 32')])
    expect(`${error.message}${error.detail}`).not.toContain(key)
  })

  test('is none that the command of the remedy makes', () => {
    for (let time = 0; time < 500; time++) requireStrongKey(randomBytes(32).toString('hex'))
  })
})

describe('check', () => {
  const small = register('public', {
    person: {
      id: indirect.bigint,
      reference: personal.text,
      telephone: personal.text,
      siren: personal.varchar(9),
      born: personal.date,
      number: indirect.integer,
      code: open.varchar(14),
    },
  })
  const warningsOf = async (columns: readonly string[], domain?: string) => {
    const table = from(small.selectFrom('person as p')).publish('people', 'A person.', ({ ref }) => ({
      id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
      ...Object.fromEntries(
        // sound because each is one of the columns below.
        columns.map((name) => [name, uuid(pseudonym(ref(`p.${name as 'code'}`), domain), 'Pseudonym')]),
      ),
    }))
    const publication = { ...shop({ writer: 'w', reader: 'r' }, [table]), source: small }
    const { problems, warnings } = await checkPublication(publication)
    expect(problems.filter(({ detail }) => !/personal/.test(detail))).toEqual([])
    return warnings.map(({ place, detail }) => `${place}: ${detail}`)
  }

  test('warns of values that can be tried one by one', async () => {
    for (const name of ['telephone', 'siren', 'born', 'number', 'code']) {
      expect(await warningsOf([name])).toEqual([
        expect.stringContaining(`people.${name}: person.${name} can take few values`),
      ])
    }
    expect(await warningsOf(['reference'])).toEqual([])
  })

  test('warns of two columns that join without being said to', async () => {
    expect((await warningsOf(['reference', 'code'])).at(-1)).toContain('have no domain')
    expect((await warningsOf(['reference', 'code'], 'person')).filter((text) => text.includes('domain'))).toEqual([])
  })
})
