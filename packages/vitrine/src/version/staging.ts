/**
 * The work schemas: the staging schema, where the next version is built out of the reader's sight, and those of retired
 * versions. Creates, finds and clears them. If the writer may not create schemas, provision made them, and they are emptied
 * but not dropped. Tables are built in `build.ts`, versions switched in `switch.ts`.
 */
import { asVitrineError, VitrineError } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import { ONCE, patiently } from '../postgres/patience.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { type OwnRelation, ownRelations, ownSchemas, refreshRegister, registerSchemaSql } from '../record/made.ts'
import type { SwitchWay } from '../record/outcome.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

/** Begins the comment of the schemas that we may drop; a schema of the same name without it belongs to somebody else. */
const MARK = 'vitrine:'

export const stagingMark = (publication: Publication, use: 'staging' | 'retired'): string =>
  `${MARK} ${use} area of ${publication.name}`

const USES = { staging: stagingSchema, retired: retiredSchema } as const

/** Marks the schema that has the name of the use. */
export const markSql = (publication: Publication, use: keyof typeof USES): string =>
  `comment on schema ${identifier(USES[use](publication))} is ${literal(stagingMark(publication, use))}`

/** The statements that make the schemas of a list that have the name of a use. */
const makeSql = (publication: Publication, names: readonly string[]): readonly string[] =>
  (['staging', 'retired'] as const)
    .filter((use) => names.includes(USES[use](publication)))
    .flatMap((use) => [
      `create schema ${identifier(USES[use](publication))}`,
      markSql(publication, use),
      registerSchemaSql(publication, USES[use](publication)),
    ])

/**
 * How versions are switched: by renaming schemas, which locks no table, or, if the writer may not create
 * schemas, by moving tables between schemas that provision made. Checked for each step, because the right may change at any
 * time. PostgreSQL demands the right to create schemas for renaming one as well.
 */
export async function switchWayOf(session: Session): Promise<SwitchWay> {
  const [row] = await session.query<{ creates: boolean }>(
    "select has_database_privilege(current_user, current_database(), 'CREATE') as creates",
  )
  return row?.creates === true ? 'rename' : 'move'
}

export interface WorkSchema {
  readonly name: string
  readonly ours: boolean
  /** The session's role may act as its owner. */
  readonly owned: boolean
  /** No relation stands in it. */
  readonly empty: boolean
}

/**
 * The staging and retired schemas in the target, including those set aside. Ours are those that this tool or provision made;
 * the mark alone is no proof, because somebody may have edited the comment.
 */
export async function findWorkSchemas(target: Target): Promise<readonly WorkSchema[]> {
  const { session, publication } = target
  const [staging, retired] = [stagingSchema(publication), retiredSchema(publication)]
  return session.query<WorkSchema>(
    `select n.nspname as name, ours, pg_has_role(current_user, n.nspowner, 'usage') as owned,
            not exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid) as empty
     from pg_catalog.pg_namespace n
     cross join lateral (select n.oid = any ($4::oid[]) or coalesce(obj_description(n.oid, 'pg_namespace') like $3, false)) as mark (ours)
     where n.nspname in ($1, $2) or (starts_with(n.nspname, $2 || '_') and ours)
     order by n.nspname`,
    [staging, retired, `${MARK}%`, [...(await ownSchemas(target))]],
  )
}

/** Brings the register of what is ours up to date; false when the target was restored since it was written. */
export async function refreshOwn(target: Target): Promise<boolean> {
  const work = (await findWorkSchemas(target)).filter(({ ours }) => ours).map(({ name }) => name)
  return refreshRegister(target, [target.publication.schema, ...work])
}

/**
 * Throws STAGING_NAME_TAKEN when a schema of somebody else has one of our names; PRIVILEGE_MISSING when the writer may not
 * create schemas and one of those that it needs was not made beforehand.
 */
export async function requireWorkSchemas(target: Target): Promise<void> {
  const { session, publication } = target
  const found = await findWorkSchemas(target)
  const taken = found.filter(({ ours }) => !ours)
  if (taken.length > 0) {
    throw new VitrineError('STAGING_NAME_TAKEN', {
      place: taken.map(({ name }) => name).join(', '),
      remedy: taken.map(({ name }) => `alter schema ${identifier(name)} rename to …`).join('; '),
    })
  }
  if ((await switchWayOf(session)) === 'rename') return
  const missing = [stagingSchema(publication), retiredSchema(publication)].filter(
    (name) => !found.some((schema) => schema.name === name && schema.owned),
  )
  if (missing.length === 0) return
  throw new VitrineError('PRIVILEGE_MISSING', {
    place: 'target',
    detail: `${publication.writer} may not create schemas in the database, and was not given ${missing.join(' and ')} either.`,
    remedy: remedy`Run ${command('provision')} as an administrator, with --without-create when the right is to stay refused.`,
  })
}

