/** What the stand-in answers to each request but those about questions and dashboards, which are in `content-routes.ts`. */
import { randomBytes } from 'node:crypto'
import { answerLike, type Entity } from './answers.ts'
import { CONTENT_BODIES, CONTENT_ROUTES } from './content-routes.ts'
import type { StandIn } from './stand-in.ts'
import { connected, type Details, sync } from './synced.ts'

/** Refuses a request as Metabase does. */
export class Refusal extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    super(String(status))
    this.status = status
    this.body = body
  }
}

const MASK = '**MetabasePass**'
const DETAILS = `host port dbname user password ssl ssl-mode ssl-root-cert-options ssl-root-cert-path schema-filters-type
  schema-filters-patterns json-unfolding additional-options advanced-options tunnel-enabled let-user-control-scheduling`
const DATABASE = 'details is_full_sync is_on_demand auto_run_queries schedules'
/** `key!` is needed, `key` may be there. */
export const BODIES: Readonly<Record<string, string>> = {
  'POST /setup': 'token! user! prefs!',
  'POST /session': 'username! password!',
  'POST /api-key': 'name! group_id!',
  'PUT /api-key/:id/regenerate': '',
  'PUT /setting/:id': 'value!',
  'POST /user': 'email! first_name last_name user_group_memberships',
  'PUT /user/:id/password': 'password! old_password',
  'POST /database': `name! engine! details! ${DATABASE.replace('details', '')}`,
  'PUT /database/:id': `name ${DATABASE}`,
  'POST /database/:id/sync_schema': '',
  'PUT /table/:id': 'display_name description visibility_type field_order',
  'PUT /field/:id':
    'display_name description semantic_type fk_target_field_id has_field_values visibility_type settings',
  'POST /field/:id/discard_values': '',
  'POST /permissions/group': 'name!',
  'PUT /permissions/group/:id': 'name!',
  'POST /permissions/membership': 'group_id! user_id!',
  'PUT /permissions/graph': 'revision! groups!',
  ...CONTENT_BODIES,
}
export interface Work {
  readonly standIn: StandIn
  readonly number: () => number
  readonly rights: Map<string, unknown>
  readonly session: (user: Entity) => Entity
  readonly setupToken: (used?: boolean) => string | null
  readonly revision: (next?: boolean) => number
  readonly pending: Map<number, number>
}

export interface Asked {
  readonly id: number | string
  readonly body: Entity
  readonly query: URLSearchParams
}

export function refuseKeys(keys: string | undefined, body: Entity, route: string): void {
  if (keys === undefined) throw new Refusal(404, `${route} is not known`)
  const list = keys.split(/\s+/)
  const unknown = Object.keys(body).filter((key) => !list.includes(key) && !list.includes(`${key}!`))
  const lacking = list.filter((key) => key.endsWith('!') && !(key.slice(0, -1) in body))
  const blank = ['description', 'display_name'].filter((key) => body[key] === '')
  const wrong = [...unknown, ...lacking, ...blank]
  if (wrong.length > 0) throw new Refusal(400, { errors: Object.fromEntries(wrong.map((key) => [key, 'wrong'])) })
}

export const NEW_DATABASE = {
  is_full_sync: true,
  is_on_demand: false,
  auto_run_queries: true,
  metadata_sync_schedule: '0 11 * * * ? *',
  cache_field_values_schedule: '0 0 5 * * ? *',
  initial_sync_status: 'complete',
}

export const one = (list: readonly Entity[], { id }: Asked): Entity => {
  const found = list.find((each) => each['id'] === id)
  if (found === undefined) throw new Refusal(404, 'Not found.')
  return found
}

const isActive = ({ active }: Entity): boolean => active === true

const masked = (database: Entity): Entity => ({
  ...database,
  details: { ...(database['details'] as Details), password: MASK },
})

async function requireLogin(details: Details): Promise<void> {
  const unknown = Object.keys(details).filter((key) => !DETAILS.split(/\s+/).includes(key))
  if (unknown.length > 0) throw new Refusal(400, { errors: { details: unknown.join() } })
  await connected(details, (client) => client.query('select 1')).catch(() => {
    throw new Refusal(400, { message: 'FATAL: password authentication failed', errors: { password: 'check it' } })
  })
}

const cron = (schedule: Entity): string => `0 ${schedule['schedule_minute']} ${schedule['schedule_hour']} * * ? *`
const crons = ({ schedules }: Entity): Entity =>
  Object.fromEntries(
    Object.entries((schedules ?? {}) as Record<string, Entity>).map(([k, v]) => [`${k}_schedule`, cron(v)]),
  )

const SWITCHES = { public: 'enable-public-sharing', embeddable: 'enable-embedding-static' } as const
const DEFAULTS: Readonly<Record<string, string>> = { 'site-locale': 'en', 'start-of-week': 'sunday' }

