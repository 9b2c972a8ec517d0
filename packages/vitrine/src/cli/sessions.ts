/** Opens the sessions of commands, ends them whatever happens, and cuts them when the command is interrupted. */
import { VitrineError } from '../base/errors.ts'
import type { Address } from '../postgres/address.ts'
import { connect, type Session, type Side } from '../postgres/connect.ts'
import { type DatabaseIdentity, identityOf, refuseSameDatabase } from '../postgres/identity.ts'
import { requireOwnTarget } from '../record/installation.ts'
import type { Call } from './command.ts'

export interface SessionWish {
  readonly side: Side
  readonly address: Address
  readonly readOnly: boolean
}

async function open({ signal, publication, command }: Call, wish: SessionWish): Promise<Session> {
  const { side, address, readOnly } = wish
  if (signal.aborted) throw new VitrineError('INTERRUPTED')
  return connect(address, {
    side,
    name: `vitrine ${publication.name} ${command}`,
    limits: publication.limits,
    readOnly,
    searchPath: side === 'source' ? [publication.source.schema] : [],
  })
}

async function using<T>(call: Call, session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  const cut = () => session.destroy()
  call.signal.addEventListener('abort', cut)
  try {
    return await work(session)
  } finally {
    call.signal.removeEventListener('abort', cut)
    await session.end()
  }
}

/** Does `work` with an open session. */
export async function withSession<T>(
  call: Call,
  wish: SessionWish,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return using(call, await open(call, wish), work)
}

/** Does `work` with a session that only reads. */
export const reading = <T>(call: Call, side: Side, address: Address, work: (session: Session) => Promise<T>) =>
  withSession(call, { side, address, readOnly: true }, work)

/** The same, but a login that fails is handed to `work` instead of thrown. */
export async function readingOrReason<T>(
  call: Call,
  side: Side,
  address: Address,
  work: (session: Session | VitrineError) => Promise<T>,
): Promise<T> {
  const session = await open(call, { side, address, readOnly: true }).catch((error: unknown) => {
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
  return withSession(call, { side: 'target', address: target, readOnly: false }, async (session) => {
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
