/** Database URLs: what is understood, and what is refused before any connection. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { addressUrl, parseAddress, printable } from '../../src/postgres/address.ts'

function refusal(url: string): string {
  try {
    parseAddress(url, 'METABASE_DATABASE_URL')
  } catch (error) {
    if (error instanceof VitrineError) return `${error.code} ${error.place}: ${error.detail}`
  }
  return 'accepted'
}

describe('an address', () => {
  test('has explicit fields', () => {
    const address = parseAddress(
      'postgresql://impact:p%40ss@db.example:5433/metabase-data?currentSchema=impact&sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3',
      'x',
    )
    expect({ ...address, password: address.password?.reveal() }).toEqual({
      host: 'db.example',
      port: 5433,
      database: 'metabase-data',
      user: 'impact',
      password: 'p@ss',
      sslMode: 'verify-full',
      sslRootCert: '/ca.pem',
      sslCert: null,
      sslKey: null,
      schema: 'impact',
      connectTimeoutSeconds: 3,
    })
  })

  test('has the defaults of libpq', () => {
    expect(parseAddress('postgres://u@[::1]/d', 'x')).toMatchObject({
      host: '::1',
      port: 5432,
      password: null,
      sslMode: 'prefer',
      schema: null,
    })
  })

  test('never prints its password', () => {
    const address = parseAddress('postgresql://u:hunter2@h/d', 'x')
    expect(
      `${inspect(address)} ${JSON.stringify(address)} ${printable(address)} ${String(address.password)}`,
    ).not.toContain('hunter2')
    expect(addressUrl(address)).toBe('postgresql://u:hunter2@h:5432/d')
  })

  test.each([
    ['nonsense', 'URL_INVALID METABASE_DATABASE_URL: It is not a URL.'],
    ['mysql://u:p@h/d', 'URL_INVALID METABASE_DATABASE_URL: It must begin with postgresql://.'],
    ['postgresql://u:p@/d', 'URL_INVALID METABASE_DATABASE_URL: It is not a URL.'],
    ['postgresql://h/d', 'URL_INVALID METABASE_DATABASE_URL: The user is missing.'],
    ['postgresql://u:p@h', 'URL_INVALID METABASE_DATABASE_URL: The database is missing.'],
    ['postgresql://u:p#q@h/d', 'URL_INVALID'],
    [
      'postgresql://u:p@h/d?sslmode=always',
      'URL_INVALID METABASE_DATABASE_URL: sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full.',
    ],
    [
      'postgresql://u:p@h/d?schema=impact',
      'URL_PARAMETER_UNKNOWN METABASE_DATABASE_URL: «schema» is not one of sslmode, sslrootcert, sslcert, sslkey, currentSchema, connect_timeout.',
    ],
    [
      'postgresql://u:p@h/d?currentSchema=a&currentSchema=b',
      'URL_INVALID METABASE_DATABASE_URL: «currentSchema» is given twice.',
    ],
    ['postgresql://u:p@h/d?currentSchema=', 'URL_INVALID METABASE_DATABASE_URL: «currentSchema» is empty.'],
    [
      'postgresql://u:p%zz@h/d',
      'URL_INVALID METABASE_DATABASE_URL: A % is not followed by two hexadecimal digits: percent-encode it as %25.',
    ],
    [
      'postgresql://u:p@h/d?connect_timeout=soon',
      'URL_INVALID METABASE_DATABASE_URL: connect_timeout must be a number of seconds.',
    ],
  ])('%s is refused', (url, expected) => {
    expect(refusal(url)).toContain(expected)
  })
})
