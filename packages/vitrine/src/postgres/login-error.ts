/** Why a login failed, from the message of the driver, Node, the server or a pooler. Called by `connect.ts`. */
import { type ErrorCode, VitrineError } from '../base/errors.ts'
import type { Remedy } from '../base/remedy.ts'
import { type Address, printable } from './address.ts'
import { fromDriver } from './server-error.ts'
import type { Side } from './settings.ts'

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '')
const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '') // sound because it is optional.

export const refusesTls = (error: unknown): boolean =>
  /does not support SSL|establishing an SSL/i.test(messageOf(error))

/** No line of pg_hba.conf fits; a wrong password has another state. */
export const refusesThisWay = (error: unknown): boolean => codeOf(error) === '28000'

/** Node's codes of certificate errors. */
const CERTIFICATE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|ERR_OSSL)/
/** Messages of pgbouncer and of hosting services that demand TLS. */
const DEMANDS_TLS = /SSL required|insecure|encryption required/i

/** `plain`: TLS was possible and was not tried. */
export function loginError(error: unknown, address: Address, side: Side, plain: boolean): VitrineError {
  if (error instanceof VitrineError) return error
  const [code, message] = [codeOf(error), messageOf(error)]
  const failed = (known: ErrorCode, detail?: string, remedy?: Remedy) =>
    new VitrineError(known, {
      place: `${side} ${printable(address)}`,
      detail,
      cause: error,
      ...(remedy === undefined ? {} : { remedy }),
    })
  if (refusesTls(error)) return failed('TLS_FAILED', `The server refuses TLS, and sslmode is ${address.sslMode}.`)
  if (CERTIFICATE.test(code)) return failed('TLS_FAILED', `The certificate was not accepted (${code}).`)
  if (plain && DEMANDS_TLS.test(message)) return failed('TLS_FAILED', 'The server demands TLS: write sslmode=require.')
  // The name of the file is the same in every translation of the message.
  if (code === '28000' && message.includes('pg_hba.conf')) {
    const missing = 'The pg_hba.conf of the server has no line for this role, database and host'
    if (plain)
      return failed('TLS_FAILED', `${missing} without TLS.`, 'Write sslmode=require into the URL, or add such a line.')
    return failed('AUTHENTICATION_FAILED', `${missing}.`, 'Add such a line to the pg_hba.conf of the server.')
  }
  if (code === '28000') return failed('AUTHENTICATION_FAILED', 'The role may not log in, or not in this way.')
  if (/client password must be/.test(message)) return failed('AUTHENTICATION_FAILED', 'The URL holds no password.')
  const known = fromDriver(error, side)
  if (known.code === 'PRIVILEGE_MISSING') return failed(known.code, 'The role may not connect.')
  if (known.code === 'INTERNAL') return failed('CONNECTION_FAILED', 'It did not answer as PostgreSQL.')
  return failed(known.code, known.detail || (code === '' ? undefined : `(${code})`))
}
