/**
 * Compte les phrases d’une analyse de document par IA, et celles qui relèvent d’une norme ESRS. Le résultat est stocké
 * comme une chaîne JSON qui contient elle-même un objet `{ libellé ESRS: [phrases] }` ; la requête en donne le texte. Seuls
 * des nombres sont publiés, jamais une phrase.
 */
import { estObjet, lireJson } from './contenu-json.ts'
import type { RaisonInconnu } from './statuts.ts'

export interface PhrasesAnalyseIa {
  readonly nbPhrases: number | null
  readonly nbPhrasesPertinentes: number | null
  /** `contenu_illisible`, ou null : une analyse sans résultat n’a pas de nombre, et rien n’y est inconnu. */
  readonly inconnu: RaisonInconnu | null
}

/** Contenu dans le libellé des phrases qui ne relèvent d’aucune norme. */
const HORS_NORME = 'Non ESRS'

const SANS_RESULTAT: PhrasesAnalyseIa = Object.freeze({ nbPhrases: null, nbPhrasesPertinentes: null, inconnu: null })
const ILLISIBLES: PhrasesAnalyseIa = Object.freeze({
  nbPhrases: null,
  nbPhrasesPertinentes: null,
  inconnu: 'contenu_illisible',
})

/** Reçoit le texte de `resultat_json` : celui de la chaîne stockée, ou de l’objet s’il est stocké directement. */
export function phrasesAnalyseIa(resultatJson: string | null): PhrasesAnalyseIa {
  if (resultatJson === null || resultatJson === '') return SANS_RESULTAT
  const resultat = lireJson(resultatJson)
  if (!estObjet(resultat)) return ILLISIBLES
  let nbPhrases = 0
  let nbPhrasesPertinentes = 0
  for (const [libelle, phrases] of Object.entries(resultat)) {
    if (!Array.isArray(phrases)) return ILLISIBLES
    nbPhrases += phrases.length
    if (!libelle.includes(HORS_NORME)) nbPhrasesPertinentes += phrases.length
  }
  return { nbPhrases, nbPhrasesPertinentes, inconnu: null }
}
