/**
 * Quels indicateurs VSME s’appliquent à un rapport, d’après ce que d’autres indicateurs du même rapport déclarent. Une donnée
 * illisible rend inconnus les indicateurs qui en dépendent, et eux seuls. Les clés lues sont celles des formulaires de
 * l’application. L’avancement est dans `vsme.ts`.
 */
import { champ, estObjet, estRenseigne, ILLISIBLE } from './contenu-json.ts'
import { atteintLeSeuil } from './nombre-decimal.ts'
import { et, non, ou, type Ternaire } from './ternaire.ts'
import type { IndicateurVsme } from './vsme-indicateurs.ts'

/** Le contenu de chaque indicateur rempli ; null pour un indicateur rempli sans contenu. */
export type IndicateursRemplis = Readonly<Record<string, unknown>>
type Donnees = Readonly<Record<string, unknown>>

export const MODULES_VSME = ['base', 'complet'] as const
export type ModuleVsme = (typeof MODULES_VSME)[number]

/** Les formes juridiques coopératives, au niveau II de la nomenclature de l’INSEE. */
const FORMES_COOPERATIVES: ReadonlySet<unknown> = new Set(['51', '63'])
/** En dessous, les indicateurs C5 ne s’appliquent pas. */
const SEUIL_EFFECTIFS_SUPPLEMENTAIRES = 50

/** undefined quand l’indicateur n’est pas rempli. Un contenu NULL vaut un objet vide, comme dans l’application. */
function donneesDe(remplis: IndicateursRemplis, indicateur: IndicateurVsme): Donnees | undefined | typeof ILLISIBLE {
  const contenu = champ(remplis, indicateur)
  if (contenu === undefined) return undefined
  if (contenu === null) return {}
  return estObjet(contenu) ? contenu : ILLISIBLE
}

/** Une case à cocher : absente ou nulle vaut décochée ; null pour toute autre valeur qu’un booléen. */
function coche(donnees: Donnees, cle: string): Ternaire {
  const valeur = champ(donnees, cle)
  if (!estRenseigne(valeur)) return false
  return valeur === true || valeur === false ? valeur : null
}

/** Une liste : absente ou nulle vaut vide ; null quand ce n’est pas une liste. */
function longueur(donnees: Donnees, cle: string): number | null {
  const valeur = champ(donnees, cle)
  if (!estRenseigne(valeur)) return 0
  return Array.isArray(valeur) ? valeur.length : null
}

/** Le module déclaré ; null sans déclaration, `ILLISIBLE` quand elle n’est pas de la liste. */
export function moduleDeclare(remplis: IndicateursRemplis): ModuleVsme | null | typeof ILLISIBLE {
  const donnees = donneesDe(remplis, 'B1-24-a')
  if (donnees === undefined) return null
  if (donnees === ILLISIBLE) return ILLISIBLE
  const choix = champ(donnees, 'choix_module')
  if (!estRenseigne(choix)) return null
  return choix === 'base' || choix === 'complet' ? choix : ILLISIBLE
}

/** Si le module est le module complet ; oui sans déclaration. */
export function moduleComplet(remplis: IndicateursRemplis): Ternaire {
  const declare = moduleDeclare(remplis)
  return declare === ILLISIBLE ? null : declare !== 'base'
}

function perimetreConsolide(remplis: IndicateursRemplis): Ternaire {
  const donnees = donneesDe(remplis, 'B1-24-c')
  if (donnees === undefined) return false
  if (donnees === ILLISIBLE) return null
  const type = champ(donnees, 'type_perimetre')
  if (estRenseigne(type) && typeof type !== 'string') return null
  return type === 'consolidee'
}

function estCooperative(remplis: IndicateursRemplis): Ternaire {
  const donnees = donneesDe(remplis, 'B1-24-e-i')
  if (donnees === undefined) return false
  if (donnees === ILLISIBLE) return null
  const forme = champ(donnees, 'forme_juridique')
  const formeLisible = !estRenseigne(forme) || typeof forme === 'string'
  return ou(coche(donnees, 'coopérative'), formeLisible ? FORMES_COOPERATIVES.has(forme) : null)
}

