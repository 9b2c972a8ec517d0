/** Les jours du calendrier, années 0001 à 9999, écrits `AAAA-MM-JJ`. Les règles reçoivent « aujourd’hui » et ne lisent jamais l’horloge. */
const ECRITURE = /^(?!0000)\d{4}-\d\d-\d\d$/

/** Vrai pour un jour réel ; faux pour `infinity`, le 29 février d’une année non bissextile ou un instant. */
export function estJour(texte: unknown): texte is string {
  if (typeof texte !== 'string' || !ECRITURE.test(texte)) return false
  const instant = new Date(`${texte}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(texte)
}

export const anneeCivile = (jour: string): number | null => (estJour(jour) ? Number(jour.slice(0, 4)) : null)
