/**
 * `--metabase`: the user's own Metabase shows what `start` publishes. Checks it, and whether we may set it up,
 * before anything is started. Its API key, and the login that is generated for a blank one, are kept in a private file.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  applyAll,
  type Call,
  clientOf,
  firstPassword,
  type MetabaseServer,
  type MetabaseSettings,
  type MetabaseWish,
  probeMetabase,
  setUp,
  withVariables,
} from 'vitrine/cli'
import { parseAddress, VitrineError } from 'vitrine/run'
import { writePrivately } from './private-file.ts'

/** Default login of the first administrator. */
const EMAIL = 'admin@example.org'

const IN_DOCKER =
  'The databases of the demonstration listen on 127.0.0.1 of this machine. A Metabase in a container finds them there when ' +
  'it is started with --network=host (Linux); in Docker Desktop, give --metabase-sees host.docker.internal.'

type Variables = Readonly<Record<string, string>>

export interface OwnMetabase {
  /** The call, with the variables of this Metabase. */
  readonly call: Call
  readonly settings: MetabaseSettings
  readonly server: MetabaseServer
  readonly file: string
  /** The content of the file. */
  readonly kept: Variables
}

/** Null without `--metabase`. Throws what `probe` throws, USAGE, METABASE_NOT_BLANK. */
export async function ownMetabase(call: Call, defaultFile: string): Promise<OwnMetabase | null> {
  const url = call.text('metabase')?.replace(/\/+$/, '') ?? null
  if (url === null) return null
  const file = resolve(call.io.folder, call.text('keyFile') ?? defaultFile)
  const read = variablesIn(file)
  const kept = { ...read, METABASE_URL: read['METABASE_URL'] ?? url }
  if (kept.METABASE_URL !== url) {
    const detail = `It keeps the key of another Metabase, ${kept.METABASE_URL}.`
    throw new VitrineError('USAGE', { place: file, detail, remedy: 'Give another --key-file, or move this one away.' })
  }
  // The environment overrides kept values.
  const given = Object.entries(call.io.environment).filter(([, value]) => value?.trim())
  const within = withVariables(call, { ...kept, ...Object.fromEntries(given), METABASE_URL: url })
  const { metabase: settings } = within.settings({ metabase: 'required' })
  const server = await probeMetabase(clientOf(call, settings, null))
  if (server.unknown !== null) call.say(server.unknown)
  const isClosed = server.setupToken === null && settings.key === null && settings.admin === null
  if (isClosed) throw new VitrineError('METABASE_NOT_BLANK')
  return { call: within, settings, server, file, kept }
}

/**
 * The host under which this Metabase reaches the databases of the demonstration, which listen only on 127.0.0.1. Throws
 * USAGE for a Metabase on another machine.
 */
export function hostForMetabase({ call, settings }: OwnMetabase): string {
  const named = call.text('metabaseSees')
  if (named !== null) return named
  const { hostname } = new URL(settings.url)
  if (/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) return '127.0.0.1'
  throw new VitrineError('USAGE', {
    place: '--metabase',
    detail: 'The databases of the demonstration listen on 127.0.0.1 alone, and this Metabase is on another machine.',
    remedy:
      'Start one on this machine; or set DATABASE_URL and METABASE_DATABASE_URL to databases that it reaches; or name with ' +
      '--metabase-sees the host that leads it to 127.0.0.1 of this machine.',
  })
}

/** The port of the last start, where this Metabase expects the database; null at the first start. */
export const keptPort = ({ kept }: OwnMetabase): number | null => {
  const url = kept['METABASE_SOURCE_URL']
  return url === undefined ? null : parseAddress(url, 'METABASE_SOURCE_URL').port
}

/**
 * Sets up a blank Metabase, and brings it in step. `source`: the URL by which it reaches the demonstration's database, to be kept.
 * Returns the call with what later runs need, and lines to print.
 */
export async function showInMetabase(
  { call, settings, server, file, kept }: OwnMetabase,
  connections: Pick<MetabaseWish, 'target' | 'reader' | 'seen'>,
  source: string | undefined,
): Promise<{ readonly call: Call; readonly told: readonly string[] }> {
  const { publication } = call
  const admin = settings.admin ?? { email: EMAIL, password: firstPassword() }
  const isMadeUp = settings.admin === null && server.setupToken !== null
  const login = { METABASE_ADMIN_EMAIL: admin.email, METABASE_ADMIN_PASSWORD: admin.password.reveal() }
  const variables = {
    ...kept,
    ...(source === undefined ? {} : { METABASE_SOURCE_URL: source }),
    ...(isMadeUp ? login : {}),
  }
  // A generated password is saved before Metabase gets it, so that it cannot be lost.
  writePrivately(file, textOf(variables))
  const wish = { publication, admin, siteUrl: settings.url, newKey: false }
  // A key kept from before is invalid for a blank Metabase.
  const known = server.setupToken === null ? settings.key : null
  const key = known ?? (await setUp(clientOf(call, settings, null), server, wish))
  const keyed = { ...variables, METABASE_API_KEY: key.reveal() }
  writePrivately(file, textOf(keyed))
  await applyAll(call, { ...connections, metabase: settings }, clientOf(call, settings, key), false).catch(
    (error: unknown) => {
      const isAway = error instanceof VitrineError && error.code === 'METABASE_SOURCE_UNREACHABLE'
      if (!isAway || source === undefined) throw error
      throw new VitrineError(error.code, { place: error.place, detail: error.detail, remedy: IN_DOCKER, cause: error })
    },
  )
  const isKept = 'METABASE_ADMIN_PASSWORD' in variables
  const who = isKept ? ` Log in as ${variables['METABASE_ADMIN_EMAIL']}; the password is in ${file}.` : ''
  return { call: withVariables(call, keyed), told: [`Dashboards: ${settings.url}.${who}`] }
}

const textOf = (variables: Variables): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

/** The variables in a file; none when it does not exist. */
function variablesIn(file: string): Variables {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return Object.fromEntries(lines.flatMap((line) => [/^(\w+)=(.*)$/.exec(line)?.slice(1) ?? []].filter(([n]) => n)))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new VitrineError('USAGE', { place: file, detail: `The file cannot be read${code}.`, cause: error })
  }
}
