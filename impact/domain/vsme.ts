/**
 * L’avancement d’un rapport VSME, exigence par exigence et au total, tel qu’il est publié. La norme est volontaire :
 * l’entreprise est toujours dite soumise. Un indicateur est complet dès qu’il est rempli, quel que soit son contenu ; seuls
 * les indicateurs applicables comptent (`vsme-applicabilite.ts`).
 */
import { champ, estObjet, ILLISIBLE, lireJson } from './contenu-json.ts'
import type { RaisonInconnu, Statut } from './statuts.ts'
import type { Ternaire } from './ternaire.ts'
import {
  estApplicable,
  type IndicateursRemplis,
  type ModuleVsme,
  moduleComplet,
  moduleDeclare,
} from './vsme-applicabilite.ts'
import { EXIGENCES_VSME, type ExigenceVsme, INDICATEURS_VSME } from './vsme-indicateurs.ts'

type Progressions = { readonly [E in ExigenceVsme as `progression_${E}`]: number | null }

/** Les progressions sont des pourcentages entiers de 0 à 100 ; null quand une donnée qui décide est illisible. */
export interface AvancementVsme extends Progressions {
  readonly estSoumise: true
  readonly statut: Statut | null
  readonly inconnu: RaisonInconnu | null
  /** Le module déclaré ; null sans déclaration. */
  readonly choixModule: ModuleVsme | null
  /** Le nombre d’indicateurs remplis, applicables ou non. */
  readonly nbIndicateursCompletes: number | null
  readonly progression: number | null
}

interface Decompte {
  complets: number
  applicables: number
  /** Une applicabilité au moins est inconnue. */
  incertain: boolean
}

type Totaux = Omit<AvancementVsme, keyof Progressions>

function decompte(remplis: IndicateursRemplis, exigence: ExigenceVsme, complet: Ternaire): Decompte {
  const total: Decompte = { complets: 0, applicables: 0, incertain: false }
  for (const indicateur of INDICATEURS_VSME[exigence]) {
    const applicable = estApplicable(remplis, indicateur, complet)
    if (applicable === null) total.incertain = true
    if (applicable !== true) continue
    total.applicables += 1
    if (champ(remplis, indicateur) !== undefined) total.complets += 1
  }
  return total
}

/** Arrondi vers le bas : 100 veut dire que tout y est. Multiplier d’abord garde des entiers exacts. */
const pourcentage = ({ complets, applicables, incertain }: Decompte, siRien: number): number | null => {
  if (incertain) return null
  return applicables === 0 ? siRien : Math.floor((100 * complets) / applicables)
}

const CLES = EXIGENCES_VSME.map((exigence) => [exigence, `progression_${exigence}`] as const)

/** Un modèle avec toutes les clés : construire l’objet clé par clé coûte bien plus. */
const MODELE: Readonly<Record<keyof AvancementVsme, null>> = Object.freeze({
  estSoumise: null,
  statut: null,
  inconnu: null,
  choixModule: null,
  nbIndicateursCompletes: null,
  progression: null,
  // sound because every requirement is given its key.
  ...(Object.fromEntries(CLES.map(([, cle]) => [cle, null])) as Record<keyof Progressions, null>),
})

function avancement(totaux: Totaux, progressionDe: (exigence: ExigenceVsme) => number | null): AvancementVsme {
  const resultat: Record<string, unknown> = Object.assign({ ...MODELE }, totaux)
  for (const [exigence, cle] of CLES) resultat[cle] = progressionDe(exigence)
  // sound because the totals were copied and every requirement was given its key.
  return resultat as unknown as AvancementVsme
}

const inconnue = (inconnu: RaisonInconnu): AvancementVsme =>
  avancement(
    { estSoumise: true, statut: null, inconnu, choixModule: null, nbIndicateursCompletes: null, progression: null },
    () => null,
  )
const ILLISIBLE_ENTIEREMENT: AvancementVsme = Object.freeze(inconnue('contenu_illisible'))

