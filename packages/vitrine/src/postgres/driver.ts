/**
 * The driver's client, configured with explicit fields only. The driver takes missing ones from PGPASSWORD, PGOPTIONS and
 * the like, and its main module reads NODE_PG_FORCE_NATIVE: so this file loads the client's module, and no other file loads it.
 */
/// <reference path="./pg-client.d.ts" />
import type { ClientConfig } from 'pg'
import Client from 'pg/lib/client.js'
import TypeOverrides from 'pg/lib/type-overrides.js'
import { VitrineError } from '../base/errors.ts'

const TIMESTAMPTZ = 1184
const parsers = new TypeOverrides()
const parseInstant = parsers.getTypeParser(TIMESTAMPTZ)
/** The driver returns null for an instant that it cannot parse, which we would read as "never". */
parsers.setTypeParser(TIMESTAMPTZ, (text) => {
  const instant = parseInstant(text)
  if (instant instanceof Date && !Number.isNaN(instant.getTime())) return instant
  throw new VitrineError('INTERNAL', { detail: 'An instant could not be read.' })
})

/** Given explicitly, the driver does not look for them in the environment. */
const NOT_FROM_ENVIRONMENT: ClientConfig = { client_encoding: 'UTF8' }

export class DriverClient extends Client {
  /** The backend that the server, or a pooler before it, announced at the login. */
  declare readonly processID: number

  /** Whether the login is bound to its TLS connection; known once the server asks for the password. */
  isBound = false

  constructor(config: ClientConfig) {
    super({ types: parsers, ...NOT_FROM_ENVIRONMENT, ...config })
    this.connection.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
      this.isBound = config.enableChannelBinding === true && mechanisms.includes('SCRAM-SHA-256-PLUS')
    })
  }

  /** The startup message. Other settings follow later, because poolers refuse parameters that they do not know. */
  getStartupConf(): Readonly<Record<string, string | undefined>> {
    return { user: this.user, database: this.database }
  }
}
