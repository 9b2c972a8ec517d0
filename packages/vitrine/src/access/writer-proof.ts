/**
 * Proves as the writer what a run needs: the schema is its own, it can make and rename schemas or has those that were made
 * for it, new tables will be readable, and nothing was left behind by a dead run. Called by the doctor.
 */

import type { Session } from '../postgres/connect.ts'
import { runLockHolder } from '../postgres/lock.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { identifier } from '../sql/quote.ts'
import { findWorkSchemas, lastingSchemas, type WorkSchema } from '../version/staging.ts'
import { attempt, broken, type Finding, type Guarantee, holds, inVain, listed, probeName } from './finding.ts'
import { rightStatements } from './grant.ts'
import type { Rights } from './privilege.ts'
import type { Roles } from './role.ts'

export async function proveWriter(
  target: Session,
  publication: Publication,
  roles: Roles,
  rights: Rights,
): Promise<readonly Finding[]> {
  return [
    connectedAs(publication, roles),
    ownsSchema(publication, rights),
    await renamesSchemas(target, publication, rights),
    await seesBlockers(target, publication),
    defaultPrivileges(publication, rights),
    await nothingLeft(target, publication),
  ]
}

function connectedAs({ writer }: Publication, roles: Roles): Finding {
  const guarantee: Guarantee = {
    name: 'writer-session',
    guarantee: 'Runs connect to the target as the writer, who then owns what they make.',
    expected: writer,
  }
  const actual = roles.session.name
  const repair = `Put ${writer} into the URL of the target, or declare writer: '${actual}' in the publication.`
  return actual === writer ? holds(guarantee) : broken(guarantee, actual, [repair])
}

function ownsSchema(publication: Publication, { published, database }: Rights): Finding {
  const guarantee: Guarantee = {
    name: 'schema-owner',
    guarantee: `The schema ${publication.schema} belongs to the writer, who alone may rename it.`,
    expected: publication.writer,
  }
  const sql = rightStatements(publication, database.name)
  if (published === null) return broken(guarantee, 'the schema does not exist', [`${sql.createSchema};`])
  return published.owner === publication.writer
    ? holds(guarantee)
    : broken(guarantee, published.owner, [`${sql.ownSchema};`])
}

/** Tried with a schema of its own: renaming the published one, even in vain, would make a concurrent run wait. */
async function renamesSchemas(target: Session, publication: Publication, rights: Rights): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'writer-renames-schemas',
    guarantee: `${publication.writer} creates schemas on the database: versions are switched by renaming them, which makes no reader wait.`,
    expected: 'possible',
  }
  const [made, renamed] = [identifier(probeName()), identifier(probeName())]
  const state = await inVain(target, 'begin', () =>
    attempt(target, `create schema ${made}; alter schema ${made} rename to ${renamed}`),
  )
  if (state === null) return holds(guarantee)
  const repair = `${rightStatements(publication, rights.database.name).writerOnDatabase};`
  const refused = `refused (SQLSTATE ${state})`
  const missing = rights.work.filter(({ owner, marked }) => owner !== publication.writer || !marked)
  if (missing.length > 0) {
    const names = listed(missing.map(({ name }) => name))
    const actual = `${refused}, and ${names} not made for it either, so runs are refused; where the right is to stay refused, \`vitrine provision --without-create\` makes them`
    return broken(guarantee, actual, [repair])
  }
  const actual = `${refused}: tables are moved between schemas made for it, under locks; new readers wait up to ${publication.limits.switchLockTimeoutMs} ms at a time, and a query of minutes or an idle transaction on a published table makes the run give up`
  return broken(guarantee, actual, [repair], 'warning')
}

/** Not a right that a run needs: without it, the error says who is in the way, and not since when. */
async function seesBlockers(target: Session, { writer }: Publication): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'writer-names-blockers',
    guarantee: `Sessions that block a switch are named: process, application, role and tables; and since when, if ${writer} is given pg_read_all_stats.`,
    expected: 'named',
  }
  const [row] = await target.query<{ sees: boolean }>(
    "select pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') as sees",
  )
  return holds(guarantee, row?.sees === true ? 'named, with the age of their transaction' : 'named')
}

function defaultPrivileges(publication: Publication, { published, database }: Rights): Finding {
  const guarantee: Guarantee = {
    name: 'default-privileges',
    guarantee: `A table that the writer adds is readable by ${publication.reader} from the start.`,
    expected: `select on tables in ${publication.schema}, for tables of ${publication.writer}`,
  }
  return published?.defaultSelect === true
    ? holds(guarantee)
    : broken(guarantee, 'none', [`${rightStatements(publication, database.name).readerByDefault};`])
}

async function nothingLeft(target: Session, publication: Publication): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'no-leftovers',
    guarantee: 'Between two runs there is no half-built version on the target, and no retired one but the kept one.',
    expected: 'none',
  }
  const keeps = publication.limits.versionsKept > 0
  const lasting = await lastingSchemas({ session: target, publication })
  const isMeant = ({ name, ours, empty }: WorkSchema) =>
    ours && ((keeps && name === retiredSchema(publication)) || (empty && lasting.includes(name)))
  const schemas = (await findWorkSchemas({ session: target, publication })).filter((schema) => !isMeant(schema))
  const foreign = schemas.filter(({ ours }) => !ours).map(({ name }) => name)
  if (foreign.length > 0) {
    const repairs = foreign.map((name) => `alter schema ${identifier(name)} rename to …;`)
    return broken(guarantee, `${listed(foreign)}: not made by this tool, and in the way of a run`, repairs)
  }
  if (schemas.length === 0) return holds(guarantee)
  if ((await runLockHolder(target, publication.schema)) !== null) return holds(guarantee, 'a run is in progress')
  const names = schemas.map(({ name }) => name)
  const why = names.includes(stagingSchema(publication))
    ? 'left by a run that was killed'
    : 'a retired version, perhaps still being read'
  return broken(guarantee, `${listed(names)}: ${why}`, ['vitrine sync'], 'warning')
}
