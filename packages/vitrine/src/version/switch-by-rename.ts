/**
 * The statements of a switch by renaming schemas. The renames lock no table, so neither a long query nor an idle transaction
 * of a reader holds them up. What is carried over besides (views, relations of the team) waits for locks.
 */

import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { registerSchemaSql } from '../record/made.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { type CarryPlan, foreignMoves } from './carry.ts'
import { markOf } from './staging.ts'
import type { SwitchStrategy } from './switch-strategy.ts'

/**
 * The version that leaves takes the retired name. Where the one that comes has it, the two change places; where an older
 * version has it, that one is set aside first, so that a switch that fails has lost nothing.
 */
function renames(publication: Publication, incoming: string, aside: string | null): readonly string[] {
  const rename = (from: string, to: string) => `alter schema ${identifier(from)} rename to ${identifier(to)}`
  const [current, staging, retired] = [publication.schema, stagingSchema(publication), retiredSchema(publication)]
  if (incoming === retired) return [rename(current, staging), rename(retired, current), rename(staging, retired)]
  const free = aside === null ? [] : [rename(retired, aside)]
  return [...free, rename(current, retired), rename(incoming, current)]
}

/** A free name for the version that has the retired name; null when none has it. */
async function nameAside(session: Session, publication: Publication): Promise<string | null> {
  const name = retiredSchema(publication)
  // Anybody's: a schema that only looks like one of ours has its name all the same.
  const schemas = await session.query<{ name: string }>(
    'select nspname as name from pg_catalog.pg_namespace where starts_with(nspname, $1)',
    [name],
  )
  const found = new Set(schemas.map((schema) => schema.name))
  if (!found.has(name)) return null
  let number = 1
  while (found.has(`${name}_${number}`)) number += 1
  return `${name}_${number}`
}

/**
 * The last statement before the commit takes every published table, or none, at once. PostgreSQL looks up each name of a
 * statement by itself, so a rename between two look-ups would show two versions in one statement; a reader that finds a
 * table held looks it up again afterwards. Waiting is not an option: whoever comes behind us would wait as well. When
 * readers keep some table, the renames are done without.
 */
export async function switchByRename(target: Target, incoming: string, carry: CarryPlan): Promise<SwitchStrategy> {
  const { session, publication } = target
  const [current, retired] = [publication.schema, retiredSchema(publication)].map(identifier)
  const renaming = [
    ...renames(publication, incoming, await nameAside(session, publication)),
    `comment on schema ${retired} is ${literal(markOf(publication, 'retired'))}`,
    registerSchemaSql(publication, retiredSchema(publication)),
    `comment on schema ${current} is ${literal(carry.comment)}`,
    ...carry.schemaGrants,
    ...carry.defaults,
  ]
  const tables = carry.leaving.filter(({ kind, owned }) => kind === 'r' && owned)
  const names = tables.map(({ name }) => qualified(retiredSchema(publication), name)).join(', ')
  const hold = tables.length === 0 ? [] : [`lock table ${names} in access exclusive mode nowait`]
  return {
    locked: carry.locked,
    holds: 'when quiet',
    statements: async (quiet, bounded) => [
      ...(await foreignMoves(target, incoming, carry.leaving)).flatMap(bounded),
      ...renaming,
      ...carry.views.flatMap(bounded),
      ...(quiet ? hold : []),
    ],
  }
}