function plusieursPays(remplis: IndicateursRemplis): Ternaire {
  const donnees = donneesDe(remplis, 'B1-24-e-vi')
  if (donnees === undefined) return false
  if (donnees === ILLISIBLE) return null
  const nombre = longueur(donnees, 'pays')
  return nombre === null ? null : nombre >= 2
}

/** L’indicateur est rempli et n’a pas été déclaré non pertinent. */
function estPublie(remplis: IndicateursRemplis, indicateur: IndicateurVsme): Ternaire {
  const donnees = donneesDe(remplis, indicateur)
  if (donnees === undefined) return false
  return donnees === ILLISIBLE ? null : non(coche(donnees, 'non_pertinent'))
}

/** L’indicateur est rempli pour dire qu’il n’est pas pertinent. */
function estDeclareNonPertinent(remplis: IndicateursRemplis, indicateur: IndicateurVsme): Ternaire {
  const donnees = donneesDe(remplis, indicateur)
  if (donnees === undefined) return false
  return donnees === ILLISIBLE ? null : coche(donnees, 'non_pertinent')
}

function desPratiquesExistent(donnees: Donnees): Ternaire {
  const declaration = champ(donnees, 'declaration_durabilite')
  if (!estRenseigne(declaration)) return false
  if (!estObjet(declaration)) return null
  let existe: Ternaire = false
  for (const theme of Object.keys(declaration)) {
    const reponses = champ(declaration, theme)
    if (!estRenseigne(reponses)) continue
    existe = ou(existe, estObjet(reponses) ? coche(reponses, 'pratiques') : null)
  }
  return existe
}

function pratiquesADecrire(remplis: IndicateursRemplis): Ternaire {
  const donnees = donneesDe(remplis, 'B2-26')
  if (donnees === undefined) return false
  if (donnees === ILLISIBLE) return null
  return et(non(coche(donnees, 'non_pertinent')), desPratiquesExistent(donnees))
}

function risquesClimatiques(remplis: IndicateursRemplis): Ternaire {
  const donnees = donneesDe(remplis, 'C4-57')
  if (donnees === undefined) return false
  if (donnees === ILLISIBLE) return null
  const nombre = longueur(donnees, 'aleas_et_risques_climatiques')
  return et(non(coche(donnees, 'non_pertinent')), nombre === null ? null : nombre > 0)
}

/** Sans réponse, les indicateurs s’appliquent. */
function effectifsSupplementaires(remplis: IndicateursRemplis): Ternaire {
  const donnees = donneesDe(remplis, 'B1-24-e-v')
  if (donnees === undefined) return true
  if (donnees === ILLISIBLE) return null
  const salaries = champ(donnees, 'nombre_salaries')
  if (!estRenseigne(salaries) || salaries === '') return true
  return atteintLeSeuil(salaries, SEUIL_EFFECTIFS_SUPPLEMENTAIRES)
}

/** Les cibles du scope 3 restent applicables si le scope 3 n’est pas publié, comme dans l’application. */
const ciblesDuScope3 = (remplis: IndicateursRemplis): Ternaire =>
  non(et(estPublie(remplis, 'B3-30-p2'), estDeclareNonPertinent(remplis, 'C3-54-p1')))

/** La règle propre à chaque indicateur qui en a une, le module mis à part. */
const REGLES: ReadonlyMap<IndicateurVsme, (remplis: IndicateursRemplis) => Ternaire> = new Map([
  ['B1-24-d', perimetreConsolide],
  ['B2-26-p1', estCooperative],
  ['B2-26-p2', estCooperative],
  ['B2-26-p3', estCooperative],
  ['B8-39-c', plusieursPays],
  ['C2-48', pratiquesADecrire],
  ['C3-54-p2', ciblesDuScope3],
  ['C4-58', risquesClimatiques],
  ['C5-59', effectifsSupplementaires],
  ['C5-60', effectifsSupplementaires],
])

/** null quand une donnée dont il dépend est illisible. `complet` est le module du rapport, lu une fois pour tous. */
export function estApplicable(
  remplis: IndicateursRemplis,
  indicateur: IndicateurVsme,
  complet: Ternaire = moduleComplet(remplis),
): Ternaire {
  const regle = REGLES.get(indicateur)
  const propre = regle === undefined ? true : regle(remplis)
  return indicateur.startsWith('C') ? et(complet, propre) : propre
}
