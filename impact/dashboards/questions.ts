/** Les façons de poser une question aux tables publiées d’Impact, et ce que plusieurs tableaux de bord partagent. */
import { collection, questionsAbout } from 'vitrine'
import { EFFECTIFS } from '../domain/effectifs.ts'
import { donnees } from '../publication/donnees.ts'

export const impact = questionsAbout(donnees)

/** La collection de Metabase où sont rangés les tableaux de bord, lisible par l’équipe. */
export const IMPACT = collection({
  key: 'impact',
  name: 'Impact',
  description: 'Les tableaux de bord d’Impact, tenus à jour par son code.',
  access: { equipe: 'read' },
})

/** Les entreprises inscrites : au moins un compte y est rattaché. Les autres sont des simulations. */
export const INSCRITES = impact.conditions('metabase_entreprise', ['nombre_utilisateurs', '>', 0])
export const SIMULEES = impact.conditions('metabase_entreprise', ['nombre_utilisateurs', '=', 0])

/** Les tranches d’effectif, de la plus petite à la plus grande : l’ordre alphabétique les mélangerait. */
export const TRANCHES = [...EFFECTIFS.keys()]

export const entier = { kind: 'number', decimals: 0 } as const
export const pourcent = { kind: 'percent', decimals: 1 } as const
/** Une part, dont la colonne donnée est le dénominateur. */
export const partDe = (of: string) => ({ kind: 'percent', decimals: 1, of }) as const
export const mois = { kind: 'date', style: 'month' } as const
export const jour = { kind: 'date', style: 'day' } as const
export const instant = { kind: 'date', style: 'instant' } as const

/** Le début de chaque tableau : de quand datent les chiffres. */
export const FRAICHEUR = [{ freshness: 'Données du' }] as const
/** La fin de chaque tableau : ce que ses chiffres ne disent pas. */
export const limites = (text: string) => [[{ heading: 'Ce que ces chiffres ne disent pas' }], [{ text }]] as const
