/** `sync_egapro` et `sync_bges` : relèvent une source publique dans la base opérationnelle, avant la publication. */

import { type Call, type Command, type CommandWords, count, defineCommand, duration, withSession } from 'vitrine/cli'
import type { ExitName } from 'vitrine/run'
import { syncBges } from '../../feeds/bges.ts'
import { syncEgapro } from '../../feeds/egapro.ts'
import type { Feed } from '../../feeds/facts-store.ts'
import type { FeedContext, FeedSummary } from '../../feeds/feed-run.ts'
import { BGES_OPTIONS, EGAPRO_OPTIONS, type OptionDefinition } from '../../feeds/options.ts'

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
  fetch: (context, settings) => syncEgapro({ ...context, settings }),
}

const BGES: Releve = {
  feed: 'bges',
  name: 'sync_bges',
  summary: 'relève les bilans d’émissions publiés (BGES)',
  description:
    'Télécharge le fichier public des bilans au fil de l’eau, vérifie chaque ligne, puis remplace les faits en une ' +
    'transaction. Après un échec, les faits de la veille restent.',
  options: BGES_OPTIONS,
  fetch: (context, settings) => syncBges({ ...context, settings }),
}

export const RELEVES: readonly Releve[] = Object.freeze([EGAPRO, BGES])

/** The name under which the command line keeps a flag: `--only-missing` is `onlyMissing`. */
const keyOf = (flag: string): string =>
  (flag.split(' ')[0] ?? '').replace(/^--/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** What flags and variables give for each option; the feed itself refuses what is wrong, all at once. */
function given(call: Call, options: Options): Readonly<Record<string, string | boolean | null>> {
  const values: Record<string, string | boolean | null> = {}
  for (const [name, { kind, flag, variable }] of Object.entries(options)) {
    const key = flag === null ? null : keyOf(flag)
    if (kind === 'switch') values[name] = key !== null && call.flag(key)
    else
      values[name] =
        (key === null ? null : call.text(key)) ?? (variable === null ? null : (call.io.environment[variable] ?? null))
  }
  return values
}

function defineReleve(releve: Releve): Command {
  const shown = Object.values(releve.options).filter(({ flag }) => flag !== null)
  const entries = shown.map(({ flag, help }) => [keyOf(flag ?? ''), flag ?? '', help] as const)
  const words: CommandWords = {
    summary: releve.summary,
    description: releve.description,
    options: Object.fromEntries(entries.map(([key, , help]) => [key, help])),
    examples: [
      { line: releve.name, says: 'relever maintenant' },
      { line: `${releve.name} --dry-run`, says: 'interroger et vérifier, sans rien écrire' },
    ],
  }
  return defineCommand(releve.name, words, Object.fromEntries(entries.map(([key, flag]) => [key, flag])), (call) =>
    run(call, releve),
  )
}

async function run(call: Call, releve: Releve): Promise<ExitName> {
  const publication = await call.publication()
  const { source } = call.settings(publication, { source: 'required' })
  const wish = { side: 'source', address: source, readOnly: false } as const
  const summary = await withSession(call, publication, wish, ({ client }) => relever(call, releve, client, {}))
  call.answer(summary, () => summaryText(call, summary))
  return 'ok'
}

/** Relève une source. `imposed` passe devant les options et les variables. Throws FeedError. */
export function relever(
  call: Call,
  releve: Releve,
  client: FeedContext['client'],
  imposed: Readonly<Record<string, string | number | null>>,
): Promise<FeedSummary> {
  let told = 0
  const onProgress: FeedContext['onProgress'] = ({ phase, done, total, unit }) => {
    // Une ligne par dixième : un relevé dure des minutes, et un silence passe pour une panne.
    const tenth = total === null || total === 0 ? 0 : Math.floor((10 * done) / total)
    if (phase === 'fetch' && tenth <= told) return
    told = tenth
    const unitName = unit === 'bytes' ? 'octets' : 'entreprises'
    call.say(
      phase === 'fetch'
        ? `${releve.feed} : ${count(call.language, done)} ${unitName} sur ${count(call.language, total)}`
        : `${releve.feed} : remplacement des faits`,
    )
  }
  const known = Object.entries(imposed).filter(([name, value]) => value !== null && name in releve.options)
  const settings = { ...given(call, releve.options), ...Object.fromEntries(known) }
  return releve.fetch({ client, signal: call.signal, onProgress }, settings)
}

/** Ce qu’un relevé a appris, pour une personne. */
export function summaryText(
  call: Call,
  { asked, known, absent, unknown, kept, dryRun, calls, milliseconds }: FeedSummary,
): string {
  const number = (value: number) => count(call.language, value)
  const reasons = Object.entries(unknown).map(([reason, companies]) => `  ${reason} : ${number(companies)}`)
  return [
    `Entreprises interrogées : ${number(asked)} ; connues : ${number(known)}, absentes : ${number(absent)}, inconnues : ${number(asked - known - absent)}.`,
    ...reasons,
    ...(kept > 0 ? [`Déjà connues, non redemandées : ${number(kept)}.`] : []),
    `${number(calls)} appels en ${duration(call.language, milliseconds)}.${dryRun ? ' Rien n’a été écrit.' : ''}`,
    '',
  ].join('\n')
}

export const defineReleves = (): readonly Command[] => RELEVES.map(defineReleve)
