/** The settings about Metabase: its address, our key, and the login of its administrator for the setup. */
import { type Problem, VitrineError } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import { Secret } from '../base/secret.ts'
import type { Administrator } from '../metabase/metabase-server.ts'
import type { Values } from '../schedule/alarms/channel.ts'
import { webUrl } from '../schedule/alarms/web.ts'

export const METABASE_VARIABLES = {
  METABASE_URL: 'the address of Metabase, as a browser shows it: for metabase, and to keep it in step after each run',
  METABASE_API_KEY: 'a key of the administrators of Metabase; metabase setup makes one',
  METABASE_SOURCE_URL:
    'the database with the reader role, as Metabase’s own machine reaches it (default: METABASE_READER_URL)',
  METABASE_ADMIN_EMAIL: 'the login of an administrator of Metabase: for metabase setup',
  METABASE_ADMIN_PASSWORD: 'the password of that administrator',
} as const

export interface MetabaseSettings {
  readonly url: string
  readonly key: Secret | null
  readonly admin: Administrator | null
}

/** Null when it is not set. Throws SETTINGS_INVALID with all that is wrong. */
export function metabaseSettings(values: Values, need: 'required' | 'optional' | undefined): MetabaseSettings | null {
  if (need === undefined) return null
  const problems: Problem[] = []
  const refuse = (place: string, detail: string, remedy: string) => problems.push({ place, detail, remedy })
  const url = webUrl(values, refuse, 'METABASE_URL')?.reveal() ?? null
  if (url?.match(/[?#]/)) refuse('METABASE_URL', 'it holds more than an address', 'leave out what begins with ? or #')
  if (url === null && problems.length === 0 && need === 'required') {
    refuse('METABASE_URL', 'it is missing', 'set it to the address of Metabase, such as https://metabase.example.org')
  }
  const key = values('METABASE_API_KEY')
  // A header holds visible characters only, and `fetch` would quote the others in its message.
  if (key !== null && !/^[\x21-\x7e]+$/.test(key)) refuse('METABASE_API_KEY', 'it is not a key', 'copy it whole')
  const [email, password] = [values('METABASE_ADMIN_EMAIL'), values('METABASE_ADMIN_PASSWORD')]
  if ((email === null) !== (password === null)) {
    const place = email === null ? 'METABASE_ADMIN_EMAIL' : 'METABASE_ADMIN_PASSWORD'
    refuse(place, 'it is missing beside the other', 'set both, or none')
  }
  if (problems.length > 0) throw new VitrineError('SETTINGS_INVALID', { problems })
  if (url === null) return null
  const admin = email === null || password === null ? null : { email, password: new Secret(password) }
  return Object.freeze({ url: url.replace(/\/+$/, ''), key: key === null ? null : new Secret(key), admin })
}

/** Throws SETTINGS_INVALID without a key. */
export function requiredKey({ key }: MetabaseSettings): Secret {
  if (key !== null) return key
  throw new VitrineError('SETTINGS_INVALID', {
    place: 'METABASE_API_KEY',
    detail: 'It is missing.',
    remedy: remedy`Set it; ${command('metabase setup')} makes a key.`,
  })
}
