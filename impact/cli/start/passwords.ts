/**
 * The passwords of the demonstration's roles: generated at its first start and kept in a private file beside the data, for
 * later starts and other commands. Called by `demonstration`.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { Secret } from 'vitrine/run'
import { writePrivately } from './private-file.ts'

const NAMES = ['owner', 'source', 'writer', 'reader', 'pseudonymKey'] as const
export type Passwords = Readonly<Record<(typeof NAMES)[number], Secret>>

export interface KeptPasswords {
  readonly passwords: Passwords
  /** They were generated just now, so existing roles have other passwords. */
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

/** Null when the file is missing or not ours. */
function read(file: string): Readonly<Record<string, string>> | null {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>> | null // sound because each value is looked at.
    const isWhole = NAMES.every((name) => /^[0-9a-f]{48}$/.test(String(found?.[name])))
    return isWhole ? (found as Readonly<Record<string, string>>) : null // sound because of the line above.
  } catch {
    return null
  }
}

const secrets = (values: Readonly<Record<string, string>>): Passwords =>
  // sound because each name gets an entry.
  Object.fromEntries(NAMES.map((name) => [name, new Secret(values[name] ?? '')])) as Passwords
