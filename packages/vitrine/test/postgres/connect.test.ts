/** Connections that cannot be had, and the one that must not be: each is a clear error before anything is touched. */
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { asVitrineError, VitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { type Address, parseAddress } from '../../src/postgres/address.ts'
import { connect, type Session, type Side } from '../../src/postgres/connect.ts'
import { identityOf, refuseSameDatabase } from '../../src/postgres/identity.ts'

const open = (address: Address, side: Side = 'target'): Promise<Session> =>
  connect(address, { side, name: 'test', limits: DEFAULT_LIMITS, readOnly: false, searchPath: [] })

async function refusal(address: Address): Promise<VitrineError> {
  try {
    await (await open(address)).end()
  } catch (error) {
    return asVitrineError(error)
  }
  throw new Error('the connection was expected to fail')
}

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let role: TestRole
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'connect')
    role = await database.createRole('someone')
  })
  afterAll(() => database.drop([role]))

  test.each<[string, (address: Address) => Address, Partial<VitrineError>]>([
    [
      'a wrong password',
      (a) => ({ ...a, password: parseAddress('postgresql://u:wrong@h/d', 'x').password }),
      { code: 'AUTHENTICATION_FAILED' },
    ],
    ['no password', (a) => ({ ...a, password: null }), { code: 'AUTHENTICATION_FAILED' }],
    ['an unknown role', (a) => ({ ...a, user: 'nobody_here' }), { code: 'AUTHENTICATION_FAILED' }],
    ['an unknown database', (a) => ({ ...a, database: 'nowhere' }), { code: 'DATABASE_MISSING' }],
    ['a server that is away', (a) => ({ ...a, port: 1 }), { code: 'CONNECTION_FAILED' }],
    ['a host that does not exist', (a) => ({ ...a, host: 'nowhere.invalid' }), { code: 'CONNECTION_FAILED' }],
    [
      'TLS that the server refuses',
      (a) => ({ ...a, sslMode: 'require' }),
      { code: 'TLS_FAILED', detail: 'The server refuses TLS, and sslmode is require.' },
    ],
    [
      'a certificate file that is not there',
      (a) => ({ ...a, sslMode: 'verify-full', sslRootCert: '/no/such/file' }),
      { code: 'TLS_FAILED', detail: 'The file of sslrootcert cannot be read.' },
    ],
  ])('%s', async (_, change, expected) => {
    const error = await refusal(change(database.address(role)))
    expect(error).toMatchObject(expected)
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(role.password)
  })

  test('a server that accepts and says nothing, or speaks something else', async () => {
    const servers: Server[] = []
    const listen = (answer: string | null): Promise<number> =>
      new Promise((resolve) => {
        const server = createServer((socket) => {
          socket.on('error', () => undefined)
          if (answer !== null) socket.write(answer)
        })
        servers.push(server)
        server.listen(0, '127.0.0.1', () => {
          const bound = server.address()
          resolve(typeof bound === 'object' && bound !== null ? bound.port : 0)
        })
      })
    const address: Address = { ...database.address(role), sslMode: 'disable', connectTimeoutSeconds: 1 }
    expect((await refusal({ ...address, port: await listen(null) })).code).toBe('CONNECTION_FAILED')
    expect(['CONNECTION_FAILED', 'CONNECTION_LOST']).toContain(
      (await refusal({ ...address, port: await listen('HTTP/1.1 400 Bad Request\r\n\r\n') })).code,
    )
    for (const server of servers) server.close()
  })

  test('sslmode prefer and allow fall back to what the server accepts', async () => {
    for (const sslMode of ['prefer', 'allow', 'disable'] as const) {
      const session = await open({ ...database.address(role), sslMode })
      expect(await session.query('select 1 as one')).toEqual([{ one: 1 }])
      await session.end()
    }
  })

  test('the target is not the source, also by another host name', async () => {
    const [one, other] = [
      await open(database.address(role), 'source'),
      await open({ ...database.address(role), host: 'localhost' }),
    ]
    const error = await refuseSameDatabase(one, other).catch(asVitrineError)
    expect(error).toMatchObject({ code: 'TARGET_IS_SOURCE' })
    const elsewhere = await TestDatabase.create(version, 'elsewhere')
    const third = await open(elsewhere.address())
    await expect(refuseSameDatabase(one, third)).resolves.toEqual(await identityOf(one))
    expect(error).toBeInstanceOf(VitrineError)
    await Promise.all([one, other, third].map((session) => session.end()))
    await elsewhere.drop()
  })
})
