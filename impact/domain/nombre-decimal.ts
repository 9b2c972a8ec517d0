/**
 * Les nombres décimaux des formulaires. L’application les enregistre dans le texte que Python donne d’un `Decimal` :
 * « 42.5 », « 1E+3 », « 0E-10 », « -0 ». Ils sont comparés chiffre à chiffre, sans arrondi ni limite de taille.
 */
import type { Ternaire } from './ternaire.ts'

/** Signe, chiffres avant et après le point, exposant : la grammaire de Python, en chiffres ASCII. */
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:E([+-]?\d+))?$/i

/** Une valeur absolue : ses chiffres sans zéro aux deux bouts, et la puissance de dix du premier. */
interface Grandeur {
  readonly chiffres: string
  readonly rang: number
}

function grandeur(avant: string, apres: string, exposant: string): Grandeur {
  const chiffres = (avant + apres).replace(/^0+/, '')
  return { chiffres: chiffres.replace(/0+$/, ''), rang: Number(exposant) + chiffres.length - apres.length }
}

/** Le nombre atteint-il le seuil, un entier positif ? null pour ce qui n’est pas un nombre : texte libre, NaN, infini. */
export function atteintLeSeuil(nombre: unknown, seuil: number): Ternaire {
  if (typeof nombre === 'number') return nombre >= seuil
  const [, signe, avant = '', apres = '', exposant = '0'] = (typeof nombre === 'string' && DECIMAL.exec(nombre)) || []
  if (signe === undefined) return null
  const { chiffres, rang } = grandeur(avant, apres, exposant)
  const borne = grandeur(String(seuil), '', '0')
  if (chiffres === '' || signe === '-') return false
  return rang === borne.rang ? chiffres >= borne.chiffres : rang > borne.rang
}
