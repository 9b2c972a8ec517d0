/**
 * The keys of the limit cases that `sample/cas-limites.sql` writes, at every size: tests and the demonstration name a case
 * instead of searching for it. Generated rows begin at 101 in every table.
 */

/** Keys of `entreprises_entreprise`. The person of company n is user n + 20, except for the simulation, which has none. */
export const ENTREPRISES_LIMITES = {
  entrepriseTest: 1,
  sansCaracteristiques: 2,
  derniereAnneeNonQualifiee: 3,
  formeJuridiqueAbsente: 4,
  formeJuridiqueAbsenteInteretPublic: 5,
  paysInconnu: 6,
  memePersonneDeuxComptes: 7,
  deuxRapportsCsrdOfficiels: 8,
  aSupprimerPendantUnePublication: 9,
  trancheHeritee: 10,
  cloture29Fevrier: 11,
  vsmeCompletEtVide: 12,
  fichierAuNomDUnePersonne: 13,
  entrepreneurIndividuel: 14,
  bdeseSansEtape: 15,
  egaproEnPanne: 16,
  egaproJamaisReleve: 17,
  bilanTropAncienDUnJour: 18,
  outreMerEtBilanAVenir: 19,
  danemark: 20,
  norvege: 21,
  australie: 22,
  nouvelleZelande: 23,
  codePays99439: 24,
  bdeseDUnAutreModele: 25,
  bdeseAccordComplete: 26,
  bdeseAccordIncomplete: 27,
  simulation: 28,
  caracteresDifficiles: 29,
  csrdLienSansVerrou: 30,
} as const

/** Keys of `users_user`. */
export const UTILISATEURS_LIMITES = {
  equipe: 1,
  sansEntreprise: 5,
  memePersonne: 6,
  memePersonneAutreCompte: 7,
  aSupprimerPendantUnePublication: 8,
  conseillere: 9,
  jamaisConfirme: 10,
} as const

/** Keys of `analyseia_analyseia`. */
export const ANALYSES_LIMITES = {
  nommeeDApresUnePersonne: 1,
  sansPhrasePertinente: 2,
  orpheline: 3,
  dansDeuxRapports: 4,
  entrepriseEtRapport: 5,
  resultatVide: 6,
} as const

/** Keys of `vsme_rapportvsme`. */
export const VSME_LIMITES = { cent: 1, sansIndicateur: 2, sansCaracteristiques: 3, unIndicateurManque: 4 } as const
