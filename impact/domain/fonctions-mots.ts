/**
 * Le découpage d’un intitulé de poste en mots comparables : sans accent, en minuscules, sigles pointés ou espacés recollés
 * (« R.S.E », « D R H »), petits mots ôtés, formes ramenées à une seule, une faute de frappe corrigée dans les mots longs.
 * Sert à `fonctions.ts` seulement.
 */
import { FORMES, type Indice, MOTS, MOTS_CORRIGEABLES, PETITS_MOTS, RACINES } from './fonctions-vocabulaire.ts'

/** En caractères : le double de la colonne de l’application (250). Au-delà, ce n’est plus un intitulé. */
const LONGUEUR_LUE = 500
const RACINE_LA_PLUS_COURTE = 4
const RACINE_LA_PLUS_LONGUE = Math.max(...[...RACINES.keys()].map((racine) => racine.length))
/** Dans un mot plus court, une lettre de différence fait un autre mot. */
const MOT_CORRIGEABLE_LE_PLUS_COURT = 6

const CORRIGEABLES_PAR_INITIALE: ReadonlyMap<string, readonly string[]> = (() => {
  const parInitiale = new Map<string, string[]>()
  for (const mot of MOTS_CORRIGEABLES) {
    const initiale = mot.charAt(0)
    parInitiale.set(initiale, [...(parInitiale.get(initiale) ?? []), mot])
  }
  return parInitiale
})()

/** Ce que désigne un mot (dans sa forme de `FORMES`) : le mot entier s’il est connu, sinon la plus longue racine par laquelle il commence. */
export function indiceDuMot(mot: string): Indice | undefined {
  const exact = MOTS.get(mot)
  if (exact !== undefined) return exact
  for (let longueur = Math.min(mot.length, RACINE_LA_PLUS_LONGUE); longueur >= RACINE_LA_PLUS_COURTE; longueur -= 1) {
    const indice = RACINES.get(mot.slice(0, longueur))
    if (indice !== undefined) return indice
  }
  return undefined
}

/** Une faute est une lettre ajoutée, ôtée ou changée, ou deux lettres voisines échangées. */
function estAUneFautePres(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let i = 0
  while (i < a.length && i < b.length && a[i] === b[i]) i += 1
  if (a.length > b.length) return a.slice(i + 1) === b.slice(i)
  if (a.length < b.length) return a.slice(i) === b.slice(i + 1)
  if (a.slice(i + 1) === b.slice(i + 1)) return true
  return a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2)
}

function corrige(mot: string): string {
  if (mot.length < MOT_CORRIGEABLE_LE_PLUS_COURT) return mot
  for (const connu of CORRIGEABLES_PAR_INITIALE.get(mot.charAt(0)) ?? []) {
    if (estAUneFautePres(mot, connu)) return FORMES.get(connu) ?? connu
  }
  return mot
}

function formeDe(mot: string): string {
  const forme = FORMES.get(mot)
  if (forme !== undefined) return forme
  return indiceDuMot(mot) === undefined ? corrige(mot) : mot
}

const estLettreOuChiffre = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 48 && code <= 57)
const estDiacritique = (code: number): boolean => code >= 0x300 && code <= 0x36f
const POINT = 46

/** Recueille les mots lus. Des lettres seules qui se suivent forment un sigle ; une lettre isolée est ignorée. */
class Recueil {
  readonly mots: string[] = []
  private lettres = ''

  ajoute(mot: string): void {
    if (mot.length === 1) {
      this.lettres += mot
      return
    }
    this.recolle()
    if (!PETITS_MOTS.has(mot)) this.mots.push(formeDe(mot))
  }

  recolle(): void {
    if (this.lettres.length > 1) this.mots.push(this.lettres)
    this.lettres = ''
  }
}

/** Les mots significatifs de l’intitulé, dans l’ordre. Une écriture non latine n’en donne aucun. */
export function motsDe(intitule: string): readonly string[] {
  const texte = intitule.slice(0, LONGUEUR_LUE).replaceAll('œ', 'oe').normalize('NFKD').toLowerCase()
  const recueil = new Recueil()
  let mot = ''
  let initiales = false
  for (let i = 0; i < texte.length; i += 1) {
    const code = texte.charCodeAt(i)
    if (estLettreOuChiffre(code)) {
      mot += texte[i]
    } else if (code === POINT && (mot.length === 1 || initiales)) {
      initiales = true
    } else if (!estDiacritique(code)) {
      if (mot !== '') recueil.ajoute(mot)
      mot = ''
      initiales = false
    }
  }
  if (mot !== '') recueil.ajoute(mot)
  recueil.recolle()
  return recueil.mots
}
