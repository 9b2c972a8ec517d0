/** La table publiée de la BDESE : une ligne par entreprise évaluée, d’après ses documents officiels de l’année précédente. */
import { compute, from, rows } from 'vitrine'
import { estSuffisammentQualifieeBdese, bdese as evaluer } from '../domain/bdese.ts'
import { RAISONS_INCONNU, STATUTS } from '../domain/statuts.ts'
import { documentsBdese } from './obligations.ts'
import { cleDeLEntreprise, soumissionEtStatut } from './reglementation.ts'

export const bdese = from(documentsBdese).publish(
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
