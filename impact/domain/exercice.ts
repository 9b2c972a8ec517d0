/**
 * L’exercice comptable : le dernier clos, celui d’une année de clôture, celui qui s’ouvre une année donnée, et les années
 * que regardent les réglementations. « Aujourd’hui » est toujours un argument, à la date de Paris : rien ne lit l’horloge.
 * Une date de clôture illisible donne null, pas une exception ; l’absence de date vaut l’année civile.
 */
import {
  anneeDe,
  dansAnnee,
  estAnnee,
  type Jour,
  lendemain,
  lireJour,
  moisDe,
  quantiemeDe,
  texteDuJour,
} from './jour.ts'

export interface Exercice {
  /** Premier et dernier jour, `AAAA-MM-JJ`. */
  readonly ouverture: string
  readonly cloture: string
  /** `2024` quand il s’ouvre le 1er janvier, sinon `2024-2025`. */
  readonly libelle: string
}

const SANS_DATE: Jour = 20001231

/** La date de clôture, l’année civile si elle manque, null si elle est illisible. */
const clotureDe = (dateCloture: string | null): Jour | null =>
  dateCloture === null ? SANS_DATE : lireJour(dateCloture)

const estLeTrenteEtUnDecembre = (jour: Jour): boolean => moisDe(jour) === 12 && quantiemeDe(jour) === 31

/** L’année du jour donné : celle des rapports CSRD. */
export function anneeCivile(aujourdhui: string): number | null {
  const jour = lireJour(aujourdhui)
  return jour === null ? null : anneeDe(jour)
}

/** L’année des BDESE et des index EgaPro attendus : l’année civile précédente, quel que soit l’exercice. */
export function anneePrecedente(aujourdhui: string): number | null {
  const annee = anneeCivile(aujourdhui)
  return annee === null ? null : annee - 1
}

/**
 * L’année de clôture du dernier exercice clos. Le jour de la clôture, l’exercice n’est pas encore clos. Un 29 février est
 * ramené au 28 les années communes. Sans date de clôture : l’année civile précédente.
 */
export function dernierExerciceClos(dateCloture: string | null, aujourdhui: string): number | null {
  const jour = lireJour(aujourdhui)
  if (jour === null) return null
  const annee = anneeDe(jour)
  if (dateCloture === null) return annee - 1
  const cloture = lireJour(dateCloture)
  if (cloture === null) return null
  return dansAnnee(cloture, annee) < jour ? annee : annee - 1
}

/** L’exercice qui se clôt l’année donnée (2 à 9999) : il s’ouvre le lendemain de la clôture précédente. */
export function exerciceClosEn(anneeCloture: number, dateCloture: string | null): Exercice | null {
  const cloture = clotureDe(dateCloture)
  if (cloture === null || !estAnnee(anneeCloture) || anneeCloture === 1) return null
  const ouverture = lendemain(dansAnnee(cloture, anneeCloture - 1))
  const civile = estLeTrenteEtUnDecembre(cloture)
  return {
    ouverture: texteDuJour(ouverture),
    cloture: texteDuJour(dansAnnee(cloture, anneeCloture)),
    libelle: civile ? String(anneeCloture) : `${anneeDe(ouverture)}-${anneeCloture}`,
  }
}

/** L’année où se clôt l’exercice ouvert l’année donnée : la même pour un exercice civil, sinon la suivante. */
export function anneeDeClotureOuvertEn(anneeOuverture: number, dateCloture: string | null): number | null {
  const cloture = clotureDe(dateCloture)
  if (cloture === null || !estAnnee(anneeOuverture)) return null
  return estLeTrenteEtUnDecembre(cloture) ? anneeOuverture : anneeOuverture + 1
}

/** L’année du jour qui suit de six mois la clôture de l’exercice ouvert l’année donnée. */
export function anneeSixMoisApres(anneeOuverture: number, dateCloture: string | null): number | null {
  const cloture = clotureDe(dateCloture)
  const annee = anneeDeClotureOuvertEn(anneeOuverture, dateCloture)
  if (cloture === null || annee === null) return null
  return moisDe(cloture) > 6 ? annee + 1 : annee
}
