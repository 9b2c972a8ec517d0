/**
 * Un jour du calendrier, lu d’un texte `AAAA-MM-JJ` et tenu en un entier AAAAMMJJ : comparable, sans fuseau ni horloge.
 * Sert à l’exercice comptable et aux règles qui reçoivent « aujourd’hui ». Ce qui n’est pas un jour réel donne null.
 */
export type Jour = number

const LONGUEURS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

const estBissextile = (an: number): boolean => (an % 4 === 0 && an % 100 !== 0) || an % 400 === 0

function longueurDuMois(an: number, mois: number): number {
  if (mois === 2 && estBissextile(an)) return 29
  return LONGUEURS[mois - 1] ?? 0
}

const compose = (an: number, mois: number, quantieme: number): Jour => an * 10_000 + mois * 100 + quantieme

/** Les années que porte un texte `AAAA-MM-JJ`. */
export const estAnnee = (an: unknown): an is number =>
  typeof an === 'number' && Number.isInteger(an) && an >= 1 && an <= 9999

export const anneeDe = (jour: Jour): number => Math.floor(jour / 10_000)
export const moisDe = (jour: Jour): number => Math.floor(jour / 100) % 100
export const quantiemeDe = (jour: Jour): number => jour % 100

/** Le nombre écrit en chiffres de `debut` à `fin` exclu, ou -1. */
function nombre(texte: string, debut: number, fin: number): number {
  let total = 0
  for (let i = debut; i < fin; i += 1) {
    const chiffre = texte.charCodeAt(i) - 48
    if (chiffre < 0 || chiffre > 9) return -1
    total = total * 10 + chiffre
  }
  return total
}

/** Le jour écrit `AAAA-MM-JJ`, années 0001 à 9999 ; null pour tout autre texte (`infinity` compris) et pour un faux jour. */
export function lireJour(texte: unknown): Jour | null {
  if (typeof texte !== 'string' || texte.length !== 10 || texte[4] !== '-' || texte[7] !== '-') return null
  const an = nombre(texte, 0, 4)
  const mois = nombre(texte, 5, 7)
  const quantieme = nombre(texte, 8, 10)
  if (an < 1 || mois < 1 || mois > 12 || quantieme < 1) return null
  return quantieme <= longueurDuMois(an, mois) ? compose(an, mois, quantieme) : null
}

/** Le même jour et le même mois une autre année ; le 29 février devient le 28 quand il n’existe pas. */
export function dansAnnee(jour: Jour, an: number): Jour {
  const mois = moisDe(jour)
  return compose(an, mois, Math.min(quantiemeDe(jour), longueurDuMois(an, mois)))
}

export function lendemain(jour: Jour): Jour {
  const an = anneeDe(jour)
  const mois = moisDe(jour)
  if (quantiemeDe(jour) < longueurDuMois(an, mois)) return jour + 1
  return mois === 12 ? compose(an + 1, 1, 1) : compose(an, mois + 1, 1)
}

const surChiffres = (valeur: number, chiffres: number): string => String(valeur).padStart(chiffres, '0')

export const texteDuJour = (jour: Jour): string =>
  `${surChiffres(anneeDe(jour), 4)}-${surChiffres(moisDe(jour), 2)}-${surChiffres(quantiemeDe(jour), 2)}`
