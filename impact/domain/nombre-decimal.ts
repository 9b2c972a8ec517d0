/**
 * Les nombres décimaux des formulaires. L’application les enregistre dans le texte que Python donne d’un `Decimal` :
 * « 42.5 », « 1E+3 », « 0E-10 », « -0 ». Ils sont comparés chiffre à chiffre, sans arrondi ni limite de taille.
 */
import type { Ternaire } from './ternaire.ts'

/** Signe, chiffres avant et après le point, exposant : la grammaire de Python, en chiffres ASCII. */
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:E([+-]?\d+))?$/i

/** Le nombre atteint-il le seuil, un entier positif ? null pour ce qui n’est pas un nombre : texte libre, NaN, infini. */
export function atteintLeSeuil(nombre: unknown, seuil: number): Ternaire {
  if (typeof nombre === 'number') return nombre >= seuil
  const [, signe, avant = '', apres = '', exposant = '0'] = (typeof nombre === 'string' && DECIMAL.exec(nombre)) || []
  if (signe === undefined) return null
  const chiffres = (avant + apres).replace(/^0+/, '')
  if (chiffres === '' || signe === '-') return false
  // Le nombre de chiffres avant le point ; négatif quand des zéros suivent le point.
  const rang = Number(exposant) + chiffres.length - apres.length
  const borne = String(seuil)
  return rang === borne.length ? chiffres >= borne.replace(/0+$/, '') : rang > borne.length
}
