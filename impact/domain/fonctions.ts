/**
 * La catégorie d’un intitulé de poste saisi librement (« Dir. gén. », « R.S.E », « Assistante de directoin »). L’intitulé
 * peut désigner une personne : seul un élément de la liste fermée est publié. Appelée pour chaque
 * habilitation publiée. Les mots sont dans `fonctions-vocabulaire.ts`, leur lecture dans `fonctions-mots.ts`.
 */
import { indiceDuMot, motsDe } from './fonctions-mots.ts'
import { type CategorieFonctions, type Force, type Indice, SUITES } from './fonctions-vocabulaire.ts'

export { CATEGORIES_FONCTIONS, type CategorieFonctions } from './fonctions-vocabulaire.ts'

const DEBUTS_DE_SUITES: ReadonlySet<string> = new Set(
  [...SUITES.keys()].map((suite) => suite.slice(0, suite.indexOf(' '))),
)

const LETTRE_OU_CHIFFRE = /[\p{L}\p{N}]/u

/** Le premier indice de chaque force, et si un mot n’en donne aucun. */
type Lecture = Partial<Record<Force, CategorieFonctions>> & { motInconnu?: true }

function retient(lecture: Lecture, indice: Indice | undefined): void {
  if (indice === undefined) lecture.motInconnu = true
  else lecture[indice.force] ??= indice.categorie
}

function lit(mots: readonly string[]): Lecture {
  const lecture: Lecture = {}
  for (let i = 0; i < mots.length; i += 1) {
    const mot = mots[i] ?? ''
    const suite = DEBUTS_DE_SUITES.has(mot) ? SUITES.get(`${mot} ${mots[i + 1] ?? ''}`) : undefined
    retient(lecture, suite ?? indiceDuMot(mot))
    if (suite !== undefined) i += 1
  }
  return lecture
}

/**
 * Une personne qui assiste est rangée avec le domaine assisté, sinon à l’assistanat ; une personne qui dirige ou conseille, selon
 * ce rôle ; sinon le premier domaine nommé l’emporte. Un titre seul (« Directrice ») vaut direction générale, un titre inconnu
 * vaut « Autre ».
 * null pour un intitulé absent, ou sans lettre ni chiffre.
 */
export function categorieFonctions(fonctions: string | null): CategorieFonctions | null {
  if (typeof fonctions !== 'string' || !LETTRE_OU_CHIFFRE.test(fonctions)) return null
  const { role, soutien, domaine, faible, titre, motInconnu } = lit(motsDe(fonctions))
  if (soutien !== undefined) return domaine ?? soutien
  const titreSeul = motInconnu ? undefined : titre
  return role ?? domaine ?? faible ?? titreSeul ?? 'Autre'
}
