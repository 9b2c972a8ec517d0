/** Les libellés des codes publiés, pour tous les tableaux de bord. Les tables gardent les codes, que les questions filtrent. */
import type { CategorieJuridique } from '../domain/categorie-juridique.ts'
import type { Role } from '../domain/role.ts'
import type { RaisonInconnu, Statut } from '../domain/statuts.ts'
import type { ExigenceVsme } from '../domain/vsme-indicateurs.ts'

export const TRANCHES_EN_MOTS = {
  '0-9': '0 à 9',
  '10-49': '10 à 49',
  '50-249': '50 à 249',
  '250-299': '250 à 299',
  '300-499': '300 à 499',
  '500-4999': '500 à 4 999',
  '5000-9999': '5 000 à 9 999',
  '10000+': '10 000 et plus',
  '0-49': '0 à 49 (ancienne)',
}
export const EFFECTIF = { label: 'Effectif', names: TRANCHES_EN_MOTS }

export const STATUT = {
  label: 'Statut',
  means: { 'A JOUR': 'done', 'EN COURS': 'doing', 'A ACTUALISER': 'todo' } as const satisfies Record<Statut, string>,
  names: { 'A JOUR': 'à jour', 'EN COURS': 'en cours', 'A ACTUALISER': 'à actualiser' } satisfies Record<
    Statut,
    string
  >,
}

export const FORME = {
  label: 'Forme juridique',
  names: {
    SOCIETE_COMMANDITE_PAR_ACTIONS: 'Commandite par actions',
    SOCIETE_COOPERATIVE_DE_PRODUCTION: 'Coopérative de production (SCOP)',
    SOCIETE_ANONYME: 'Société anonyme',
    SOCIETE_PAR_ACTIONS_SIMPLIFIEES: 'Société par actions simplifiée',
    SOCIETE_EUROPEENNE: 'Société européenne',
    SOCIETE_COOPERATIVE_AGRICOLE: 'Coopérative agricole',
    SOCIETE_ASSURANCE_MUTUELLE: 'Assurance mutuelle',
    MUTUELLE: 'Mutuelle',
    INSTITUTION_PREVOYANCE: 'Institution de prévoyance',
    AUTRE: 'Autre',
  } satisfies Record<CategorieJuridique, string>,
}

/** Les pays dont le nom publié est mal écrit (sans accents ni capitales internes) ; les autres gardent leur nom publié. */
export const PAYS = {
  label: 'Pays',
  names: {
    Algerie: 'Algérie',
    Bresil: 'Brésil',
    'Etats-unis': 'États-Unis',
    Grece: 'Grèce',
    'Irlande, ou eire': 'Irlande',
    Israel: 'Israël',
    Norvege: 'Norvège',
    'Nouvelle-zelande': 'Nouvelle-Zélande',
    'Pays-bas': 'Pays-Bas',
    'Royaume-uni': 'Royaume-Uni',
    'Saint-marin': 'Saint-Marin',
    'Sainte-lucie': 'Sainte-Lucie',
    Senegal: 'Sénégal',
    Slovenie: 'Slovénie',
    Suede: 'Suède',
    Tchequie: 'Tchéquie',
  },
}

export const ROLE = {
  label: 'Rôle',
  names: { proprietaire: 'propriétaire', editeur: 'éditeur', lecteur: 'lecteur' } satisfies Record<Role, string>,
}

export const RAISON = {
  label: 'Raison',
  names: {
    qualification_insuffisante: 'qualification insuffisante',
    tranche_inconnue: 'tranche d’effectif inconnue',
    critere_illisible: 'critère illisible',
    categorie_juridique_absente: 'forme juridique absente',
    place_dans_le_groupe_inconnue: 'place dans le groupe inconnue',
    source_externe_en_panne: 'source externe en panne',
    source_externe_non_relevee: 'source externe non relevée',
    source_externe_perimee: 'source externe périmée',
    contenu_illisible: 'contenu illisible',
    etape_inconnue: 'étape inconnue',
    module_inconnu: 'module inconnu',
    date_illisible: 'date illisible',
    rapports_officiels_multiples: 'plusieurs rapports officiels',
    role_inconnu: 'rôle inconnu',
  } satisfies Record<RaisonInconnu, string>,
}

/** D’après les intitulés de la norme VSME de l’EFRAG (décembre 2024), abrégés. */
export const EXIGENCE = {
  label: 'Exigence',
  names: {
    B1: 'B1 Base de préparation',
    B2: 'B2 Pratiques et politiques',
    B3: 'B3 Énergie et gaz à effet de serre',
    B4: 'B4 Pollution',
    B5: 'B5 Biodiversité',
    B6: 'B6 Eau',
    B7: 'B7 Ressources et déchets',
    B8: 'B8 Effectifs : caractéristiques',
    B9: 'B9 Effectifs : santé et sécurité',
    B10: 'B10 Effectifs : rémunération, formation',
    B11: 'B11 Corruption',
    C1: 'C1 Stratégie et modèle économique',
    C2: 'C2 Détail des pratiques',
    C3: 'C3 Objectifs de réduction, transition',
    C4: 'C4 Risques climatiques',
    C5: 'C5 Effectifs : compléments',
    C6: 'C6 Droits humains : politiques',
    C7: 'C7 Droits humains : incidents graves',
    C8: 'C8 Chiffre d’affaires par secteur',
    C9: 'C9 Mixité de la gouvernance',
  } satisfies Record<ExigenceVsme, string>,
}
