/** A server with TLS whose pg_hba.conf lets each role in one way only: what works, and what each refusal says. */
import { execFileSync } from 'node:child_process'
import { chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { asVitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { parseAddress } from '../../src/postgres/address.ts'
import { connect } from '../../src/postgres/connect.ts'

const folder = mkdtempSync(join(tmpdir(), 'vitrine-tls-'))
const file = (name: string) => join(folder, name)
let server: EmbeddedServer

beforeAll(async () => {
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
  execFileSync(
    'openssl',
    [...request, '-addext', 'subjectAltName=DNS:localhost', '-keyout', file('key'), '-out', file('cert')],
    {
      stdio: 'ignore',
    },
  )
  writeFileSync(file('text'), 'not a certificate')
  server = await startServer({ dataDirectory: serverHome(file('server')), ephemeral: true })
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database: 'postgres' })
  await client.connect()
  const { rows } = await client.query<{ hba_file: string }>('show hba_file')
  const hba = rows[0]?.hba_file ?? ''
  const { uid, gid } = statSync(hba)
  for (const name of ['key', 'cert']) {
    copyFileSync(file(name), join(hba, '..', name))
    chownSync(join(hba, '..', name), uid, gid)
  }
  const lines = ['hostssl all only_tls', 'hostnossl all only_plain', `host all ${user}`]
  writeFileSync(hba, lines.map((line) => `${line} 127.0.0.1/32 scram-sha-256\n`).join(''))
  for (const role of ['only_tls', 'only_plain', 'nobody_here'])
    await client.query(`create role ${role} login password 'right'`)
  await client.query("alter system set ssl_key_file = 'key'")
  await client.query("alter system set ssl_cert_file = 'cert'")
  await client.query('alter system set ssl = on')
  await client.query('select pg_reload_conf()')
  await client.end()
  await vi.waitUntil(async () => (await login('only_tls:right', 'sslmode=require')) === 'in', { timeout: 300_000 })
})
afterAll(async () => {
  await server.stop('immediate')
  rmSync(folder, { recursive: true, force: true })
})

async function login(who: string, parameters: string): Promise<string> {
  const address = parseAddress(`postgresql://${who}@127.0.0.1:${server.port}/postgres?${parameters}`, 'x')
  const limits = { ...DEFAULT_LIMITS, connectTimeoutMs: 5_000 }
  try {
    await (await connect(address, { side: 'source', name: 't', limits })).end()
    return 'in'
  } catch (thrown) {
    const { code, detail } = asVitrineError(thrown)
    return `${code} ${detail}`
  }
}

const NO_LINE = 'The pg_hba.conf of the server has no line for this role, database and host'
test.each([
  ['only_tls:right', 'sslmode=disable', `TLS_FAILED ${NO_LINE} without TLS.`],
  ['only_tls:right', 'sslmode=allow', 'in'],
  ['only_tls:right', 'sslmode=prefer', 'in'],
  ['only_tls:right', 'sslmode=require&channel_binding=require', 'in'],
  ['only_tls:right', 'sslmode=require&sslnegotiation=direct', 'in'],
  ['only_tls:right', 'sslmode=verify-ca&sslrootcert=CERT', 'in'],
  [
    'only_tls:right',
    'sslmode=verify-full&sslrootcert=CERT',
    'TLS_FAILED The certificate was not accepted (ERR_TLS_CERT_ALTNAME_INVALID).',
  ],
  [
    'only_tls:right',
    'sslrootcert=system',
    'TLS_FAILED The certificate was not accepted (DEPTH_ZERO_SELF_SIGNED_CERT).',
  ],
  [
    'only_tls:right',
    'sslmode=verify-ca&sslrootcert=TEXT',
    'TLS_FAILED The file of sslrootcert is not a PEM file with a certificate.',
  ],
  [
    'only_tls:right',
    'sslmode=require&sslcert=CERT&sslkey=CERT',
    'TLS_FAILED The file of sslkey is not a PEM file with a private key.',
  ],
  [
    'only_tls:wrong',
    'sslmode=require',
    'AUTHENTICATION_FAILED The server says: password authentication failed for user "only_tls". SQLSTATE 28P01.',
  ],
  [
    'only_tls:wrong',
    'sslmode=prefer',
    'AUTHENTICATION_FAILED The server says: password authentication failed for user "only_tls". SQLSTATE 28P01.',
  ],
  ['only_plain:right', 'sslmode=prefer', 'in'],
  ['only_plain:right', 'sslmode=require', `AUTHENTICATION_FAILED ${NO_LINE}.`],
  [
    'only_plain:right',
    'channel_binding=require',
    'TLS_FAILED The login cannot be bound to TLS, and channel_binding is require.',
  ],
  ['nobody_here:right', 'sslmode=prefer', `AUTHENTICATION_FAILED ${NO_LINE}.`],
  ['only_tls:right', 'sslmode=require&target_session_attrs=primary', 'in'],
  [
    'only_tls:right',
    'sslmode=require&target_session_attrs=standby',
    'CONNECTION_FAILED It is a primary, and target_session_attrs asks for another.',
  ],
])('%s with %s', async (who, parameters, expected) => {
  expect(await login(who, parameters.replaceAll('CERT', file('cert')).replaceAll('TEXT', file('text')))).toBe(expected)
})
