/**
 * The steps of provision for schemas: the published one, its reader's rights, and, for a writer that may not create schemas,
 * those in which it builds and keeps versions. Pure; part of `provision-steps.ts`.
 */
import { ownerOfDatabase, type ProvisionStep, type Situation, step } from './provision-situation.ts'

/** The schema with the writer as its owner: made, or taken over from the role that made it. */
function ownershipStep(situation: Situation): ProvisionStep {
  const { publication, rights, roles, sql } = situation
  const { published, database } = rights
  const text = `The schema ${publication.schema} exists and belongs to the writer.`
  const facts = { part: 'schema', text, done: published?.owner === publication.writer } as const
  const mayCreate = database.writerCreates ? null : situation.cannotActAsOwner
  const before = situation.missing('writer') ?? situation.cannotActAsWriter
  if (published === null && situation.withoutCreate) {
    const obstacle = before ?? situation.cannotCreate
    return step({ ...facts, sql: sql.createSchema, by: ownerOfDatabase(situation), obstacle }, situation)
  }
  if (published === null) {
    return step({ ...facts, sql: sql.createSchema, as: 'writer', obstacle: before ?? mayCreate }, situation)
  }
  const owned = published.owned ? null : `the schema belongs to ${published.owner}`
  // PostgreSQL asks the right to create schemas of the role that gives the schema away.
  const creates = database.owned || (roles.session.name === publication.writer && database.writerCreates)
  const gives = creates ? null : situation.cannotActAsOwner
  return step({ ...facts, sql: sql.ownSchema, obstacle: before ?? owned ?? gives }, situation)
}

/** What a run would create, made beforehand. A schema that holds something, or that somebody else made, is left alone. */
function workSchemaSteps(situation: Situation): readonly ProvisionStep[] {
  const { publication, rights, sql } = situation
  if (!situation.withoutCreate) return []
  const before = situation.missing('writer') ?? situation.cannotActAsWriter
  return sql.workSchemas.map(({ name, create, mark }): ProvisionStep => {
    const found = rights.work.find((schema) => schema.name === name)
    const owner = found?.owner ?? null
    const sqls = [...(owner === null ? [create] : []), ...(mark === null ? [] : [mark])]
    const taken = owner === null || owner === publication.writer ? null : `the schema belongs to ${owner}`
    const filled = found?.marked === false && !found.empty ? 'it holds relations that are not ours' : null
    return step(
      {
        part: 'schema',
        text: `The schema ${name}, which the writer may not create, exists and belongs to it.`,
        sql: sqls.join('; '),
        done: owner === publication.writer && found?.marked === true,
        obstacle: before ?? taken ?? filled ?? (owner === null ? situation.cannotCreate : null),
        by: ownerOfDatabase(situation),
      },
      situation,
    )
  })
}

export function schemaSteps(situation: Situation): readonly ProvisionStep[] {
  const { rights, sql } = situation
  const { published } = rights
  const ownership = ownershipStep(situation)
  const obstacle = situation.missingRole ?? situation.cannotActAsWriter ?? ownership.why ?? null
  const unreadable = published?.unreadable ?? []
  const facts = [
    {
      text: 'The reader may look into the schema.',
      sql: sql.readerOnSchema,
      done: published?.readerUses === true,
    },
    {
      text: 'The reader may read every table of the writer in it.',
      sql: sql.readerOnRelations(unreadable),
      done: unreadable.length === 0,
    },
    {
      text: 'Tables that the writer adds are readable by the reader.',
      sql: sql.readerByDefault,
      done: published?.defaultSelect === true,
    },
  ]
  return [
    ownership,
    ...workSchemaSteps(situation),
    ...facts.map((fact) => step({ part: 'schema', as: 'writer', obstacle, ...fact }, situation)),
  ]
}
