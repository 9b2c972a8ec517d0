/** `sync_egapro` et `sync_bges` : relèvent une source publique et l’enregistrent dans la base opérationnelle, avant la publication. */

import { type Call, type Command, countText, duration, writing } from 'vitrine/cli'
import type { ExitName } from 'vitrine/run'
import type { Feed } from '../../feeds/facts-store.ts'
import type { FeedContext, FeedSummary } from '../../feeds/feed-run.ts'
import { BGES_OPTIONS, EGAPRO_OPTIONS, type OptionDefinition } from '../../feeds/options.ts'
import { applicationAddress } from '../application.ts'

type Options = Readonly<Record<string, OptionDefinition>>

export interface Releve {
  readonly feed: Feed
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly options: Options
  readonly fetch: (
    context: FeedContext,
    settings: Readonly<Record<string, string | number | boolean | null>>,
  ) => Promise<FeedSummary>
}

const EGAPRO: Releve = {
  feed: 'egapro',
  name: 'sync_egapro',
  summary: 'relève les déclarations de l’Index EgaPro',
  description:
    'Interroge la source publique pour chaque entreprise, vérifie les réponses, puis remplace les faits de l’année en ' +
    'une transaction. Une réponse qui manque laisse un fait inconnu, avec sa raison. Après un échec, les faits de la ' +
    'veille restent.',
  options: EGAPRO_OPTIONS,
  fetch: async (context, settings) => (await import('../../feeds/egapro.ts')).syncEgapro({ ...context, settings }),
}

const BGES: Releve = {
  feed: 'bges',
  name: 'sync_bges',
  summary: 'relève les bilans d’émissions publiés (BGES)',
  description:
    'Télécharge le fichier public des bilans au fil de l’eau, vérifie chaque ligne, puis remplace les faits en une ' +
    'transaction. Après un échec, les faits de la veille restent.',
  options: BGES_OPTIONS,
  fetch: async (context, settings) => (await import('../../feeds/bges.ts')).syncBges({ ...context, settings }),
}

export const RELEVES: readonly Releve[] = Object.freeze([EGAPRO, BGES])

export const RELEVE_COMMANDS: readonly Command[] = RELEVES.map((releve) => ({
  name: releve.name,
  summary: releve.summary,
  description: releve.description,
  options: Object.fromEntries(
    Object.values(releve.options).flatMap(({ flag, help }) => (flag === null ? [] : [[flag, help]])),
  ),
  examples: [
    { line: releve.name, says: 'relever maintenant' },
    { line: `${releve.name} --dry-run`, says: 'interroger et vérifier, sans rien écrire' },
  ],
  run: (call) => run(call, releve),
}))

/** The command line's name for the value of a flag: `onlyMissing` for `--only-missing`. */
const keyOf = (flag: string): string =>
  (flag.split(' ')[0] ?? '').replace(/^--/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The value of each option from flags and variables. The feed checks them, and reports all problems at once. */
function given(call: Call, options: Options): Readonly<Record<string, string | boolean | null>> {
  const entries = Object.entries(options).map(([name, { kind, flag, variable }]) => {
    const key = flag === null ? null : keyOf(flag)
    if (kind === 'switch') return [name, key !== null && call.flag(key)] as const
    const text = key === null ? null : call.text(key)
    return [name, text ?? (variable === null ? null : (call.io.environment[variable] ?? null))] as const
  })
  return Object.fromEntries(entries)
}

async function run(call: Call, releve: Releve): Promise<ExitName> {
  const summary = await writing(call, 'source', applicationAddress(call), ({ client }) =>
    relever(call, releve, client, {}),
  )
  call.answer(summary, () => summaryText(summary))
  return 'ok'
}

/** Relève une source. `imposed` l’emporte sur les options et les variables. Throws FeedError. */
export function relever(
  call: Call,
  releve: Releve,
  client: FeedContext['client'],
  imposed: Readonly<Record<string, string | number | null>>,
): Promise<FeedSummary> {
  let told = 0
  const onProgress: FeedContext['onProgress'] = ({ phase, done, total, unit }) => {
    // Une ligne par dixième : un relevé dure des minutes, et le silence ferait croire à une panne.
    const tenth = total === null || total === 0 ? 0 : Math.floor((10 * done) / total)
    if (phase === 'fetch' && tenth <= told) return
    told = tenth
    const unitName = unit === 'bytes' ? 'octets' : 'entreprises'
    call.say(
      phase === 'fetch'
        ? `${releve.feed} : ${number(done)} ${unitName} sur ${number(total)}`
        : `${releve.feed} : remplacement des faits`,
    )
  }
  const known = Object.entries(imposed).filter(([name, value]) => value !== null && Object.hasOwn(releve.options, name))
  const settings = { ...given(call, releve.options), ...Object.fromEntries(known) }
  return releve.fetch({ client, signal: call.signal, onProgress }, settings)
}

const number = (value: number | null): string => countText(value, 'fr-FR')

/** Le résultat d’un relevé, en texte. */
export function summaryText(summary: FeedSummary): string {
  const { asked, known, absent, unknown, kept, dryRun, calls, milliseconds } = summary
  const reasons = Object.entries(unknown).map(([reason, companies]) => `  ${reason} : ${number(companies)}`)
  return [
    `Entreprises interrogées : ${number(asked)} ; connues : ${number(known)}, absentes : ${number(absent)}, inconnues : ${number(asked - known - absent)}.`,
    ...reasons,
    ...(kept > 0 ? [`Déjà connues, non redemandées : ${number(kept)}.`] : []),
    `${number(calls)} appels en ${duration(milliseconds, 'fr-FR')}.${dryRun ? ' Rien n’a été écrit.' : ''}`,
    '',
  ].join('\n')
}
