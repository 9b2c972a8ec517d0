/**
 * Proves as the writer what a run needs: the schema is its own, it can make and rename schemas, new tables will be readable,
 * and nothing was left behind by a dead run. Called by the doctor.
 */
import type { Session } from '../postgres/connect.ts'
import { runLockHolder } from '../postgres/lock.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { identifier } from '../publication/shape.ts'
import { attempt, broken, type Finding, type Guarantee, holds, inVain, listed, probeName } from './finding.ts'
import { rightStatements } from './grant.ts'
import type { Rights } from './privilege.ts'
import type { Roles } from './role.ts'
import { findWorkSchemas } from './staging.ts'

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
async function renamesSchemas(target: Session, publication: Publication, { database }: Rights): Promise<Finding> {
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
  const actual = `refused (SQLSTATE ${state}): tables could only be moved one by one, under locks that stop readers, so runs are refused`
  return broken(guarantee, actual, [`${rightStatements(publication, database.name).writerOnDatabase};`])
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
  const schemas = (await findWorkSchemas(target, publication)).filter(
    ({ name, ours }) => !(keeps && ours && name === retiredSchema(publication)),
  )
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
