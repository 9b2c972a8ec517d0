/**
 * La catégorie juridique publiée, d’après le code à quatre chiffres de la nomenclature de l’INSEE (catégories juridiques,
 * niveau III). Les plages sont celles que l’application Impact a toujours publiées, trous compris : la SARL (5499) est
 * AUTRE, comme 5520, 5548, 5570 et 5585. Appelée pour chaque entreprise publiée.
 */
export const CATEGORIES_JURIDIQUES = [
  'SOCIETE_COMMANDITE_PAR_ACTIONS',
  'SOCIETE_COOPERATIVE_DE_PRODUCTION',
  'SOCIETE_ANONYME',
  'SOCIETE_PAR_ACTIONS_SIMPLIFIEES',
  'SOCIETE_EUROPEENNE',
  'SOCIETE_COOPERATIVE_AGRICOLE',
  'SOCIETE_ASSURANCE_MUTUELLE',
  'MUTUELLE',
  'INSTITUTION_PREVOYANCE',
  'AUTRE',
] as const
export type CategorieJuridique = (typeof CATEGORIES_JURIDIQUES)[number]

/** Premier et dernier code, inclus. Deux plages ne se recouvrent que là où la première écrite l’emporte. */
const PLAGES: readonly (readonly [number, number, CategorieJuridique])[] = [
  [5308, 5385, 'SOCIETE_COMMANDITE_PAR_ACTIONS'],
  [5443, 5460, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
  [5551, 5560, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
  [5651, 5660, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
  [5543, 5543, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
  [5547, 5547, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
  [5643, 5643, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
  [5647, 5647, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
  [5505, 5515, 'SOCIETE_ANONYME'],
  [5522, 5542, 'SOCIETE_ANONYME'],
  [5599, 5642, 'SOCIETE_ANONYME'],
  [5670, 5699, 'SOCIETE_ANONYME'],
  [5546, 5546, 'SOCIETE_ANONYME'],
  [5646, 5646, 'SOCIETE_ANONYME'],
  [5648, 5648, 'SOCIETE_ANONYME'],
  [5710, 5785, 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES'],
  [5800, 5800, 'SOCIETE_EUROPEENNE'],
  [6317, 6318, 'SOCIETE_COOPERATIVE_AGRICOLE'],
  [6411, 6411, 'SOCIETE_ASSURANCE_MUTUELLE'],
  [8210, 8210, 'MUTUELLE'],
  [8510, 8510, 'INSTITUTION_PREVOYANCE'],
]

/** La catégorie de chaque code, pour faire une recherche par ligne au lieu de vingt comparaisons. */
const PAR_CODE: ReadonlyMap<number, CategorieJuridique> = (() => {
  const parCode = new Map<number, CategorieJuridique>()
  for (const [premier, dernier, categorie] of PLAGES) {
    for (let code = premier; code <= dernier; code += 1) {
      if (!parCode.has(code)) parCode.set(code, categorie)
    }
  }
  return parCode
})()

/** null sans code, ou pour le code 0 ; AUTRE pour tout code hors des plages. */
export function categorieJuridique(code: number | null): CategorieJuridique | null {
  if (code === null || code === 0 || typeof code !== 'number') return null
  return PAR_CODE.get(code) ?? 'AUTRE'
}
