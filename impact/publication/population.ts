/** Qui est publié : les entreprises avec leurs dernières caractéristiques, et celles dont les obligations sont évaluées. */
import { source } from './register.ts'

/** Le fuseau des jours et des années civiles d’Impact. */
export const ZONE = 'Europe/Paris'

/**
 * Chaque entreprise, avec ses caractéristiques de l’année la plus récente si elle en a. Toutes sont lues en une fois : un tri et une
 * jointure coûtent moins qu’une recherche par entreprise.
 */
export const avecCaracteristiques = source.selectFrom('entreprises_entreprise as e').leftJoin(
  (sub) =>
    sub
      .selectFrom('entreprises_caracteristiquesannuelles as a')
      .distinctOn('a.entreprise_id')
      // L’ordre inverse de l’index unique, pour que PostgreSQL n’ait pas à trier.
      .orderBy('a.entreprise_id', 'desc')
      .orderBy('a.annee', 'desc')
      .select([
        'a.entreprise_id',
        'a.annee',
        'a.updated_at',
        'a.date_cloture_exercice',
        'a.effectif',
        'a.effectif_securite_sociale',
        'a.effectif_outre_mer',
        'a.effectif_groupe',
        'a.effectif_groupe_france',
        'a.tranche_chiffre_affaires',
        'a.tranche_bilan',
        'a.tranche_chiffre_affaires_consolide',
        'a.tranche_bilan_consolide',
        'a.bdese_accord',
        'a.tranche_consommation_energie_finale',
      ])
      .as('c'),
  (join) => join.onRef('c.entreprise_id', '=', 'e.id'),
)

/** Les entreprises évaluées : elles ont un utilisateur et des caractéristiques. Chaque règle décide si celles-ci lui suffisent. */
export const evaluees = avecCaracteristiques
  .where('c.annee', 'is not', null)
  .where(({ exists, lit, selectFrom }) =>
    exists(
      selectFrom('habilitations_habilitation as h').whereRef('h.entreprise_id', '=', 'e.id').select(lit(1).as('un')),
    ),
  )
