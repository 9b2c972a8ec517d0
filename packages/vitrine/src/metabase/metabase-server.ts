/** The version of Metabase, and the set-up of a blank one: its first administrator, and an API key for us. */
import { randomBytes } from 'node:crypto'
import { VitrineError } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import { Secret } from '../base/secret.ts'
import type { Publication } from '../publication/publication.ts'
import type { Login, Metabase } from './client.ts'
import { type Entity, entitiesIn, entity, idOf, isEntity, textOf } from './read-answer.ts'
import { ADMINISTRATORS, EVERYONE } from './state.ts'
import { metabaseLanguage } from './wanted.ts'

/** The versions whose behaviour is known: 0.58 to 0.65. */
const OLDEST = 58
const NEWEST = 65

export interface MetabaseServer {
  /** Such as v0.65.4. */
  readonly tag: string
  /** Why the version is not known; null for a known one. */
  readonly unknown: string | null
  /** Null once there is an administrator. */
  readonly setupToken: Secret | null
}

/** Throws METABASE_ELSEWHERE for what is no Metabase, METABASE_TOO_OLD, and what a request throws. */
export async function probeMetabase(metabase: Metabase): Promise<MetabaseServer> {
  const found = await metabase.get('/session/properties').catch((error: unknown) => {
    // A server that demands a login here, or does not know the path, is not a Metabase.
    const isElse = error instanceof VitrineError && !error.kind.retry && error.code !== 'METABASE_ELSEWHERE'
    if (!isElse || error.kind.exit === 'interrupted') throw error
    throw new VitrineError('METABASE_ELSEWHERE', { place: error.place, detail: error.detail, cause: error })
  })
  const version = isEntity(found) ? found['version'] : null
  if (!isEntity(found) || !isEntity(version) || !('setup-token' in found)) {
    throw new VitrineError('METABASE_ELSEWHERE', {
      place: 'GET /api/session/properties',
      detail: 'It names no version.',
    })
  }
  const tag = textOf(version, 'tag')
  const major = Number(/^v[01]\.(\d{1,4})\b/.exec(tag)?.[1] ?? Number.NaN)
  if (major < OLDEST) throw new VitrineError('METABASE_TOO_OLD', { detail: `It is 0.${major}.` })
  const known = `this version of the tool knows 0.${OLDEST} to 0.${NEWEST}`
  const unknown = Number.isNaN(major)
    ? `Metabase does not say its version; ${known}.`
    : major > NEWEST
      ? `Metabase is 0.${major}; ${known}.`
      : null
  const token = textOf(found, 'setup-token')
  return { tag: Number.isNaN(major) ? 'unknown' : tag, unknown, setupToken: token === '' ? null : new Secret(token) }
}

/** The login of an administrator of Metabase. */
export interface Administrator {
  readonly email: string
  readonly password: Secret
}

export interface SetupWish {
  readonly publication: Publication
  readonly admin: Administrator | null
  /** The address that Metabase writes into its e-mails and links. */
  readonly siteUrl: string
  /** Replace our existing key in Metabase. */
  readonly newKey: boolean
}

/** Makes the first administrator of a blank Metabase, and a key for us. May be repeated after an interruption. */
export async function setUp(metabase: Metabase, server: MetabaseServer, wish: SetupWish): Promise<Secret> {
  const { admin, publication } = wish
  if (admin === null && server.setupToken !== null) {
    const detail = 'Nobody is there yet: it is the login that the first administrator gets.'
    throw new VitrineError('SETTINGS_INVALID', {
      problems: ['METABASE_ADMIN_EMAIL', 'METABASE_ADMIN_PASSWORD'].map((place) => ({ place, detail })),
    })
  }
  if (admin === null) throw new VitrineError('METABASE_NOT_BLANK')
  const session =
    server.setupToken === null
      ? sessionOf(await loggedIn(metabase, admin))
      : await firstAdministrator(metabase, server.setupToken, admin, publication)
  const asAdmin = metabase.as(session)
  if (server.setupToken !== null) {
    await asAdmin.put('/setting/site-url', { value: wish.siteUrl })
    await asAdmin.put('/setting/enable-public-sharing', { value: false })
  }
  return keyOf(asAdmin, publication, wish.newKey)
}

const sessionOf = (answer: Entity): Login => ({
  header: 'X-Metabase-Session',
  value: new Secret(textOf(answer, 'id')),
})

