/**
 * Le nombre de phrases d’une analyse de document par IA, et de celles qui relèvent d’une norme ESRS. Le résultat est stocké
 * comme une chaîne JSON qui contient elle-même un objet `{ libellé ESRS: [phrases] }` ; la requête en donne le texte, en
 * octets. Aucune phrase n’en sort : des nombres.
 */
import { longueursDesListes } from './listes-json.ts'
import type { RaisonInconnu } from './statuts.ts'

export interface PhrasesAnalyseIa {
  readonly nbPhrases: number | null
  readonly nbPhrasesPertinentes: number | null
  /** `contenu_illisible`, ou null : une analyse sans résultat n’a pas de nombre, et rien n’y est inconnu. */
  readonly inconnu: RaisonInconnu | null
}

/** Ce que le libellé d’une phrase sans norme contient. */
const HORS_NORME = 'Non ESRS'

const SANS_RESULTAT: PhrasesAnalyseIa = Object.freeze({ nbPhrases: null, nbPhrasesPertinentes: null, inconnu: null })
const ILLISIBLES: PhrasesAnalyseIa = Object.freeze({
  nbPhrases: null,
  nbPhrasesPertinentes: null,
  inconnu: 'contenu_illisible',
})

/** Reçoit le texte de `resultat_json`, en UTF-8 : celui de la chaîne qui s’y trouve, ou de l’objet s’il y est sans détour. */
export function phrasesAnalyseIa(resultatJson: Uint8Array | null | undefined): PhrasesAnalyseIa {
  if (resultatJson === null || resultatJson === undefined || resultatJson.length === 0) return SANS_RESULTAT
  const longueurs = longueursDesListes(resultatJson)
  if (longueurs === null) return ILLISIBLES
  let nbPhrases = 0
  let nbPhrasesPertinentes = 0
  for (const [libelle, nombre] of longueurs) {
    nbPhrases += nombre
    if (!libelle.includes(HORS_NORME)) nbPhrasesPertinentes += nombre
  }
  return { nbPhrases, nbPhrasesPertinentes, inconnu: null }
}
