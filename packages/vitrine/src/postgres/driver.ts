/**
 * The driver's client, made of explicit fields alone. The driver would fill what is missing from PGPASSWORD, PGOPTIONS and
 * their like, and its entrance reads NODE_PG_FORCE_NATIVE: so this file, which alone loads it, loads its client.
 */
/// <reference path="./pg-client.d.ts" />
import type { ClientConfig } from 'pg'
import Client from 'pg/lib/client.js'
import TypeOverrides from 'pg/lib/type-overrides.js'
import { VitrineError } from '../base/errors.ts'

const TIMESTAMPTZ = 1184
const parsers = new TypeOverrides()
const parseInstant = parsers.getTypeParser(TIMESTAMPTZ)
/** An instant that the driver does not understand would be null, and pass for "never". */
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

  /** Whether the login is bound to its TLS connection: known when the password is asked for. */
  isBound = false

  constructor(config: ClientConfig) {
    super({ types: parsers, ...NOT_FROM_ENVIRONMENT, ...config })
    this.connection.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
      this.isBound = config.enableChannelBinding === true && mechanisms.includes('SCRAM-SHA-256-PLUS')
    })
  }

  /** What the driver sends first. All else is set later: poolers refuse what they do not know. */
  getStartupConf(): Readonly<Record<string, string | undefined>> {
    return { user: this.user, database: this.database }
  }
}
