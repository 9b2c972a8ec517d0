/** The limit cases of the sample as a table: what each is, the query that shows it, what it answers. Read by the tests of the content. */
import {
  ANALYSES_LIMITES as analyses,
  ENTREPRISES_LIMITES as entreprises,
  UTILISATEURS_LIMITES as utilisateurs,
  VSME_LIMITES as vsme,
} from './cas-limites.ts'

/** The year of the day that the tests load. */
export const ANNEE = 2026

/** The latest year of a company, by the column that a case is about. */
const derniere = (id: number, expression: string) =>
  `select ${expression} from entreprises_caracteristiquesannuelles where entreprise_id = ${id} order by annee desc limit 1`
export const compte = (from: string) => `select count(*)::integer from ${from}`

export const LIMIT_CASES: readonly (readonly [name: string, sql: string, expected: unknown])[] = [
  [
    'une entreprise sans caractéristiques, mais avec une personne et un rapport VSME',
    `select array[(${compte('entreprises_caracteristiquesannuelles')} where entreprise_id = c.id), (${compte('habilitations_habilitation')} where entreprise_id = c.id),
      (${compte('vsme_rapportvsme')} where entreprise_id = c.id)] from (values (${entreprises.sansCaracteristiques})) as c (id)`,
    [0, 1, 1],
  ],
  [
    'une dernière année non qualifiée',
    derniere(entreprises.derniereAnneeNonQualifiee, 'array[annee::text, effectif]'),
    [`${ANNEE - 1}`, null],
  ],
  [
    'et son année d’avant, qualifiée',
    `${derniere(entreprises.derniereAnneeNonQualifiee, 'array[annee::text, effectif]')} offset 1`,
    [`${ANNEE - 2}`, '300-499'],
  ],
  [
    'une forme juridique absente',
    `select categorie_juridique_sirene from entreprises_entreprise where id = ${entreprises.formeJuridiqueAbsente}`,
    null,
  ],
  [
    'un code de pays inconnu',
    `select code_pays_etranger_sirene from entreprises_entreprise where id = ${entreprises.paysInconnu}`,
    99999,
  ],
  [
    'les pays mal nommés autrefois',
    `select array_agg(code_pays_etranger_sirene order by id) from entreprises_entreprise where id between ${entreprises.danemark} and ${entreprises.codePays99439}`,
    [99101, 99103, 99501, 99502, 99439],
  ],
  [
    'la même personne attachée deux fois, par deux comptes',
    `select count(distinct lower(u.email))::integer from habilitations_habilitation h join users_user u on u.id = h.user_id
    where h.entreprise_id = ${entreprises.memePersonneDeuxComptes} and u.id in (${utilisateurs.memePersonne}, ${utilisateurs.memePersonneAutreCompte}) having count(*) = 2`,
    1,
  ],
  [
    'deux rapports CSRD officiels la même année',
    compte(
      `reglementations_rapportcsrd where entreprise_id = ${entreprises.deuxRapportsCsrdOfficiels} and proprietaire_id is null and annee = ${ANNEE}`,
    ),
    2,
  ],
  [
    'un utilisateur sans entreprise',
    compte(`habilitations_habilitation where user_id = ${utilisateurs.sansEntreprise}`),
    0,
  ],
  [
    'une entreprise à supprimer, avec tout ce qui en dépend',
    `select (select count(*) > 1 from habilitations_habilitation where entreprise_id = c.id) and exists (select from invitations_invitation where entreprise_id = c.id)
    from (values (${entreprises.aSupprimerPendantUnePublication})) as c (id)`,
    true,
  ],
  [
    'un utilisateur à supprimer, attaché à deux entreprises',
    compte(`habilitations_habilitation where user_id = ${utilisateurs.aSupprimerPendantUnePublication}`),
    2,
  ],
  ['une tranche héritée', derniere(entreprises.trancheHeritee, 'effectif'), '0-49'],
  [
    'un exercice clos un 29 février',
    derniere(entreprises.cloture29Fevrier, 'date_cloture_exercice::text'),
    '2024-02-29',
  ],
  [
    'un rapport VSME complet de base',
    compte(`vsme_indicateur where rapport_vsme_id = ${vsme.cent} and schema_id like 'B%'`),
    37,
  ],
  ['un rapport VSME sans indicateur', compte(`vsme_indicateur where rapport_vsme_id = ${vsme.sansIndicateur}`), 0],
  [
    'un nom de fichier qui désigne une personne',
    `select nom from analyseia_analyseia where id = ${analyses.nommeeDApresUnePersonne}`,
    'Entretien annuel - Camille Fictivel.pdf',
  ],
  [
    'un résultat qui est une chaîne JSON contenant un objet',
    `select array[jsonb_typeof(resultat_json), jsonb_typeof((resultat_json #>> '{}')::jsonb)] from analyseia_analyseia where id = ${analyses.sansPhrasePertinente}`,
    ['string', 'object'],
  ],
  [
    'une analyse orpheline',
    `select array[(${compte('entreprises_entreprise_analyses_ia')} where analyseia_id = a.id), (${compte('reglementations_rapportcsrd_analyses_ia')} where analyseia_id = a.id)]
    from analyseia_analyseia a where id = ${analyses.orpheline}`,
    [0, 0],
  ],
  [
    'une analyse dans deux rapports',
    compte(`reglementations_rapportcsrd_analyses_ia where analyseia_id = ${analyses.dansDeuxRapports}`),
    2,
  ],
  [
    'un entrepreneur individuel',
    `select denomination from entreprises_entreprise where id = ${entreprises.entrepreneurIndividuel} and categorie_juridique_sirene = 1000`,
    'Camille Fictivel',
  ],
  [
    'des étapes de BDESE vides',
    `select completion_steps::text from reglementations_bdese_300 where entreprise_id = ${entreprises.bdeseSansEtape} and annee = ${ANNEE - 1}`,
    '{}',
  ],
  [
    'une BDESE seulement d’un autre modèle ou en brouillon',
    compte(`reglementations_bdese_50_300 where entreprise_id = ${entreprises.bdeseDUnAutreModele} and user_id is null`),
    0,
  ],
  [
    'une source qui n’a pas répondu',
    `select etat from feeds_egapro join entreprises_entreprise using (siren) where id = ${entreprises.egaproEnPanne} and annee = ${ANNEE - 1}`,
    'inconnu',
  ],
  [
    'une entreprise jamais relevée',
    compte(`feeds_egapro join entreprises_entreprise using (siren) where id = ${entreprises.egaproJamaisReleve}`),
    0,
  ],
  [
    'un bilan trop ancien d’un jour',
    `select max(dt_publication)::text from feeds_bges join entreprises_entreprise using (siren) where id = ${entreprises.bilanTropAncienDUnJour}`,
    `${ANNEE - 4}-12-31`,
  ],
  [
    'un bilan à venir',
    `select max(dt_publication)::text from feeds_bges join entreprises_entreprise using (siren) where id = ${entreprises.outreMerEtBilanAVenir}`,
    `${ANNEE + 1}-03-01`,
  ],
  [
    'une simulation sans personne',
    compte(`habilitations_habilitation where entreprise_id = ${entreprises.simulation}`),
    0,
  ],
  [
    'un lien CSRD sans verrou',
    compte(
      `reglementations_rapportcsrd where entreprise_id = ${entreprises.csrdLienSansVerrou} and lien_rapport <> '' and not bloque`,
    ),
    1,
  ],
  [
    'une conseillère de huit entreprises',
    compte(`habilitations_habilitation where user_id = ${utilisateurs.conseillere} and is_conseiller_rse`),
    8,
  ],
  ['quatre comptes de l’équipe', compte('users_user where is_staff'), 4],
  [
    'une invitation d’un inviteur supprimé',
    `select count(*) > 0 from invitations_invitation where inviteur_id is null`,
    true,
  ],
  [
    'l’entreprise fictive de l’équipe',
    `select siren from entreprises_entreprise where id = ${entreprises.entrepriseTest}`,
    '000000001',
  ],
  [
    'des caractères qui gênent une copie',
    `select denomination ~ E'[\\t\\n]' and denomination like '%\\\\N%' from entreprises_entreprise where id = ${entreprises.caracteresDifficiles}`,
    true,
  ],
]
