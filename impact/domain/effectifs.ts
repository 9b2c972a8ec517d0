/**
 * Les tranches d’effectif de la qualification, en salariés, et le seuil de cinquante que partagent la BDESE et l’index
 * EgaPro (code du travail, articles L. 2312-18 et L. 1142-8). La tranche `0-49` n’existe que pour les groupes : dans l’effectif
 * d’une entreprise, elle vient d’un ancien questionnaire et compte comme inconnue.
 */
import type { Ternaire } from './ternaire.ts'
import { atteint, echelle } from './tranches.ts'

export const EFFECTIFS = echelle([
  ['0-9', 0],
  ['10-49', 10],
  ['50-249', 50],
  ['250-299', 250],
  ['300-499', 300],
  ['500-4999', 500],
  ['5000-9999', 5_000],
  ['10000+', 10_000],
])

/** Au sens de la sécurité sociale (article L. 130-1 de son code). */
export const EFFECTIFS_SECURITE_SOCIALE = echelle([
  ['0-9', 0],
  ['10-49', 10],
  ['50-249', 50],
  ['250-499', 250],
  ['500+', 500],
])

export const EFFECTIFS_OUTRE_MER = echelle([
  ['0-249', 0],
  ['250+', 250],
])

/** Effectif du groupe, dans le monde ou en France. */
export const EFFECTIFS_GROUPE = echelle([
  ['0-49', 0],
  ['50-249', 50],
  ['250-499', 250],
  ['500-4999', 500],
  ['5000-9999', 5_000],
  ['10000+', 10_000],
])

/** Cinquante salariés ou plus ; null quand la tranche est absente ou inconnue. */
export const cinquanteSalariesOuPlus = (effectif: string | null): Ternaire => atteint(EFFECTIFS, effectif, 50)
