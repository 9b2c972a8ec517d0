/** Les quatre réglementations l’une après l’autre, pour les questions qui les comparent. */
import { sql } from 'vitrine'
import type { impact } from './questions.ts'

type Sources = Parameters<Parameters<typeof impact.select>[0]>[0]

const TABLES = ['metabase_bdese', 'metabase_indexegapro', 'metabase_bges', 'metabase_csrd'] as const
const NOMS = {
  metabase_bdese: 'BDESE',
  metabase_indexegapro: 'Index EgaPro',
  metabase_bges: 'BGES',
  metabase_csrd: 'CSRD',
}

/** Une ligne par entreprise évaluée et par réglementation, sous l’alias `r` ; sans la CSRD pour celles de la loi seule. */
export function reglementations({ db }: Sources, tables: readonly (typeof TABLES)[number][] = TABLES) {
  const lignes = (table: (typeof TABLES)[number]) =>
    db.selectFrom(table).select(['entreprise_id', 'est_soumise', 'statut', sql.lit(NOMS[table]).as('reglementation')])
  const [premiere = 'metabase_bdese', ...autres] = tables
  return autres.reduce((union, table) => union.unionAll(lignes(table)), lignes(premiere)).as('r')
}
