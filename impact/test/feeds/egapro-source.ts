/** An EgaPro source whose answers follow from the siren, and what the table of the facts holds after it was asked. */
import type { DemoFacts } from '../../feeds/demo-facts.ts'
import { sirensUpTo } from './operational.ts'

export const TODAY = '2026-07-22T00:05:00+02:00'
/** The year that is asked about on that day. */
export const ANNEE = 2025
export const clock = { now: () => new Date(TODAY), monotonicMs: () => performance.now() }
/** No long waits between tries, and time enough for a busy machine; tests of silence give a shorter timeout. */
export const QUICK = {
  timeoutMs: 60_000,
  tries: 2,
  backoffMs: 5,
  backoffMaxMs: 10,
  perSecond: 1_000,
  maxUnknownShare: 0.5,
}

/** Companies 1, 4, 7 … have not published; the others have. */
export const facts: DemoFacts = {
  egapro: (siren, annee) =>
    Number(siren) % 3 === 1
      ? { etat: 'absent' }
      : {
          etat: 'connu',
          body: JSON.stringify({ entreprise: { siren }, déclaration: { index: 88, année_indicateurs: annee } }),
        },
  bges: () => [],
}
/** The states of the companies from 1 on, but for those changed. */
export const expected = (count: number, changed: Readonly<Record<number, string>> = {}) =>
  sirensUpTo(count).map(
    (siren, index) => `${siren} ${changed[index + 1] ?? (Number(siren) % 3 === 1 ? 'absent' : 'connu')}`,
  )
