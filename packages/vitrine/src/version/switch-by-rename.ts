/**
 * The statements of a switch by renaming schemas. The renames lock no table, so neither a long query nor an idle transaction
 * of a reader holds them up. What is carried over besides (views, relations of the team) waits for locks.
 */

import { VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import { ownRelations, registerSchemaSql } from '../record/made.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { type CarryPlan, foreignMoves } from './carry.ts'
import { freeName, makeWorkSchemas, markSql } from './staging.ts'
import { hideRows, type SwitchStrategy, showRows } from './switch-strategy.ts'

/**
 * The version that leaves takes the retired name; the one that has it comes back, or takes the staging name until it is
 * dropped. Where the older one stays kept, the one that leaves takes the staging name itself. So no name of a schema ever
 * goes away: listings of clients ask for rights by names that they have just read.
 */
async function renames(target: Target, incoming: string, sparesKept: boolean): Promise<readonly string[]> {
  const { session, publication } = target
  const [current, staging, retired] = [publication.schema, stagingSchema(publication), retiredSchema(publication)]
  await makeWorkSchemas(target)
  const between = await freeName(session, publication)
  const rename = (from: string, to: string) => `alter schema ${identifier(from)} rename to ${identifier(to)}`
  const swap = [rename(retired, between), rename(current, retired)]
  if (incoming === retired) return [...swap, rename(between, current)]
  const first = sparesKept ? [rename(current, between)] : swap
  return [...first, rename(incoming, current), rename(between, staging), markSql(publication, 'staging')]
}

/**
 * The last lock before the commit takes every published table, or none, at once. PostgreSQL looks up each name of a
 * statement by itself, so a rename between two look-ups would show two versions in one statement; a reader that finds a
 * table held looks it up again afterwards. Waiting is not an option: whoever comes behind us would wait as well. When
 * readers keep some table, the renames are done without.
 */
export async function switchByRename(target: Target, incoming: string, carry: CarryPlan): Promise<SwitchStrategy> {
  const { publication } = target
  const current = identifier(publication.schema)
  const left = carry.sparesKept ? stagingSchema(publication) : retiredSchema(publication)
  const back = incoming === retiredSchema(publication) ? await ownRelations(target, [incoming]) : []
  const renaming = [
    ...(await showRows(target, incoming, back)),
    ...carry.rights.closingSchema,
    ...(await renames(target, incoming, carry.sparesKept)),
    markSql(publication, 'retired'),
    registerSchemaSql(publication, left),
    `comment on schema ${current} is ${literal(carry.comment)}`,
    ...carry.rights.schema,
    ...carry.rights.defaults,
  ]
  const tables = carry.leaving.filter(({ kind, owned }) => kind === 'r' && owned)
  const names = tables.map(({ name }) => qualified(left, name)).join(', ')
  const lock = tables.length === 0 ? [] : [`lock table ${names} in access exclusive mode nowait`]
  const hold = [...lock, ...hideRows(left, tables), ...carry.rights.withdrawing(left)]
  return {
    locked: carry.locked,
    holds: 'when quiet',
    statements: async (quiet, bounded) => {
      const moves = await foreignMoves(target, incoming, carry.leaving)
      if (moves.length > 0) await target.session.execute(moves.flatMap(bounded).join('; ')).catch(again)
      return [...renaming, ...carry.views.flatMap(bounded), ...(quiet ? hold : [])]
    },
  }
}

/** Class 42: the team dropped, renamed or replaced something between the list and the move. */
function again(error: unknown): never {
  if (!(error instanceof VitrineError) || !error.sqlState?.startsWith('42') || error.sqlState === '42501') throw error
  throw new VitrineError('SERIALIZATION', { place: 'target', cause: error })
}
