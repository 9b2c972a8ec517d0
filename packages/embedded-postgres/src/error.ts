// The error class of this package, and the conversion of failed system calls to it. Messages name files, ports and packages,
// never a password.

export type EmbeddedPostgresErrorCode =
  /** An option is malformed, or contradicts what the data directory already is. */
  | 'invalid-option'
  /** No binaries are published for this operating system and processor. */
  | 'platform-unsupported'
  /** The optional package with the binaries is not installed. */
  | 'binaries-missing'
  /** The binaries are installed but do not run (a C library other than glibc, a noexec disk). */
  | 'binaries-unusable'
  /** A folder of ours belongs to, or can be written by, somebody else. */
  | 'folder-unsafe'
  /** The account that runs the server cannot enter the folder of the data directory. */
  | 'folder-unreachable'
  /** The directory holds something that this package did not make. */
  | 'folder-foreign'
  /** Root could not start a process under the unprivileged account, or the account has no name. */
  | 'account-unusable'
  /** The data directory was made by another major version. */
  | 'version-mismatch'
  /** The data directory has no password file. */
  | 'password-unknown'
  /** A server runs on the data directory, but on another port than the wanted one. */
  | 'already-running'
  /** Another process, which is not a server of ours, holds the data directory. */
  | 'directory-in-use'
  | 'port-taken'
  | 'initdb-failed'
  | 'start-failed'
  | 'start-timeout'
  | 'stop-failed'
  | 'no-space'
  | 'filesystem'

/** Every error of this package. `code` is for programs; the message says what happened and, if known, what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedPostgresErrorCode

  constructor(code: EmbeddedPostgresErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** The code of a failed system call (`ENOENT`, `EACCES` …), or an empty text for any other error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/**
 * Runs `work`, and converts a failed system call to an EmbeddedPostgresError that says what was being done.
 * @param doing completes "Could not …", for instance `write /var/tmp/x`.
 */
export function fileWork<T>(doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error
    const code = systemCode(error)
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new EmbeddedPostgresError('no-space', `Could not ${doing}: no space left on the disk.`, error)
    }
    throw new EmbeddedPostgresError('filesystem', `Could not ${doing}${code === '' ? '' : ` (${code})`}.`, error)
  }
}

/** What PostgreSQL prints (in English: it runs under the C locale) when the disk is full. */
export function saysNoSpace(output: string): boolean {
  return /No space left on device|Disk quota exceeded|Check free disk space/.test(output)
}
