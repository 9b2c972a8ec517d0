/**
 * `nuit` et `schedule` : la publication de la nuit, sur des sources publiques relevées juste avant. `nuit` est pour le cron
 * d’une plateforme, `schedule` reste en marche.
 */

import type { Publication } from 'vitrine'
import type { PublishUnless } from 'vitrine/cli'
import {
  type Call,
  type Command,
  type CommandWords,
  defineCommand,
  publishUnless,
  type ScheduleWords,
  type SyncWords,
  scheduleSettings,
  stayPublishing,
  syncIfDue,
  tellPublished,
  WISH,
} from 'vitrine/cli'
import { type ExitName, lastDue, VitrineError } from 'vitrine/run'
import { MINUTES_DE_RELEVE, relevesDeNuit } from '../releves-de-nuit.ts'

const OPTIONS = {
  maxMinutes: `durée la plus longue des relevés, en minutes (${MINUTES_DE_RELEVE} par défaut)`,
  perSecond: 'appels par seconde à la source EgaPro (20 par défaut)',
}
const FLAGS = { maxMinutes: '--max-minutes <n>', perSecond: '--per-second <n>' }

const WORDS = {
  summary: 'relève les sources publiques puis publie, si une publication est due',
  description:
    'Pour le cron d’une plateforme, chaque quart d’heure : ne fait rien tant que rien n’est dû. Sinon relève l’Index EgaPro ' +
    'et les BGES, en temps borné, et publie. Un relevé qui échoue n’arrête pas la publication : les faits de la veille ' +
    'restent, et une alerte le dit.',
  options: OPTIONS,
  examples: [
    { line: 'nuit', says: 'depuis un cron : une fois par nuit tout de même' },
    { line: 'nuit --per-second 40', says: 'quand les entreprises sont nombreuses' },
  ],
} satisfies CommandWords

/** Ce que les options imposent aux relevés. Throws USAGE. */
const imposedBy = (call: Call) => ({
  maxMinutes: numberOf(call, 'maxMinutes', '--max-minutes', 600),
  perSecond: numberOf(call, 'perSecond', '--per-second', 1_000),
})

function numberOf(call: Call, name: string, flag: string, most: number): number | null {
  const text = call.text(name)
  if (text === null) return null
  const value = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0
  if (value > 0 && value <= most) return value
  throw new VitrineError('USAGE', { place: flag, detail: `It takes a number above 0, at most ${most}.` })
}

export const defineNuit = (words: SyncWords): Command =>
  defineCommand('nuit', WORDS, FLAGS, async (call): Promise<ExitName> => {
    const imposed = imposedBy(call)
    const publication = await call.publication()
    const settings = call.settings(publication, { source: 'required', target: 'required' })
    return syncIfDue(call, publication, settings, WISH, words, relevesDeNuit(call, publication, settings, imposed))
  })

/** Publie sur des sources relevées juste avant : pour une boucle, qui sait déjà qu’une publication est due. */
export function afterReleves(
  call: Call,
  publication: Publication,
  settings: Parameters<typeof relevesDeNuit>[2],
  imposed: Parameters<typeof relevesDeNuit>[3],
  publish: PublishUnless,
): PublishUnless {
  const prepare = relevesDeNuit(call, publication, settings, imposed)
  return async (isDone) => {
    const due = lastDue(publication.schedule, publication.zone, call.io.clock.now())
    await prepare({ due, again: false })
    return publish(isDone)
  }
}

export function defineImpactSchedule(words: ScheduleWords, syncWords: SyncWords): Command {
  const options = { ...words.options, ...OPTIONS, sansReleves: 'publie sans relever les sources publiques avant' }
  const flags = { listen: '--listen <address>', ...FLAGS, sansReleves: '--sans-releves' }
  return defineCommand('schedule', { ...words, options }, flags, async (call): Promise<ExitName> => {
    const imposed = imposedBy(call)
    const publication = await call.publication()
    const settings = scheduleSettings(call, publication)
    const publish: PublishUnless = async (isDone) => {
      const published = await publishUnless(call, publication, settings, WISH, syncWords, isDone)
      if (published !== null) tellPublished(call, publication, published, syncWords)
      return published?.report ?? null
    }
    const nightly = call.flag('sansReleves') ? publish : afterReleves(call, publication, settings, imposed, publish)
    await stayPublishing(call, publication, settings, nightly, words)
    call.say(words.ended)
    return 'ok'
  })
}
