/**
 * The passwords of the demonstration's roles: made up at its first start, kept in a private file beside the data, so that
 * the next start and the other commands know them. Called by `demonstration`.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { Secret } from 'vitrine/run'
import { writePrivately } from './private-file.ts'

const NAMES = ['owner', 'source', 'writer', 'reader', 'pseudonymKey'] as const
export type Passwords = Readonly<Record<(typeof NAMES)[number], Secret>>

export interface KeptPasswords {
  readonly passwords: Passwords
  /** They were made just now: roles that exist already have others. */
  readonly fresh: boolean
}

export const passwordFile = (dataDirectory: string): string => `${dataDirectory}.roles.json`

export function keptPasswords(dataDirectory: string): KeptPasswords {
  const file = passwordFile(dataDirectory)
  const found = read(file)
  if (found !== null) return { passwords: secrets(found), fresh: false }
  const made = Object.fromEntries(NAMES.map((name) => [name, randomBytes(24).toString('hex')]))
  writePrivately(file, `${JSON.stringify(made)}\n`)
  return { passwords: secrets(made), fresh: true }
}

export const forgetPasswords = (dataDirectory: string): void => rmSync(passwordFile(dataDirectory), { force: true })

/** Null when there is no file, or none that we wrote. */
function read(file: string): Readonly<Record<string, string>> | null {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof found !== 'object' || found === null) return null
    const values: Readonly<Record<string, unknown>> = { ...found }
    const entries = NAMES.flatMap((name) => {
      const value = values[name]
      return typeof value === 'string' && /^[0-9a-f]{48}$/.test(value) ? [[name, value] as const] : []
    })
    return entries.length === NAMES.length ? Object.fromEntries(entries) : null
  } catch {
    return null
  }
}

function secrets(values: Readonly<Record<string, string>>): Passwords {
  const secret = (name: (typeof NAMES)[number]) => new Secret(values[name] ?? '')
  return {
    owner: secret('owner'),
    source: secret('source'),
    writer: secret('writer'),
    reader: secret('reader'),
    pseudonymKey: secret('pseudonymKey'),
  }
}