export const ROUTES: Readonly<Record<string, (work: Work, asked: Asked) => unknown>> = {
  'GET /health': () => ({ status: 'ok' }),
  'GET /session/properties': ({ standIn: { tag }, setupToken }) => ({
    version: { tag, date: '2026-11-10', hash: 'abc' },
    'setup-token': setupToken(),
    'token-features': {},
  }),
  'POST /setup': ({ standIn, setupToken, session, number }, { body }) => {
    if (standIn.users.length > 0)
      throw new Refusal(403, 'The /api/setup route can only be used to create the first user.')
    if (body['token'] !== setupToken()) throw new Refusal(400, { errors: { token: 'Token does not match' } })
    setupToken(true)
    const prefs = body['prefs'] as Entity
    standIn.settings.set('site-locale', prefs['site_locale'] ?? 'en')
    const user = { id: number(), ...(body['user'] as Entity), is_superuser: true }
    standIn.users.push(user)
    return session(user)
  },
  'POST /session': ({ standIn, session }, { body: { username, password } }) => {
    const found = standIn.users.find((user) => user['email'] === username && user['password'] === password)
    if (found === undefined) throw new Refusal(401, { errors: { password: 'did not match stored password' } })
    return session(found)
  },
  'GET /api-key': ({ standIn }) => standIn.keys.map(({ unmasked_key, ...key }) => ({ ...key, masked_key: 'mb_12***' })),
  'POST /api-key': ({ standIn, number }, { body: { name, group_id } }) => {
    if (standIn.keys.some((key) => key['name'] === name))
      throw new Refusal(400, { errors: { name: 'An API key with this name already exists' } })
    const key = {
      id: number(),
      name,
      group: { id: group_id },
      unmasked_key: `mb_${randomBytes(16).toString('base64')}`,
    }
    standIn.keys.push(key)
    return key
  },
  'PUT /api-key/:id/regenerate': ({ standIn }, asked) =>
    Object.assign(one(standIn.keys, asked), { unmasked_key: `mb_${randomBytes(16).toString('base64')}` }),
  'GET /setting': ({ standIn }) =>
    [...standIn.settings].map(([key, value]) => ({
      key,
      // What is as Metabase ships it has no value of its own.
      value: value === DEFAULTS[key] ? null : value,
      default: DEFAULTS[key] ?? null,
      is_env_setting: false,
    })),
  'PUT /setting/:id': ({ standIn }, { id, body }) => {
    standIn.settings.set(String(id), body['value'])
    return null
  },
  'GET /user': ({ standIn }, { query }) => ({
    data: standIn.users
      .filter(({ email }) => String(email).includes(query.get('query')?.toLowerCase() ?? ''))
      .map(({ password, ...user }) => answerLike('user', user)),
    total: standIn.users.length,
  }),
  'POST /user': ({ standIn, number }, { body }) => {
    if (standIn.users.some(({ email }) => email === body['email']))
      throw new Refusal(400, { errors: { email: 'in use' } })
    const user = { id: number(), ...body, is_superuser: false }
    standIn.users.push(user)
    return answerLike('user', user)
  },
  'PUT /user/:id/password': ({ standIn }, asked) => {
    Object.assign(one(standIn.users, asked), asked.body)
    return null
  },
  'GET /database': ({ standIn }) => ({
    data: standIn.databases.map((database) => answerLike('database in a list', masked(database))),
    total: standIn.databases.length,
  }),
  'POST /database': async ({ standIn, number, rights, pending }, { body }) => {
    await requireLogin(body['details'] as Details)
    const id = number()
    const { schedules, ...given } = body
    const details = { ...(body['details'] as Details), ...(standIn.speaksTls ? { ssl: true } : {}) }
    const database = { id, ...NEW_DATABASE, initial_sync_status: 'incomplete', ...given, details, ...crons(body) }
    standIn.databases.push(database)
    standIn.tables.set(id, [])
    rights.set(`1/${id}`, 'query-builder-and-native')
    pending.set(id, standIn.syncLag)
    return answerLike('database in a list', masked(database))
  },
  'GET /database/:id': ({ standIn }, asked) => answerLike('database in a list', masked(one(standIn.databases, asked))),
  'PUT /database/:id': async ({ standIn }, asked) => {
    const database = one(standIn.databases, asked)
    const { schedules, details, ...given } = asked.body
    const before = database['details'] as Details
    const merged = { ...before, ...(details as Details | undefined) }
    if (merged.password === MASK) Object.assign(merged, { password: before.password })
    await requireLogin(merged)
    Object.assign(database, given, crons(asked.body), { details: merged })
    return answerLike('database in a list', masked(database))
  },
  'GET /database/:id/healthcheck': async ({ standIn }, asked) =>
    connected(one(standIn.databases, asked)['details'] as Details, async () => ({ status: 'ok' })).catch(() => ({
      status: 'error',
      message: 'FATAL: password authentication failed',
    })),
  'POST /database/:id/sync_schema': async ({ standIn, pending }, asked) => {
    await requireLogin(one(standIn.databases, asked)['details'] as Details).catch(() => {
      throw new Refusal(422, { message: 'Failed to connect to Database' })
    })
    pending.set(Number(asked.id), standIn.syncLag)
    return { status: 'ok' }
  },
  'GET /database/:id/metadata': async ({ standIn, pending, number }, asked) => {
    const database = one(standIn.databases, asked)
    const id = Number(asked.id)
    const tables = standIn.tables.get(id) ?? []
    const left = pending.get(id)
    if (left !== undefined && left > 0) pending.set(id, left - 1)
    if (left === 0) {
      pending.delete(id)
      await sync(database['details'] as Details, id, tables, number)
      database['initial_sync_status'] = 'complete'
      for (const table of tables)
        for (const field of table['fields'] as Entity[]) standIn.cached.add(Number(field['id']))
    }
    return answerLike('metadata', {
      ...masked(database),
      tables: tables.filter(isActive).map((table) =>
        answerLike('table in metadata', {
          ...table,
          fields: (table['fields'] as Entity[]).filter(isActive).map((field) => answerLike('field in metadata', field)),
        }),
      ),
    })
  },
  'GET /table/:id': ({ standIn }, asked) => one([...standIn.tables.values()].flat(), asked),
  'PUT /table/:id': ({ standIn }, asked) => Object.assign(one([...standIn.tables.values()].flat(), asked), asked.body),
  'PUT /field/:id': ({ standIn }, asked) => {
    const fields = [...standIn.tables.values()].flat().flatMap((table) => table['fields'] as Entity[])
    const field = Object.assign(one(fields, asked), asked.body)
    if (field['semantic_type'] !== 'type/FK') field['fk_target_field_id'] = null
    return field
  },
  'POST /field/:id/discard_values': ({ standIn }, { id }) => {
    standIn.cached.delete(Number(id))
    return { status: 'success' }
  },
  'GET /permissions/group': ({ standIn }) => standIn.groups,
  'POST /permissions/group': ({ standIn, number }, { body }) => {
    const group = { id: number(), name: body['name'] }
    standIn.groups.push(group)
    return group
  },
  'PUT /permissions/group/:id': ({ standIn }, asked) => Object.assign(one(standIn.groups, asked), asked.body),
  'POST /permissions/membership': ({ standIn }, { body }) => {
    const user = one(standIn.users, { id: Number(body['user_id']), body, query: new URLSearchParams() })
    const groups = (user['user_group_memberships'] as Entity[]) ?? []
    if (groups.some(({ id }) => id === body['group_id'])) throw new Refusal(500, 'duplicate key value')
    user['user_group_memberships'] = [...groups, { id: body['group_id'] }]
    return []
  },
  'GET /permissions/membership': ({ standIn }) =>
    Object.fromEntries(
      standIn.users.map((user) => {
        const groups = (user['user_group_memberships'] as Entity[]) ?? []
        return [user['id'], groups.map(({ id }) => ({ group_id: id, user_id: user['id'] }))]
      }),
    ),
  'GET /permissions/graph': ({ standIn, rights, revision }) => {
    const groups: Record<string, Record<string, Entity>> = {}
    for (const [place, level] of rights) {
      const [group = '', database = ''] = place.split('/')
      if (level === 'no') continue
      const shown = standIn.mapped ? { shop: { 7: level, 8: level } } : level
      groups[group] = { ...groups[group], [database]: { 'view-data': 'unrestricted', 'create-queries': shown } }
    }
    return { revision: revision(), groups }
  },
  'PUT /permissions/graph': ({ rights, revision }, { body }) => {
    if (body['revision'] !== revision()) throw new Refusal(409, 'Looks like someone else edited the permissions.')
    for (const [group, databases] of Object.entries(body['groups'] as Record<string, Record<string, Entity>>)) {
      for (const [database, level] of Object.entries(databases)) {
        if (level['view-data'] === 'blocked') throw new Refusal(402, 'Blocked is a paid function.')
        rights.set(`${group}/${database}`, level['create-queries'])
      }
    }
    return { revision: revision(true), groups: body['groups'] }
  },
  ...CONTENT_ROUTES,
  ...Object.fromEntries(
    ['card', 'dashboard'].flatMap((room) =>
      (['public', 'embeddable'] as const).map((what) => [
        `GET /${room}/${what}`,
        ({ standIn }: Work) => {
          // Both lists are refused where the function is switched off.
          if (standIn.settings.get(SWITCHES[what]) !== true) throw new Refusal(400, 'It is not enabled.')
          return standIn.shown[`${room}/${what}`] ?? []
        },
      ]),
    ),
  ),
}
