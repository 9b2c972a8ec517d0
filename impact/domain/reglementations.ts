/** Les quatre réglementations dont l’obligation dépend de l’entreprise, sous leurs noms publiés. La VSME est volontaire. */
export const REGLEMENTATIONS = ['BDESE', 'Index EgaPro', 'BGES', 'CSRD'] as const
export type Reglementation = (typeof REGLEMENTATIONS)[number]

/** Où en est une entreprise de ses obligations prises ensemble ; un statut inconnu suffit pour qu’on ne le sache pas. */
export const CONFORMITES = ['toutes', 'partie', 'aucune', 'inconnue'] as const
export type Conformite = (typeof CONFORMITES)[number]