/** Our schemas that are only emptied, because the writer could not create them again. */
export async function lastingSchemas({ session, publication }: Target): Promise<readonly string[]> {
  const moves = (await switchWayOf(session)) === 'move'
  return moves ? [stagingSchema(publication), retiredSchema(publication)] : []
}

/** Relations dropped per transaction. Each takes about a dozen locks, and all sessions share about six thousand. */
const DROPPED_AT_ONCE = 16

/**
 * Drops what is ours in a schema, or only the relations chosen: never what somebody else put there. Keys first, because tables
 * refer to each other. Throws SWITCH_BLOCKED, which names who keeps a relation; what was dropped before stays dropped.
 */
export async function dropRelations(
  target: Target,
  schema: string,
  isChosen: (relation: OwnRelation) => boolean = () => true,
): Promise<void> {
  const { session } = target
  const chosen = (await ownRelations(target, [schema])).filter(isChosen)
  const of = (kind: 'r' | 'v') => chosen.filter((relation) => relation.kind === kind)
  const place = ({ name }: OwnRelation) => qualified(schema, name)
  const keys = await session.query<{ sql: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as sql
     from pg_catalog.pg_constraint where contype = 'f' and conrelid = any ($1::oid[]) and confrelid <> conrelid order by 1`,
    [of('r').map(({ oid }) => oid)],
  )
  const statements = [
    ...of('v').map((view) => `drop view ${place(view)}`),
    ...keys.map(({ sql }) => sql),
    ...of('r').map((table) => `drop table ${place(table)}`),
  ]
  for (let done = 0; done < statements.length; done += DROPPED_AT_ONCE) {
    const some = statements.slice(done, done + DROPPED_AT_ONCE)
    const drop = () => session.execute(["set local lock_timeout = '2s'", ...some].join('; '))
    await patiently(session, chosen.map(place), ONCE, () => session.transaction(drop))
  }
}

/**
 * Drops a schema of ours with what is ours in it: whatever else stands in it, or depends on it from outside, stops the drop
 * instead of being lost. The staging and the retired schema are created again in the same transaction, so that their names never
 * disappear; if the writer may not create them, they are only emptied. Throws SWITCH_BLOCKED, which names who uses it.
 */
export async function clearWorkSchema(target: Target, schema: string): Promise<void> {
  const { session, publication } = target
  const stays = (await lastingSchemas(target)).includes(schema)
  await dropRelations(target, schema)
  const anew = [`drop schema ${identifier(schema)}`, ...makeSql(publication, [schema])].join('; ')
  if (!stays) await session.transaction(() => session.execute(anew))
}

/**
 * Empties the staging schema, of what a dead run or the last switch left there. The caller holds the run lock, which proves
 * that its run is dead. If somebody still uses it and schemas can be renamed, it is set aside under another name:
 * returns that name, and a later run drops it.
 */
export async function dropStaging(target: Target): Promise<string | null> {
  const { session, publication } = target
  const schema = stagingSchema(publication)
  const isFilled = (await findWorkSchemas(target)).some(({ name, ours, empty }) => ours && !empty && name === schema)
  if (!isFilled) return null
  try {
    await clearWorkSchema(target, schema)
    return null
  } catch (error) {
    // Somebody uses it, or something of others depends on it (2BP01).
    const { code, sqlState } = asVitrineError(error)
    const isUsed = code === 'SWITCH_BLOCKED' || sqlState === '2BP01'
    if (!isUsed || (await switchWayOf(session)) === 'move') throw error
    const aside = await freeName(session, publication)
    const rename = `alter schema ${identifier(schema)} rename to ${identifier(aside)}`
    await session.transaction(() => session.execute([rename, ...makeSql(publication, [schema])].join('; ')))
    return aside
  }
}

/** A free schema name for a version that is neither published nor kept. A schema of others may look like one of ours. */
export async function freeName(session: Session, publication: Publication): Promise<string> {
  const name = retiredSchema(publication)
  const schemas = await session.query<{ name: string }>(
    'select nspname as name from pg_catalog.pg_namespace where starts_with(nspname, $1)',
    [name],
  )
  const found = new Set(schemas.map((schema) => schema.name))
  let number = 1
  while (found.has(`${name}_${number}`)) number += 1
  return `${name}_${number}`
}

/** Makes the work schemas that are missing. Where the writer may not, those made beforehand are taken. */
export async function makeWorkSchemas(target: Target): Promise<void> {
  const { session, publication } = target
  if ((await switchWayOf(session)) === 'move') return
  const found = (await findWorkSchemas(target)).map(({ name }) => name)
  const missing = Object.values(USES)
    .map((nameOf) => nameOf(publication))
    .filter((name) => !found.includes(name))
  const making = makeSql(publication, missing)
  if (making.length > 0) await session.execute(making.join('; '))
}

/** Makes an empty staging schema, and clears what a dead run left there. Returns its name. */
export async function openStaging(target: Target): Promise<string> {
  await dropStaging(target)
  await makeWorkSchemas(target)
  return stagingSchema(target.publication)
}
