/**
 * Avant chaque publication due, relève les sources publiques, en même temps et en durée limitée, pour publier des faits récents.
 * L’échec d’un relevé n’arrête pas la publication : les faits de la veille restent, et une alarme le dit une fois par échéance.
 * Une source déjà relevée depuis l’échéance n’est pas redemandée. Appelé par `nuit`, `schedule` et `start`.
 */

import { type Call, type Prepare, raiseAlarm, type Settings, writing } from 'vitrine/cli'
import type { Address } from 'vitrine/run'
import { preparationAlarm, VitrineError } from 'vitrine/run'
import { renewedSince } from '../feeds/facts-store.ts'
import { FeedError } from '../feeds/feed-error.ts'
import { type ApplicationSettings, applicationOf } from './application.ts'
import { RELEVES, type Releve, relever, summaryText } from './commands/releve.ts'

/**
 * Durée maximale d’un relevé, en minutes. Scalingo arrête une tâche planifiée après quinze minutes, publication
 * comprise ; à vingt appels par seconde, huit minutes suffisent pour 9 600 entreprises.
 */
export const MINUTES_DE_RELEVE = 8

export interface NuitSettings extends Pick<Settings, 'alarms'>, ApplicationSettings {
  readonly target: Address
}

/** `imposed` l’emporte sur les variables d’environnement : adresse de la démonstration, durée, cadence. */
export function relevesDeNuit(
  call: Call,
  settings: NuitSettings,
  imposed: Readonly<Record<string, string | number | null>>,
): Prepare {
  let toldFor: number | null = null
  const own = { ...imposed, maxMinutes: imposed['maxMinutes'] ?? MINUTES_DE_RELEVE }
  return async ({ due, again }) => {
    const failures = await Promise.all(RELEVES.map((releve) => fetched(call, settings, releve, due, own)))
    if (call.signal.aborted) throw new VitrineError('INTERRUPTED')
    for (const failure of failures) if (failure !== null) refuse(call, failure.error, due)
    const told = again || toldFor === due.getTime()
    toldFor = due.getTime()
    for (const failure of failures) {
      if (failure === null) continue
      call.tell(failure.error)
      if (told) continue
      const trouble = { ...call.failure(failure.error), place: failure.releve.feed }
      const alarm = preparationAlarm(trouble, call.publication, due, call.io.clock.now())
      await raiseAlarm(call, settings, alarm)
    }
  }
}

interface Failed {
  readonly releve: Releve
  readonly error: unknown
}

/** Null quand les faits sont déjà récents. La promesse n’est jamais rejetée, pour que chaque relevé aille à son terme. */
async function fetched(
  call: Call,
  settings: NuitSettings,
  releve: Releve,
  due: Date,
  imposed: Readonly<Record<string, string | number | null>>,
): Promise<Failed | null> {
  try {
    await writing(call, 'source', applicationOf(settings), async ({ client }) => {
      if (await renewedSince(client, releve.feed, due)) return
      call.say(summaryText(await relever(call, releve, client, imposed)).trimEnd())
    })
    return null
  } catch (error) {
    return { releve, error }
  }
}

/**
 * Relance les erreurs qui doivent arrêter la publication : une base injoignable, qui ne pourrait pas non plus être lue, ou un relevé
 * en cours ailleurs, que l’on attend dans la limite de la tolérance.
 */
function refuse({ publication, io }: Call, error: unknown, due: Date): void {
  if (error instanceof VitrineError && error.kind.exit === 'connection') throw error
  const late = io.clock.now().getTime() - due.getTime() >= publication.limits.staleAfterMinutes * 60_000
  if (!(error instanceof FeedError) || error.code !== 'FEED_BUSY' || late) return
  const detail = `The facts of ${error.place ?? 'a source'} are being fetched by another process.`
  throw new VitrineError('RUN_IN_PROGRESS', { place: 'source', detail, cause: error })
}
