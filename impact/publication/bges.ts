/** La table publiée du BGES : une ligne par entreprise évaluée, d’après le dernier bilan que la source publique connaît. */

import { compute, from, rows, runDay, sql } from 'vitrine'
import { estSuffisammentQualifieeBges, bges as evaluer } from '../domain/bges.ts'
import { RAISONS_INCONNU, STATUTS } from '../domain/statuts.ts'
import { evaluees, ZONE } from './population.ts'
import { cleDeLEntreprise, soumissionEtStatut } from './reglementation.ts'

/** Si la source a répondu (voir le relevé) et n’a pas de ligne pour l’entreprise, c’est qu’il n’y a pas de bilan. */
const bilans = evaluees
  .leftJoin('feeds_releve as releve', (join) => join.on('releve.source', '=', 'bges'))
  .leftJoin(
    (sub) =>
      sub
        .selectFrom('feeds_bges as bilan')
        .groupBy('bilan.siren')
        .select(({ fn }) => [
          'bilan.siren',
          sql<number | null>`cast(extract(year from ${fn.max('bilan.dt_publication')}) as integer)`.as('annee'),
        ])
        .as('dernier'),
    (join) => join.onRef('dernier.siren', '=', 'e.siren'),
  )

export const bges = from(bilans).publish(
  'metabase_bges',
  'Le bilan d’émissions (BGES) d’une entreprise : obligation et publication.',
  ({ ref }) => {
    const regle = compute(
      {
        effectif: ref('c.effectif'),
        effectifOutreMer: ref('c.effectif_outre_mer'),
        etatSource: ref('releve.etat'),
        anneeDernierBilan: ref('dernier.annee'),
        aujourdhui: runDay(ZONE),
      },
      (entree) => ({
        publiee: estSuffisammentQualifieeBges(entree.effectif, entree.effectifOutreMer),
        ...evaluer(entree),
      }),
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
