/** La table publiée de l’Index EgaPro : une ligne par entreprise évaluée, d’après le relevé de l’année précédente. */

import { compute, from, rows, runDay, runYear, sql } from 'vitrine'
import { estSuffisammentQualifieeIndexEgapro, indexEgapro as evaluer } from '../domain/index-egapro.ts'
import { RAISONS_INCONNU, STATUTS } from '../domain/statuts.ts'
import { evaluees, ZONE } from './population.ts'
import { cleDeLEntreprise, soumissionEtStatut } from './reglementation.ts'

const releves = evaluees.leftJoin('feeds_egapro as releve', (join) =>
  join
    .onRef('releve.siren', '=', 'e.siren')
    .on(({ eb, ref }) => eb(ref('releve.annee'), '=', eb(runYear(ZONE), '-', 1))),
)

export const indexEgapro = from(releves).publish(
  'metabase_indexegapro',
  'L’Index d’égalité professionnelle d’une entreprise : obligation et déclaration.',
  ({ ref }) => {
    const regle = compute(
      {
        effectif: ref('c.effectif'),
        etatSource: ref('releve.etat'),
        joursDepuisReleve: sql<
          number | null
        >`${runDay(ZONE)} - cast(timezone(${sql.lit(ZONE)}, ${ref('releve.releve_le')}) as date)`,
      },
      (entree) => ({ publiee: estSuffisammentQualifieeIndexEgapro(entree.effectif), ...evaluer(entree) }),
    )
    return rows(
      { keep: regle.field('publiee'), unknown: regle.field('inconnu', RAISONS_INCONNU) },
      {
        ...cleDeLEntreprise(ref('e.id')),
        ...soumissionEtStatut(regle.field('estSoumise'), regle.field('statut', STATUTS)),
      },
    )
  },
)
