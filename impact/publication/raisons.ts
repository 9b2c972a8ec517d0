/** Les raisons pour lesquelles une donnée indirectement identifiante est publiée : elles figurent au dictionnaire. */
export const CLE = 'Clé stable : elle relie les tables publiées et les questions enregistrées.'
export const EVOLUTION = 'Date d’événement, nécessaire aux courbes d’activité.'
export const RAPPROCHEMENT = 'Identifiant public d’une personne morale, nécessaire au rapprochement.'
export const DESCRIPTION = 'Caractéristique de l’entreprise, nécessaire aux répartitions.'
export const USAGE = 'État du compte sans identité, nécessaire aux mesures d’usage.'
