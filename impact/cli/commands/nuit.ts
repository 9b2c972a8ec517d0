/**
 * `nuit` et `schedule` : relèvent les sources publiques, puis publient. `nuit` sert au cron d’une plateforme ; `schedule` reste
 * en marche.
 */

import {
  type Call,
  type Command,
  type Options,
  scheduleCommand as scheduleOfTool,
  scheduleSettings,
  stayPublishing,
  syncIfDue,
} from 'vitrine/cli'
import { VitrineError } from 'vitrine/run'
import { APPLICATION } from '../application.ts'
import { MINUTES_DE_RELEVE, relevesDeNuit } from '../releves-de-nuit.ts'

const OPTIONS: Options = {
  '--max-minutes <n>': `durée la plus longue des relevés, en minutes (${MINUTES_DE_RELEVE} par défaut)`,
  '--per-second <n>': 'appels par seconde à la source EgaPro (20 par défaut)',
}

/** Les réglages des relevés donnés en options. Throws USAGE. */
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

export const nuit: Command = {
  name: 'nuit',
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
  run: async (call) => {
    const settings = call.settings({ ...APPLICATION, target: 'required' })
    return syncIfDue(call, { prepare: relevesDeNuit(call, settings, imposedBy(call)) })
  },
}

export const schedule: Command = {
  name: 'schedule',
  summary: 'reste en marche, relève les sources publiques et publie à chaque échéance',
  description:
    'Relève les sources publiques puis publie à chaque échéance, une seule fois quoi qu’il publie à côté : une version ' +
    'commencée depuis compte. Une échéance manquée est rattrapée au démarrage. Ce qui peut s’arranger est réessayé, à intervalles ' +
    'croissants ; une échéance abandonnée, ou passée sans version, déclenche une alerte. SIGINT et SIGTERM l’arrêtent ' +
    'proprement. Avec --listen, répond à la surveillance : /health (200 à jour, 503 sinon) et /metrics (pour Prometheus). ' +
    'Hors d’un terminal, chaque ligne commence par son heure, en UTC.',
  options: {
    ...scheduleOfTool.options,
    ...OPTIONS,
    '--sans-releves': 'publie sans relever les sources publiques avant',
  },
  examples: [
    { line: 'schedule', says: 'en service' },
    { line: 'nuit', says: 'à la place, depuis un cron de la plateforme, chaque quart d’heure' },
  ],
  logs: true,
  run: async (call) => {
    const imposed = imposedBy(call)
    const { sourceAdmin } = call.settings({ sourceAdmin: 'optional' })
    const settings = { ...scheduleSettings(call), sourceAdmin }
    const around = call.flag('sansReleves') ? {} : { prepare: relevesDeNuit(call, settings, imposed) }
    return stayPublishing(call, settings, around)
  },
}
