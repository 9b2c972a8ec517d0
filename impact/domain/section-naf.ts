/**
 * La section d’activité d’une entreprise, d’après la division de son code NAF, ses deux premiers chiffres (nomenclature
 * d’activités française, révision 2, INSEE).
 */
const DIVISIONS = [
  [1, 3, 'A Agriculture'],
  [5, 9, 'B Industries extractives'],
  [10, 33, 'C Industrie manufacturière'],
  [35, 35, 'D Énergie'],
  [36, 39, 'E Eau et déchets'],
  [41, 43, 'F Construction'],
  [45, 47, 'G Commerce'],
  [49, 53, 'H Transports'],
  [55, 56, 'I Hébergement et restauration'],
  [58, 63, 'J Information'],
  [64, 66, 'K Finance et assurance'],
  [68, 68, 'L Immobilier'],
  [69, 75, 'M Conseil et ingénierie'],
  [77, 82, 'N Services administratifs'],
  [84, 84, 'O Administration publique'],
  [85, 85, 'P Enseignement'],
  [86, 88, 'Q Santé et social'],
  [90, 93, 'R Arts et loisirs'],
  [94, 96, 'S Autres services'],
  [97, 98, 'T Ménages employeurs'],
  [99, 99, 'U Activités extraterritoriales'],
] as const
export type SectionNaf = (typeof DIVISIONS)[number][2]
export const SECTIONS_NAF: readonly SectionNaf[] = DIVISIONS.map(([, , nom]) => nom)

/** null sans code, ou quand il n’est pas dans la nomenclature. */
export function sectionNaf(code: string | null): SectionNaf | null {
  const division = /^\d\d/.exec(code ?? '')?.[0]
  return DIVISIONS.find(([de, a]) => Number(division) >= de && Number(division) <= a)?.[2] ?? null
}