/** Sans indicateur, tout vaut 0, même les exigences qui ne s’appliqueraient pas. */
const VIDE: AvancementVsme = Object.freeze(
  avancement(
    {
      estSoumise: true,
      statut: 'EN COURS',
      inconnu: null,
      choixModule: null,
      nbIndicateursCompletes: 0,
      progression: 0,
    },
    () => 0,
  ),
)

function avancementDe(remplis: IndicateursRemplis, nombre: number): AvancementVsme {
  const total: Decompte = { complets: 0, applicables: 0, incertain: false }
  const pourcentages = new Map<ExigenceVsme, number | null>()
  const complet = moduleComplet(remplis)
  for (const exigence of EXIGENCES_VSME) {
    const compte = decompte(remplis, exigence, complet)
    total.complets += compte.complets
    total.applicables += compte.applicables
    total.incertain ||= compte.incertain
    pourcentages.set(exigence, pourcentage(compte, 100))
  }
  const choix = moduleDeclare(remplis)
  const progression = pourcentage(total, 0)
  return avancement(
    {
      estSoumise: true,
      statut: progression === null ? null : progression === 100 ? 'A JOUR' : 'EN COURS',
      inconnu: progression !== null ? null : choix === ILLISIBLE ? 'module_inconnu' : 'contenu_illisible',
      choixModule: choix === ILLISIBLE ? null : choix,
      nbIndicateursCompletes: nombre,
      progression,
    },
    (exigence) => pourcentages.get(exigence) ?? null,
  )
}

/**
 * Reçoit les indicateurs du rapport en un objet JSON, texte ou déjà lu : chaque `schema_id` rempli et son `_data`. Le contenu
 * n’est lu que pour ceux qui décident de l’applicabilité d’autres ; null (aucun indicateur) vaut l’objet vide.
 */
export function avancementVsme(indicateurs: unknown): AvancementVsme {
  const remplis = lireJson(indicateurs)
  if (remplis === null || remplis === undefined) return VIDE
  if (!estObjet(remplis)) return ILLISIBLE_ENTIEREMENT
  const nombre = Object.keys(remplis).length
  return nombre === 0 ? VIDE : avancementDe(remplis, nombre)
}

/** L’avancement d’une exigence. Quand rien ne s’applique, il est null et non 100. */
export interface AvancementExigence {
  /** null quand une donnée qui décide est illisible. */
  readonly applicables: number | null
  /** null aussi quand rien ne s’applique. */
  readonly completes: number | null
  readonly progression: number | null
}

const EXIGENCE_INCONNUE: AvancementExigence = Object.freeze({ applicables: null, completes: null, progression: null })
const SANS_OBJET: AvancementExigence = Object.freeze({ applicables: 0, completes: null, progression: null })

interface Lecture {
  readonly texte: unknown
  readonly remplis: unknown
  readonly complet: Ternaire
}

// Les exigences d’un rapport se suivent : le dernier contenu lu est gardé, pour ne pas le relire à chaque exigence.
let derniere: Lecture | null = null
function lire(texte: unknown): Lecture {
  if (derniere !== null && derniere.texte === texte) return derniere
  const remplis = lireJson(texte) ?? {}
  derniere = { texte, remplis, complet: estObjet(remplis) ? moduleComplet(remplis) : null }
  return derniere
}

/** Reçoit les mêmes indicateurs que `avancementVsme`. */
export function avancementExigence(indicateurs: unknown, exigence: ExigenceVsme): AvancementExigence {
  const { remplis, complet } = lire(indicateurs)
  if (!estObjet(remplis)) return EXIGENCE_INCONNUE
  const compte = decompte(remplis, exigence, complet)
  if (compte.incertain) return EXIGENCE_INCONNUE
  const { applicables, complets } = compte
  return applicables === 0 ? SANS_OBJET : { applicables, completes: complets, progression: pourcentage(compte, 0) }
}
