/** Opens the sessions of commands, ends them whatever happens, and cuts them when the command is interrupted. */
import { VitrineError } from '../base/errors.ts'
import type { Address } from '../postgres/address.ts'
import { connect, type Session, type Side } from '../postgres/connect.ts'
import { type DatabaseIdentity, identityOf, refuseSameDatabase } from '../postgres/identity.ts'
import { sourcePath } from '../publication/register.ts'
import { requireOwnTarget } from '../record/installation.ts'
import type { Call } from './command.ts'

type Work<T> = (session: Session) => Promise<T>

async function open(call: Call, side: Side, address: Address, readOnly: boolean): Promise<Session> {
  const { signal, publication, command } = call
  if (signal.aborted) throw new VitrineError('INTERRUPTED')
  const name = `vitrine ${publication.name} ${command}`
  const searchPath = side === 'source' ? sourcePath(publication.source) : []
  return connect(address, { side, name, limits: publication.limits, readOnly, searchPath })
}

async function using<T>(call: Call, session: Session, work: Work<T>): Promise<T> {
  const cut = () => session.destroy()
  call.signal.addEventListener('abort', cut)
  try {
    return await work(session)
  } finally {
    call.signal.removeEventListener('abort', cut)
    await session.end()
  }
}

/** Does `work` with a session that only reads. */
export const reading = async <T>(call: Call, side: Side, address: Address, work: Work<T>): Promise<T> =>
  using(call, await open(call, side, address, true), work)

/** Does `work` with a session that may write. */
export const writing = async <T>(call: Call, side: Side, address: Address, work: Work<T>): Promise<T> =>
  using(call, await open(call, side, address, false), work)

/** Like `reading`, but `work` gets null without an address, and the error of a login that fails. */
export async function readingOrReason<T>(
  call: Call,
  side: Side,
  address: Address | null,
  work: (session: Session | VitrineError | null) => Promise<T>,
): Promise<T> {
  if (address === null) return work(null)
  const session = await open(call, side, address, true).catch((error: unknown) => {
    if (error instanceof VitrineError) return error
    throw error
  })
  return session instanceof VitrineError ? work(session) : using(call, session, work)
}

/** Where a command writes, and the source that it must not be. */
export interface WritableTarget {
  readonly target: Address
  readonly source: Address | null
  /** The source is said to have moved: whichever it is, it must answer. */
  readonly newSource?: boolean
}

/**
 * Does `work` with a session on the target that may write, once it is proved not to be the source, and to be filled by this
 * publication from this source. `work` gets what identifies the source, or null when there is none or it does not answer.
 */
export async function withWritableTarget<T>(
  call: Call,
  { target, source, newSource = false }: WritableTarget,
  work: (session: Session, source: DatabaseIdentity | null) => Promise<T>,
): Promise<T> {
  return writing(call, 'target', target, async (session) => {
    const identity = source === null ? null : await proveApart(call, source, session, newSource)
    await refuseForeign(session, call, newSource ? null : identity)
    return work(session, identity)
  })
}

/** A source that does not let us in cannot prove anything; the URLs have been compared already, and the next run will. */
async function proveApart(
  call: Call,
  source: Address,
  target: Session,
  mustAnswer: boolean,
): Promise<DatabaseIdentity | null> {
  try {
    return await reading(call, 'source', source, async (session) => {
      await refuseSameDatabase(session, target)
      return identityOf(session)
    })
  } catch (error) {
    if (mustAnswer || !(error instanceof VitrineError) || error.kind.exit !== 'connection') throw error
    return null
  }
}

/** An administrator may be unable to read the bookkeeping, and then changes rights only: what comes after asks again. */
async function refuseForeign(target: Session, { publication }: Call, source: DatabaseIdentity | null) {
  try {
    await requireOwnTarget({ session: target, publication }, source)
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
  }
}
