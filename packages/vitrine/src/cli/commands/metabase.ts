/** `metabase`: sets Metabase up and keeps it in step with the publication. The work is in `metabase/`, the key in a file. */
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { command as commandLine, remedy, remedyText } from '../../base/remedy.ts'
import { requireSoundDashboards } from '../../dashboards/dashboard-check.ts'
import type { Metabase } from '../../metabase/client.ts'
import { planMetabase } from '../../metabase/metabase-apply.ts'
import { diagnoseMetabase } from '../../metabase/metabase-doctor.ts'
import { type Change, effective } from '../../metabase/metabase-plan.ts'
import { invite, probeMetabase, setUp } from '../../metabase/metabase-server.ts'
import type { Call, Command } from '../command.ts'
import { newFile } from '../file.ts'
import { pull } from '../metabase-pull.ts'
import { requiredKey } from '../metabase-settings.ts'
import {
  applyAll,
  clientOf,
  METABASE_NEEDS,
  type MetabaseWish,
  recordedIn,
  tellUnsound,
  wantedOf,
} from '../metabase-steps.ts'
import { reading } from '../sessions.ts'
import { tellFindings } from './doctor.ts'

export const metabaseCommand: Command = {
  name: 'metabase',
  parameters: '<setup|plan|apply|pull|doctor>',
  summary: 'set Metabase up and keep it in step with the publication',
  description:
    'METABASE_URL names the Metabase. setup takes a blank or half set up one to where the team can log in: administrator, ' +
    'key, then what apply does. plan says what apply would do, and exits with 2 on a difference. apply makes the data source, ' +
    'waits until Metabase sees what is published, and sets descriptions, keys, formats and rights; what people changed in ' +
    'Metabase is shown and left. pull writes what they changed on questions and dashboards, and with --adopt what they made, as ' +
    'TypeScript, and names what the language cannot say. doctor proves who may see what, and exits with 5 when a promise does not hold.',
  options: {
    '--force': 'plan, apply: set what people changed in Metabase, too',
    '--key-file <file>': 'setup: the new file that gets the key, and the first passwords of those invited',
    '--new-key': 'setup: replace the key of this publication; the old one is worth nothing then',
    '--site-url <url>': 'setup: the address that Metabase writes into its e-mails (default: METABASE_URL)',
    '--adopt <what...>': 'pull: questions that people made, by number, or all in a collection, by its name',
    '--output <file>': 'pull: the new file that gets the TypeScript (default: stdout)',
    '--from <module>': 'pull: what that file imports the publication from (default: ./publication/index.ts)',
    '--invite <emails...>': 'setup, apply: let these people in as members of the team; apply needs --key-file then',
  },
  examples: [
    { line: 'metabase setup --key-file metabase.env', says: 'once; then set METABASE_API_KEY to what the file says' },
    { line: 'metabase plan', says: 'what differs, and who changed it?' },
    { line: 'metabase apply', says: 'after each change of the publication; runs do it too, where a key is set' },
    { line: 'metabase pull --output pulled.ts', says: 'takes over what people changed by hand' },
    { line: 'metabase doctor', says: 'who may see what, from time to time' },
  ],
  run,
}

async function run(call: Call): Promise<ExitName> {
  const [action = ''] = call.parameters
  const work = { setup, plan, apply, pull: pulling, doctor }[action]
  if (work === undefined) {
    throw new VitrineError('USAGE', {
      place: 'metabase',
      detail: 'The first word is setup, plan, apply, pull or doctor.',
    })
  }
  const settings = call.settings({ ...METABASE_NEEDS, metabase: 'required', source: 'optional' })
  // An audit says what is there, whatever is wanted.
  if (work !== doctor) await requireSoundDashboards(call.publication)
  return work(call, settings)
}

/** What `metabase plan --json` prints. */
export interface MetabasePlanAnswer {
  readonly inStep: boolean
  readonly changes: readonly Change[]
}

