/** Les colonnes que toutes les réglementations ont en commun, et les raisons d’un statut inconnu. */
import { because, bigint, boolean, type Computed, type Expression, type Indirect, varchar } from 'vitrine'
import type { Statut } from '../domain/statuts.ts'
import { entreprise } from './entreprise.ts'
import { CLE } from './raisons.ts'

/** Une ligne par entreprise : sa clé est celle de l’entreprise, la même à chaque publication. */
export const cleDeLEntreprise = (id: Expression<Indirect<bigint>>) => ({
  id: bigint(because(id, CLE), 'Identifiant stable : celui de l’entreprise').primaryKey(),
  entreprise_id: bigint(because(id, CLE), 'Entreprise concernée').references(() => entreprise),
})

export const soumissionEtStatut = (estSoumise: Computed<boolean | null>, statut: Computed<Statut | null>) => ({
  est_soumise: boolean(
    estSoumise,
    'L’entreprise est soumise à la réglementation ; vide quand on ne le sait pas',
  ).nullable(),
  statut: varchar(15, statut, 'A ACTUALISER, EN COURS ou A JOUR ; vide si non soumise ou inconnu').nullable(),
})
