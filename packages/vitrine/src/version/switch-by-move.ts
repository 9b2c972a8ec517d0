/**
 * The statements of a switch that moves tables between schemas, for a writer who may not create or rename schemas. It locks
 * every published table, so a long query or an idle transaction of a reader delays it, and can make it give up. The
 * published schema itself stays, with its rights and the objects of the team. The old kept version is
 * dropped in the same transaction, so that a failed switch loses nothing.
 */

import type { PlacedRelation } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import { ownRelations } from '../record/made.ts'
import { identifier, qualified } from '../sql/quote.ts'
import type { CarryPlan } from './carry.ts'
import { hideRows, type SwitchStrategy, showRows } from './switch-strategy.ts'

const move = (from: string, to: string, { name, kind }: PlacedRelation): string =>
  `alter ${kind === 'v' ? 'view' : 'table'} ${qualified(from, name)} set schema ${identifier(to)}`

/** One statement for all tables, because they refer to each other; views first, because they may read them. */
function drops(schema: string, relations: readonly PlacedRelation[]): readonly string[] {
  const names = (kind: PlacedRelation['kind']) =>
    relations.filter((relation) => relation.kind === kind).map(({ name }) => qualified(schema, name))
  const drop = (word: string, list: readonly string[]) => (list.length === 0 ? [] : [`drop ${word} ${list.join(', ')}`])
  return [...drop('view', names('v')), ...drop('table', names('r'))]
}

export async function switchByMove(target: Target, incoming: string, carry: CarryPlan): Promise<SwitchStrategy> {
  const { publication } = target
  const { schema } = publication
  const [staging, retired] = [stagingSchema(publication), retiredSchema(publication)]
  const { leaving } = carry
  const coming = await ownRelations(target, [incoming])
  // A rollback exchanges the two versions. Otherwise the old kept version is dropped, or it stays and the leaving one is dropped.
  const swaps = incoming === retired
  const kept = swaps || carry.sparesKept ? [] : await ownRelations(target, [retired])
  const out = carry.sparesKept
    ? drops(schema, leaving)
    : leaving.map((relation) => move(schema, swaps ? staging : retired, relation))
  const into = coming.map((relation) => move(incoming, schema, relation))
  const back = swaps ? leaving.map((relation) => move(staging, retired, relation)) : []
  const shown = swaps ? await showRows(target, schema, coming) : []
  const hidden = carry.sparesKept ? [] : [...hideRows(retired, leaving), ...carry.rights.withdrawing(retired)]
  const tables = leaving.filter(({ kind }) => kind === 'r').map(({ name }) => qualified(schema, name))
  const lock = (names: string) => `lock table ${names} in access exclusive mode`
  // First all tables at once without waiting; in later tries one by one, within the time that is left.
  const hold = { quiet: tables.length === 0 ? [] : [`${lock(tables.join(', '))} nowait`], patient: tables.map(lock) }
  return {
    locked: [
      ...carry.locked,
      ...leaving.map(({ name }) => qualified(schema, name)),
      ...coming.map(({ name }) => qualified(incoming, name)),
      ...kept.map(({ name }) => qualified(retired, name)),
    ],
    holds: 'always',
    statements: async (holding, bounded) => {
      const locks = holding === 'all' ? hold.quiet : hold.patient
      return [...drops(retired, kept), ...locks, ...out, ...into, ...back, ...shown, ...hidden, ...carry.views].flatMap(
        bounded,
      )
    },
  }
}