async function plan(call: Call, wish: MetabaseWish): Promise<ExitName> {
  const client = await known(call, wish)
  const { changes } = await reading(call, 'target', wish.target, async (session) =>
    planMetabase(client, wantedOf(call, wish), await recordedIn(session, call.publication), call.flag('force')),
  )
  const answer: MetabasePlanAnswer = { inStep: changes.length === 0, changes }
  call.answer(answer, () => changesText(call, changes))
  return answer.inStep ? 'ok' : 'different'
}

/** What `metabase apply --json` prints. */
export interface MetabaseApplyAnswer {
  readonly applied: readonly Change[]
  /** What people changed in Metabase, and what was left so. */
  readonly left: readonly Change[]
  /** Who was let in now. */
  readonly invited: readonly string[]
}

async function apply(call: Call, wish: MetabaseWish): Promise<ExitName> {
  const client = await known(call, wish)
  const file = invited(call).length > 0 ? await secretsFile(call) : null
  return applying(call, wish, client, file)
}

/** A failure leaves no empty file behind: what it holds is worth something. */
async function applying(call: Call, wish: MetabaseWish, client: Metabase, file: SecretsFile | null): Promise<ExitName> {
  try {
    const changes = await applyAll(call, wish, client, call.flag('force'))
    const people = await letIn(call, wish, client, file)
    const left = changes.filter(({ byHand }) => byHand.length > 0)
    const answer: MetabaseApplyAnswer = { applied: effective(changes), left, invited: people }
    call.answer(answer, () => `${changesText(call, changes)}${peopleText(people, file)}`)
    return 'ok'
  } finally {
    await file?.close()
  }
}

async function setup(call: Call, wish: MetabaseWish): Promise<ExitName> {
  const { metabase: settings } = wish
  const client = clientOf(call, settings, null)
  const server = await probeMetabase(client)
  if (server.unknown !== null) call.say(server.unknown)
  const siteUrl = call.text('siteUrl') ?? settings.url
  const isKeyed = settings.key !== null && server.setupToken === null && !call.flag('newKey')
  const file = isKeyed && invited(call).length === 0 ? null : await secretsFile(call)
  if (isKeyed) return applying(call, wish, clientOf(call, settings, settings.key), file)
  try {
    const { publication } = call
    const key = await setUp(client, server, {
      publication,
      admin: settings.admin,
      siteUrl,
      newKey: call.flag('newKey'),
    })
    await file?.write(`METABASE_API_KEY=${key.reveal()}\n`)
    call.say(`The key is in ${file?.name}: set METABASE_API_KEY to it.`)
    return await applying(call, wish, clientOf(call, settings, key), file)
  } finally {
    await file?.close()
  }
}

/** What `metabase pull --json` prints. */
export interface MetabasePullAnswer {
  /** Keys of what the module holds. */
  readonly questions: readonly string[]
  readonly dashboards: readonly string[]
  /** What the language does not say, or what plan would still say. */
  readonly notes: readonly string[]
  /** The text of the module; null where nothing was pulled, or where a file has it. */
  readonly module: string | null
}

async function pulling(call: Call, wish: MetabaseWish): Promise<ExitName> {
  const answer: MetabasePullAnswer = await pull(call, wish, await known(call, wish))
  const { questions, dashboards, module } = answer
  const told = `${counted(questions.length, 'question')}, ${counted(dashboards.length, 'dashboard')}`
  const isEmpty = questions.length + dashboards.length === 0
  call.answer(answer, () => (isEmpty ? 'Nothing to pull.\n' : (module ?? `Wrote ${call.text('output')}: ${told}.\n`)))
  return 'ok'
}

async function doctor(call: Call, wish: MetabaseWish): Promise<ExitName> {
  const client = clientOf(call, wish.metabase, requiredKey(wish.metabase))
  const server = await probeMetabase(client)
  const sound = await tellUnsound(call)
  const { source: operational } = call.settings({ source: 'optional' })
  const found = await reading(call, 'target', wish.target, async (session) => {
    const recorded = await recordedIn(session, call.publication)
    return diagnoseMetabase(client, wantedOf(sound, wish), { server, recorded, operational })
  })
  return tellFindings(call, found)
}

