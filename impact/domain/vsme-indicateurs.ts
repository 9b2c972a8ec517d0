/**
 * Les 61 indicateurs de la norme volontaire VSME (EFRAG, décembre 2024 ; recommandation (UE) 2025/1710), rangés par exigence
 * de publication : onze du module de base (B) et neuf du module complet (C).
 */
export const INDICATEURS_VSME = {
  B1: [
    'B1-24-a',
    'B1-24-b',
    'B1-24-c',
    'B1-24-d',
    'B1-24-e-i',
    'B1-24-e-ii',
    'B1-24-e-iii',
    'B1-24-e-iv',
    'B1-24-e-v',
    'B1-24-e-vi',
    'B1-24-e-vii',
    'B1-25',
  ],
  B2: ['B2-26-p1', 'B2-26-p2', 'B2-26-p3', 'B2-26'],
  B3: ['B3-29-p1', 'B3-29-p2', 'B3-30-p1', 'B3-30-p2'],
  B4: ['B4-32-p1', 'B4-32-p2', 'B4-32-p3'],
  B5: ['B5-33', 'B5-34'],
  B6: ['B6-35', 'B6-36'],
  B7: ['B7-37', 'B7-38-ab', 'B7-38-c'],
  B8: ['B8-39-a', 'B8-39-b', 'B8-39-c', 'B8-40'],
  B9: ['B9-41a', 'B9-41b'],
  B10: ['B10-42-a', 'B10-42-b', 'B10-42-c', 'B10-42-d'],
  B11: ['B11-43-p1', 'B11-43-p2'],
  C1: ['C1-47-a', 'C1-47-b', 'C1-47-c', 'C1-47-d'],
  C2: ['C2-48'],
  C3: ['C3-54-p1', 'C3-54-p2', 'C3-55'],
  C4: ['C4-57', 'C4-58'],
  C5: ['C5-59', 'C5-60'],
  C6: ['C6-61-ab', 'C6-61-c'],
  C7: ['C7-62-ab', 'C7-62-c'],
  C8: ['C8-63', 'C8-64'],
  C9: ['C9-65'],
} as const

export type ExigenceVsme = keyof typeof INDICATEURS_VSME
export type IndicateurVsme = (typeof INDICATEURS_VSME)[ExigenceVsme][number]

// sound because the keys of a literal object are its keys.
export const EXIGENCES_VSME: readonly ExigenceVsme[] = Object.keys(INDICATEURS_VSME) as ExigenceVsme[]
