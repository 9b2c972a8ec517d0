/** La table publiée de la BDESE : une ligne par entreprise évaluée, d’après ses documents officiels de l’année précédente. */
import { compute, from, rows, runYear } from 'vitrine'
import { estSuffisammentQualifieeBdese, bdese as evaluer } from '../domain/bdese.ts'
import { RAISONS_INCONNU, STATUTS } from '../domain/statuts.ts'
import { evaluees, ZONE } from './population.ts'
import { cleDeLEntreprise, soumissionEtStatut } from './reglementation.ts'

/** Les documents officiels, c’est-à-dire sans propriétaire, de l’année civile précédente, quel que soit l’exercice de l’entreprise. */
const documents = evaluees
  .leftJoin('reglementations_bdese_300 as plus', (join) =>
    join
      .onRef('plus.entreprise_id', '=', 'e.id')
      .on('plus.user_id', 'is', null)
      .on(({ eb, ref }) => eb(ref('plus.annee'), '=', eb(runYear(ZONE), '-', 1))),
  )
  .leftJoin('reglementations_bdese_50_300 as moins', (join) =>
    join
      .onRef('moins.entreprise_id', '=', 'e.id')
      .on('moins.user_id', 'is', null)
      .on(({ eb, ref }) => eb(ref('moins.annee'), '=', eb(runYear(ZONE), '-', 1))),
  )
  .leftJoin('reglementations_bdeseavecaccord as accord', (join) =>
    join
      .onRef('accord.entreprise_id', '=', 'e.id')
      .on('accord.user_id', 'is', null)
      .on(({ eb, ref }) => eb(ref('accord.annee'), '=', eb(runYear(ZONE), '-', 1))),
  )

export const bdese = from(documents).publish(
  'metabase_bdese',
  'La BDESE d’une entreprise : obligation et avancement.',
  ({ ref }) => {
    const regle = compute(
      {
        effectif: ref('c.effectif'),
        bdeseAccord: ref('c.bdese_accord'),
        accordComplet: ref('accord.is_complete'),
        etapes50A300: ref('moins.completion_steps'),
        etapes300: ref('plus.completion_steps'),
      },
      (entree) => ({ publiee: estSuffisammentQualifieeBdese(entree.effectif), ...evaluer(entree) }),
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
