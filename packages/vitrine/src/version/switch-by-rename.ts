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
import { hideEach, hideRows, type SwitchStrategy, showRows } from './switch-strategy.ts'

/**
 * The leaving version takes the retired name. The version that had this name comes back, or takes the staging name until it is
 * dropped. If the older one stays kept, the leaving one takes the staging name. So no schema name ever
 * disappears: clients list names first, and then ask for rights by name.
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
 * The last statement before the commit locks all published tables at once, or none. PostgreSQL looks up each name of a
 * statement separately, so a rename between two look-ups would mix two versions in one statement; a reader that meets a
 * lock repeats its look-up afterwards. We cannot wait for the locks, because new readers would queue behind us. When
 * readers use a table, the renames happen without these locks, and the statistics of the other tables are hidden.
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
  const hold = {
    all: [...lock, ...hideRows(left, tables), ...carry.rights.withdrawing(left)],
    each: hideEach(left, tables),
    none: [],
  }
  return {
    locked: carry.locked,
    holds: 'when quiet',
    statements: async (holding, bounded) => {
      const moves = await foreignMoves(target, incoming, carry.leaving)
      if (moves.length > 0) await target.session.execute(moves.flatMap(bounded).join('; ')).catch(again)
      return [...renaming, ...carry.views.flatMap(bounded), ...hold[holding]]
    },
  }
}

/** Class 42: somebody dropped, renamed or replaced an object after we listed it. */
function again(error: unknown): never {
  if (!(error instanceof VitrineError) || !error.sqlState?.startsWith('42') || error.sqlState === '42501') throw error
  throw new VitrineError('SERIALIZATION', { place: 'target', cause: error })
}