async function loggedIn(metabase: Metabase, { email, password }: Administrator): Promise<Entity> {
  try {
    return entity(await metabase.post('/session', { username: email, password: password.reveal() }), 'login')
  } catch (error) {
    // Metabase answers a wrong password with 400 or 401.
    const isRefused = error instanceof VitrineError && ['METABASE_REFUSED', 'METABASE_KEY_REFUSED'].includes(error.code)
    if (!isRefused) throw error
    const repair =
      'Correct METABASE_ADMIN_EMAIL and METABASE_ADMIN_PASSWORD: the login of an administrator of Metabase.'
    throw new VitrineError('METABASE_KEY_REFUSED', {
      place: 'METABASE_ADMIN_EMAIL',
      detail: error.detail,
      remedy: repair,
      cause: error,
    })
  }
}

async function firstAdministrator(
  metabase: Metabase,
  token: Secret,
  admin: Administrator,
  publication: Publication,
): Promise<Login> {
  const body = {
    token: token.reveal(),
    user: { email: admin.email, password: admin.password.reveal(), first_name: null, last_name: null },
    prefs: {
      site_name: publication.metabase.source,
      site_locale: metabaseLanguage(publication),
      allow_tracking: false,
    },
  }
  // If the answer was lost, a successful login shows that it was done.
  const find = async () => loggedIn(metabase, admin).catch(() => null)
  const answer = await metabase.make('/setup', body, find).catch((error: unknown) => {
    const isTaken = error instanceof VitrineError && error.code === 'METABASE_FORBIDDEN'
    throw isTaken ? new VitrineError('METABASE_NOT_BLANK', { cause: error }) : error
  })
  return sessionOf(answer)
}

const keyName = ({ name }: Publication): string => `Vitrine ${name}`

async function keyOf(asAdmin: Metabase, publication: Publication, newKey: boolean): Promise<Secret> {
  const name = keyName(publication)
  const find = async () => (await asAdmin.all('/api-key')).find((key) => key['name'] === name)
  const existing = await find()
  if (existing !== undefined && !newKey) {
    const detail = 'Metabase has this key already, and shows a key only once.'
    const repair = remedy`Set METABASE_API_KEY to it, or run ${command('metabase setup', '--new-key')}: whoever has the old one needs the new one then.`
    throw new VitrineError('METABASE_TAKEN', { place: `key ${name}`, detail, remedy: repair })
  }
  const made = existing ?? (await asAdmin.make('/api-key', { name, group_id: ADMINISTRATORS }, find))
  // A key is shown only once: if that answer was lost, make another key.
  const shown =
    'unmasked_key' in made ? made : entity(await asAdmin.put(`/api-key/${idOf(made, 'key')}/regenerate`, {}), 'key')
  return new Secret(textOf(shown, 'unmasked_key'))
}

/** Other API keys of administrators. */
export const otherKeys = (keys: readonly Readonly<Record<string, unknown>>[], publication: Publication): number =>
  keys.filter(({ name, group }) => name !== keyName(publication) && isEntity(group) && group['id'] === ADMINISTRATORS)
    .length

/** A random password that satisfies Metabase's strictest rule: two letters of each case, a digit, another character. */
export const firstPassword = (): Secret => new Secret(`${randomBytes(18).toString('base64url')}-aB1cD`)

/** Adds a person to the team. Returns the first password, or null for an existing account. */
export async function invite(metabase: Metabase, email: string, team: number): Promise<Secret | null> {
  const password = firstPassword()
  const find = async () =>
    (await metabase.all(`/user?status=all&query=${encodeURIComponent(email)}`)).find(
      (user) => textOf(user, 'email').toLowerCase() === email.toLowerCase(),
    )
  const known = await find()
  if (known !== undefined) {
    await addTo(team, idOf(known, 'person'), metabase)
    return null
  }
  const memberships = [EVERYONE, team].map((id) => ({ id }))
  const made = await metabase.make('/user', { email, user_group_memberships: memberships }, find)
  await metabase.put(`/user/${idOf(made, 'person')}/password`, { password: password.reveal() })
  return password
}

/** Metabase fails where somebody is in the group already, as after an answer that got lost. */
async function addTo(group: number, person: number, metabase: Metabase): Promise<void> {
  const isMember = async () => {
    const groups = (await metabase.one('/permissions/membership'))[String(person)]
    return entitiesIn(groups).some(({ group_id: id }) => id === group)
  }
  if (await isMember()) return
  try {
    await metabase.post('/permissions/membership', { group_id: group, user_id: person })
  } catch (error) {
    if (!(await isMember())) throw error
  }
}
