/**
 * Invente le journal de soixante nuits pour une démonstration, toujours les mêmes. Appelé par `start`, après une première
 * publication.
 */
import type { InventedRun } from 'vitrine/testing'

const NUITS = 60
/** Les nuits en échec : combien de nuits avant aujourd’hui, et l’erreur. La deuxième nuit est relancée peu après. */
const ECHECS: Readonly<Record<number, InventedRun['failure']>> = {
  8: { code: 'CONNECTION_FAILED', phase: 'check' },
  21: { code: 'SNAPSHOT_TOO_LONG', phase: 'stage' },
  43: { code: 'SOURCE_DRIFT', phase: 'check' },
}
const REFAITE = 21
/** La nuit où l’Index EgaPro ne répondait pas, puis celle où quelqu’un a aussi publié à la main, en nuits avant aujourd’hui. */
const PANNE = 15
const A_LA_MAIN = 30
const INCONNUES = { metabase_indexegapro: { source_externe_en_panne: 0.97 } } as const
const DEUX_MINUTES_MS = 120_000
const QUATORZE_HEURES_MS = 14 * 3_600_000

/** `echeance` : le début de la dernière nuit due ; `precedente` donne le début de la nuit d’avant. */
export function nuitsInventees(echeance: Date, precedente: (debut: Date) => Date): readonly InventedRun[] {
  const nuits: InventedRun[] = []
  let debut = echeance
  for (let rang = 0; rang < NUITS; rang++, debut = precedente(debut)) {
    const nuit = {
      startedAt: new Date(debut.getTime() + 1_500),
      // De 0,3 à 0,6 s, sans hasard.
      milliseconds: 300 + ((rang * 137) % 301),
      trigger: 'schedule',
      failure: ECHECS[rang] ?? null,
      share: 1 - rang / 1_000,
      unknown: rang === PANNE ? INCONNUES : {},
    } as const
    nuits.push(nuit)
    const plus = (millisecondes: number) => new Date(nuit.startedAt.getTime() + millisecondes)
    if (rang === REFAITE) nuits.push({ ...nuit, startedAt: plus(DEUX_MINUTES_MS), failure: null })
    if (rang === A_LA_MAIN) nuits.push({ ...nuit, startedAt: plus(QUATORZE_HEURES_MS), trigger: 'command' })
  }
  return nuits
}
