/** Database URLs: what is understood, and what is refused before any connection. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { type Address, addressUrl, parseAddress, printable } from '../../src/postgres/address.ts'

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
      sslDirect: false,
      channelBinding: false,
      serverRole: 'any',
      schema: 'impact',
      connectTimeoutSeconds: 3,
      applicationName: null,
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

  test.each<[string, string, Partial<Address>]>([
    [
      'Scalingo',
      'postgres://b_1:p@b-1.postgresql.dbs.scalingo.com:30987/b_1?sslmode=prefer',
      { port: 30987, sslMode: 'prefer' },
    ],
    ['Heroku', 'postgres://u:p@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d9', { database: 'd9' }],
    ['RDS', 'postgresql://u:p@x.rds.amazonaws.com/d?sslmode=verify-full&sslrootcert=/g.pem', { sslRootCert: '/g.pem' }],
    [
      'Neon',
      'postgresql://u:p@ep-a-1.eu.aws.neon.tech/d?sslmode=require&channel_binding=require',
      { channelBinding: true },
    ],
    ['Supabase', 'postgresql://postgres.ref:p@aws-0-eu.pooler.supabase.com:5432/postgres', { user: 'postgres.ref' }],
    ['Cloud SQL', 'postgresql://u:p@/d?host=/cloudsql/a:b:c', { host: '/cloudsql/a:b:c', port: 5432 }],
    ['Cloud SQL, as others write it', 'postgresql://u:p@localhost/d?host=/cloudsql/a:b:c', { host: '/cloudsql/a:b:c' }],
    ['a socket', 'postgresql://u:p@%2Frun%2Fpostgresql:5433/d', { host: '/run/postgresql', port: 5433 }],
    ['DigitalOcean', 'postgresql://u:p@x.db.ondigitalocean.com:25060/d?sslmode=require', { port: 25060 }],
    [
      'PlanetScale',
      'postgresql://u:p@h/d?sslnegotiation=direct&sslmode=verify-full&sslrootcert=system',
      { sslDirect: true },
    ],
    ['libpq', 'postgresql://u:p@h/d?sslrootcert=system', { sslMode: 'verify-full' }],
    ['libpq', 'postgresql://u:p@h/d?application_name=web&fallback_application_name=x', { applicationName: 'web' }],
    ['libpq', 'postgresql://u:p@h/d?target_session_attrs=read-write&gssencmode=disable', { serverRole: 'primary' }],
    ['a slash and an @ in names', 'postgresql://u%40x:p@h/a%2Fb', { user: 'u@x', database: 'a/b' }],
  ])('of %s is kept: %s', (_, url, expected) => {
    const address = parseAddress(url, 'x')
    expect(address).toMatchObject(expected)
    expect({ ...parseAddress(addressUrl(address), 'x'), password: null }).toMatchObject({
      ...{ host: address.host, port: address.port, database: address.database, user: address.user },
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
    ['postgresql://u:p/q@h/d', 'It is not a URL: percent-encode what is special in user and password'],
    ['postgresql://u:p@/d', 'URL_INVALID METABASE_DATABASE_URL: The host is missing.'],
    ['postgresql:///d?host=/run/postgresql', 'URL_INVALID METABASE_DATABASE_URL: The user is missing.'],
    ['postgresql://h/d', 'URL_INVALID METABASE_DATABASE_URL: The user is missing.'],
    ['postgresql://u:p@h', 'URL_INVALID METABASE_DATABASE_URL: The database is missing.'],
    ['postgresql://u:p#q@h/d', 'URL_INVALID'],
    [
      'postgresql://u:p@h/d?sslmode=always',
      'URL_INVALID METABASE_DATABASE_URL: sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full.',
    ],
    [
      'postgresql://u:p@h/d?schema=impact',
      'URL_PARAMETER_UNKNOWN METABASE_DATABASE_URL: «schema» cannot be kept: write currentSchema.',
    ],
    [
      'postgresql://u:p@h/d?sslmod=require',
      '«sslmod» is not one of sslmode, sslrootcert, sslcert, sslkey, sslnegotiation, ',
    ],
    ['postgresql://u:p@h/d?constructor=1', '«constructor» is not one of sslmode, '],
    ['postgresql://u:p@h/d?options=-c%20datestyle%3DGerman', '«options» cannot be kept: give the settings to the role'],
    ['postgresql://u:p@h:6543/d?pgbouncer=true', '«pgbouncer» cannot be kept: it marks the URL of a pooler'],
    ['postgresql://u:p@h/d?ssl=true', '«ssl» cannot be kept: write sslmode=require'],
    ['postgresql://h/d?user=u&password=p', '«user» cannot be kept: write it before the question mark'],
    ['postgresql://u:p@h/d?service=prod', '«service» cannot be kept: no file is read'],
    ['postgresql://u:p@a,b/d', 'It names several hosts: name one'],
    ['postgresql://u:p@a:5432,b:5433/d?target_session_attrs=primary', 'It names several hosts: name one'],
    ['postgresql://u:p@/d?host=a,b', 'It names several hosts: name one'],
    ['postgresql://u:p@h/d/', 'The database is followed by a slash: remove it.'],
    ['postgresql://u:p@h/d/e', 'The name of the database holds a slash: percent-encode it as %2F.'],
    ['postgresql+psycopg://u:p@h/d', 'It must begin with postgresql://.'],
    ['jdbc:postgresql://h/d?user=u', 'It must begin with postgresql://.'],
    ['postgresql://u:p@h/d?sslmode=require&sslrootcert=system', 'sslrootcert=system needs sslmode=verify-full.'],
    ['postgresql://u:p@h/d?sslcert=/c.pem', 'sslcert and sslkey are given together.'],
    ['postgresql://u:p@h/d?sslnegotiation=direct', 'sslnegotiation=direct needs sslmode=require or more.'],
    ['postgresql://u:p@h/d?gssencmode=require', 'gssencmode must be one of disable, prefer.'],
    ['postgresql://u:p@h/d?channel_binding=yes', 'channel_binding must be one of disable, prefer, require.'],
    ['postgresql://u:p@h/d?target_session_attrs=master', 'target_session_attrs must be one of any, '],
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