/** A client with our key, for a Metabase that it knows enough of. */
async function known(call: Call, { metabase: settings }: MetabaseWish): Promise<Metabase> {
  const client = clientOf(call, settings, requiredKey(settings))
  const { unknown } = await probeMetabase(client)
  if (unknown !== null) call.say(unknown)
  return client
}

const invited = (call: Call): readonly string[] => (call.list('invite') ?? []).filter((email) => email !== '')

/** A file of ours alone that only its owner reads. */
interface SecretsFile {
  readonly name: string
  readonly write: (line: string) => Promise<void>
  /** Removes it when nothing was written. */
  readonly close: () => Promise<void>
}

/** Made before anything is asked of Metabase: a key is shown only once. Throws USAGE. */
async function secretsFile(call: Call): Promise<SecretsFile> {
  const name = call.text('keyFile')
  if (name === null) {
    const detail = 'Name the new file that gets the key and the first passwords.'
    throw new VitrineError('USAGE', { place: '--key-file', detail })
  }
  const file = await newFile(call, name, 0o600)
  let state: 'empty' | 'written' | 'closed' = 'empty'
  return {
    name,
    async write(line) {
      await file.appendFile(line)
      await file.sync()
      state = 'written'
    },
    async close() {
      if (state === 'closed') return
      const isEmpty = state === 'empty'
      state = 'closed'
      await file.close()
      if (isEmpty) await rm(resolve(call.io.folder, name), { force: true })
    },
  }
}

async function letIn(call: Call, wish: MetabaseWish, client: Metabase, file: SecretsFile | null) {
  const emails = invited(call)
  if (emails.length === 0) return []
  const { state } = await reading(call, 'target', wish.target, async (session) =>
    planMetabase(client, wantedOf(call, wish), await recordedIn(session, call.publication)),
  )
  for (const email of emails) {
    const password = await invite(client, email, state.groupId ?? Number.NaN)
    if (password !== null) await file?.write(`${email}=${password.reveal()}\n`)
  }
  return emails
}

const peopleText = (people: readonly string[], file: SecretsFile | null): string =>
  people.length === 0 ? '' : `${counted(people.length, 'person')} let in; first passwords are in ${file?.name}.\n`

const LEAVES: Readonly<Partial<Record<Change['kind'], string>>> = {
  table: 'published no longer',
  column: 'published no longer: its cached values are discarded',
  group: 'the team no longer: its rights on this data source are taken away',
  access: 'taken away, as it is declared no longer',
  collection: 'archived where nothing of others is left in it, as it is declared no longer',
}
const MARKS = { make: '+', change: '~', sync: '+', withdraw: '-' } as const

function changesText(call: Call, changes: readonly Change[]): string {
  if (changes.length === 0) return 'Metabase is in step: nothing to do.\n'
  const lines = changes.flatMap(({ kind, key, action, attributes, byHand }) => {
    const what = `${kind === 'source' ? 'data source' : kind} ${key}`
    const says =
      action === 'withdraw' ? (LEAVES[kind] ?? 'archived, as it is declared no longer') : attributes.join(', ')
    const isLeft = action === 'change' && attributes.length === 0
    const hand = byHand.length === 0 ? [] : [`! ${what}: changed in Metabase by hand: ${byHand.join(', ')}`]
    return [...(isLeft ? [] : [`${MARKS[action]} ${what}${says === '' ? '' : `: ${says}`}`]), ...hand]
  })
  const count = changes.filter(({ byHand }) => byHand.length > 0).length
  const force = remedyText(remedy`${commandLine('metabase apply', '--force')} sets it.`, call.names)
  const left = count === 0 ? '' : `What people changed is left as it is; ${force}\n`
  return `${lines.join('\n')}\n${counted(effective(changes).length, 'change')}.\n${left}`
}
