/** From a blank Metabase to one in which the team can log in; what differs later is planned, applied, and left where people made it. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { because, bigint, from, integer, text } from '../../src/index.ts'
import { customer, source } from '../publication/shop.ts'
import { type Entity, filled, RECORDED, typeOf } from './answers.ts'
import { askedTests } from './asked-tests.ts'
import { commandLineTests } from './command-line-tests.ts'
import { contentTests } from './content-tests.ts'
import { definitionTests } from './definition-tests.ts'
import { killedTests } from './killed-tests.ts'
import { metabaseShop, shown } from './metabase-shop.ts'
import { pullTests } from './pull-tests.ts'
import { NAMES } from './shop-dashboards.ts'

let it: Awaited<ReturnType<typeof metabaseShop>>

beforeAll(async () => {
  it = await metabaseShop()
})
afterAll(() => it.end())

const writes = () => it.metabase.requests.filter(({ method, path }) => method !== 'GET' && path !== '/session')

describe('a blank Metabase', () => {
  test('is set up by one command, and the key is in a file that only its owner reads', async () => {
    const { stdout, stderr, status } = await it.command(
      'setup --key-file metabase.env --site-url https://metabase.example.org --invite ana@example.org zoé@example.org',
      { environment: it.environment() },
    )
    expect([status, stderr]).toEqual([EXIT.ok, 'The key is in metabase.env: set METABASE_API_KEY to it.\n'])
    expect(stdout).toContain(`+ data source ${NAMES.source}`)
    const file = join(it.folder, 'metabase.env')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => line.split('=')[0])).toEqual(['METABASE_API_KEY', 'ana@example.org', 'zoé@example.org'])
    expect(lines[0]).toBe(`METABASE_API_KEY=${it.metabase.keys[0]?.['unmasked_key']}`)
    const team = it.metabase.groups.find(({ name }) => name === NAMES.team)?.['id']
    for (const line of lines.slice(1)) {
      const [email = '', password] = line.split(/=(.*)/)
      const login = { username: email, password }
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${it.metabase.url}/api/session`, {
        method: 'POST',
        headers,
        body: JSON.stringify(login),
      })
      expect(answer.status).toBe(200)
      const user = it.metabase.users.find((found) => found['email'] === email)
      expect(user?.['user_group_memberships']).toEqual([{ id: 1 }, { id: team }])
    }
    expect(Object.fromEntries(it.metabase.settings)).toMatchObject({
      'report-timezone': 'Europe/Paris',
      'site-locale': 'fr',
      'site-url': 'https://metabase.example.org',
      'enable-public-sharing': false,
    })
  })

  test('has the published schema alone, as its reader, with what the publication says', () => {
    const [database] = it.metabase.databases
    expect(database).toMatchObject({ name: NAMES.source, metadata_sync_schedule: '0 0 3 * * ? *' })
    expect(database?.['details']).toMatchObject({
      user: it.at.reader.user,
      ssl: true,
      'ssl-mode': 'prefer',
      'schema-filters-type': 'inclusion',
      'schema-filters-patterns': 'shop',
      'json-unfolding': false,
    })
    expect(it.metabase.field('shop_customer.id')).toMatchObject({ description: 'Key', semantic_type: 'type/PK' })
    expect(it.metabase.field('shop_customer.job')).toMatchObject({
      semantic_type: 'type/Category',
      has_field_values: 'list',
    })
    expect(it.metabase.field('shop_purchase.customer_id')).toMatchObject({
      semantic_type: 'type/FK',
      fk_target_field_id: it.metabase.field('shop_customer.id')['id'],
    })
    expect(it.metabase.right('All Users', NAMES.source)).toBe('no')
    expect(it.metabase.right(NAMES.team, NAMES.source)).toBe('query-builder')
  })

  test('is in step afterwards: nothing is written again', async () => {
    const before = writes().length
    expect(await it.written('plan')).toBe('Metabase is in step: nothing to do.\n')
    expect(await it.written('apply')).toBe('Metabase is in step: nothing to do.\n')
    expect(await it.written('setup')).toBe('Metabase is in step: nothing to do.\n')
    expect(writes().length).toBe(before)
  })

  test('is refused a second key, unless somebody asks for a new one', async () => {
    const again = await it.command('setup --key-file again.env', { environment: it.environment() })
    expect([again.status, again.stderr]).toEqual([EXIT.drift, expect.stringContaining('METABASE_TAKEN')])
    const old = it.metabase.keys[0]?.['unmasked_key']
    await it.written('setup --key-file again.env --new-key', { environment: it.environment() })
    expect(it.metabase.keys.map((key) => key['unmasked_key'] === old)).toEqual([false])
  })
})

describe('what people change in Metabase', () => {
  test('is shown and left; with --force it is set', async () => {
    Object.assign(it.metabase.field('shop_customer.name'), { description: 'Le nom, vu par nous' })
    it.metabase.right('All Users', NAMES.source, 'query-builder-and-native')
    const team = it.metabase.groups.find(({ name }) => name === NAMES.team) ?? {}
    Object.assign(team, { name: 'Nous' })
    const planned = await it.command('plan')
    expect(planned.stdout).toContain(`! group ${NAMES.team}: changed in Metabase by hand: name`)
    expect([planned.status, planned.stdout]).toEqual([
      EXIT.different,
      expect.stringContaining('! column shop_customer.name: changed in Metabase by hand: description'),
    ])
    expect(planned.stdout).not.toContain('vu par nous')
    const before = writes().length
    expect(await it.written('apply')).toContain('! rights everyone')
    expect(writes().length).toBe(before)
    const groups = it.metabase.groups.length
    const forced = await it.written('apply --force')
    expect([team['name'], it.metabase.groups.length]).toEqual([NAMES.team, groups])
    expect(forced).toContain('~ column shop_customer.name: description')
    expect(it.metabase.field('shop_customer.name')['description']).toBe('Trade name')
    expect(it.metabase.right('All Users', NAMES.source)).toBe('no')
    expect((await it.command('plan')).status).toBe(EXIT.ok)
  })
})

contentTests(() => it)
commandLineTests(() => it)
pullTests(() => it)
killedTests(() => it)
definitionTests(() => it)
askedTests(() => it)

describe('a changed publication', () => {
  const label = from(source.selectFrom('purchase as p')).publish('shop_purchase', 'A purchase!', ({ ref }) => ({
    id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
    amount: text(ref('p.label'), 'Amount, in words').nullable(),
    total: integer(ref('p.amount'), 'Total').shown({
      label: 'Total €',
      as: 'Currency',
      format: { number_style: 'currency', currency: 'EUR', decimals: 2 },
    }),
  }))

  test('is planned exactly as it is applied: new, changed and withdrawn columns', async () => {
    const publication = shown({ writer: it.at.writer.user, reader: it.at.reader.user }, [customer, label])
    const [customerId, withdrawn] = ['shop_purchase.customer_id', 'shop_purchase.label'].map((name) =>
      Number(it.metabase.field(name)['id']),
    )
    const planned = await it.json('plan', { publication })
    expect(planned.status).toBe(EXIT.different)
    const limits = { ...publication.limits, metabaseSyncMs: 5 }
    const early = await it.command('apply', { publication: { ...publication, limits } })
    expect([early.status, early.stderr]).toEqual([EXIT.busy, expect.stringContaining('METABASE_SYNC_LATE')])
    it.at.program.publication = publication
    const query = {
      type: 'native',
      database: it.metabase.databases[0]?.['id'],
      native: { query: 'SELECT "Customer_ID" from shop.shop_purchase' },
    }
    it.metabase.cards.push({ id: 8_000, name: 'Theirs', dataset_query: query, collection_id: null, archived: false })
    const told = await it.at.command('plan', { environment: it.keyed() })
    expect(told.stderr).toBe(
      'warning: a question in Metabase would break: «Theirs» (number 8000): shop_purchase.customer_id\n',
    )
    it.metabase.fail('maintenance', /^GET \/database$/, Number.POSITIVE_INFINITY)
    const away = await it.at.command('plan', { environment: it.keyed() })
    expect(away).toMatchObject({
      status: told.status,
      stderr: expect.stringMatching(/^note: Metabase could not be asked .*METABASE_BUSY$/m),
    })
    it.metabase.fail('busy', /^never/)
    it.metabase.cards.pop()
    for (const line of ['migrate --yes', 'sync']) await it.at.written(line)
    expect((await it.command('doctor', { publication })).stdout).toContain(
      'found: shop_purchase.customer_id, shop_purchase.label',
    )
    const applied = await it.json('apply', { publication })
    expect(applied.answer.applied).toEqual(planned.answer.changes)
    expect(it.metabase.field('shop_purchase.amount')).toMatchObject({
      database_type: 'text',
      description: 'Amount, in words',
    })
    expect(it.metabase.field('shop_purchase.total')).toMatchObject({
      display_name: 'Total €',
      semantic_type: 'type/Currency',
      settings: { number_style: 'currency', currency: 'EUR', decimals: 2 },
    })
    expect([customerId, withdrawn].map((id) => it.metabase.cached.has(id ?? 0))).toEqual([false, false])
    expect((await it.command('plan', { publication })).status).toBe(EXIT.ok)
  })
})

describe('a run', () => {
  test('brings Metabase in step with what it publishes', async () => {
    it.at.program.publication = shown({ writer: it.at.writer.user, reader: it.at.reader.user })
    await it.at.written('migrate --yes')
    const { status, stderr } = await it.at.command('sync', { environment: it.keyed() })
    expect([status, stderr]).toEqual([EXIT.ok, expect.not.stringContaining('METABASE')])
    expect((await it.command('plan')).stdout).toBe('Metabase is in step: nothing to do.\n')
  })

  test.each(['cut', 'page'] as const)('publishes, whatever Metabase does: %s', async (fault) => {
    it.metabase.fail(fault, /^GET \/database$/, Number.POSITIVE_INFINITY)
    const { status, stderr } = await it.at.command('sync', { environment: it.keyed() })
    expect([status, stderr]).toEqual([EXIT.ok, expect.stringMatching(/^error METABASE_/m)])
  })

  test('that was due raises an alarm when Metabase is not kept in step', async () => {
    const client = await it.at.target.connect()
    await client.query("update vitrine.run set started_at = started_at - interval '3 days'")
    await it.at.target.close(client)
    it.metabase.fail('busy', /^GET \/database$/, Number.POSITIVE_INFINITY)
    const { status, stderr } = await it.at.command('sync --if-due', { environment: it.keyed() })
    const alarm = 'alarm: Vitrine shop: published, but Metabase was not kept in step. METABASE_BUSY'
    expect([status, stderr]).toEqual([EXIT.ok, expect.stringContaining(alarm)])
    it.metabase.fail('busy', /^never/)
  })
})

describe('the doctor', () => {
  test('finds what is open to whom', async () => {
    it.metabase.keys.push({ id: 77, name: 'of somebody else', group: { id: 2 }, unmasked_key: 'mb_other=' })
    const { hostname: host, port, pathname } = new URL(it.at.environment().DATABASE_URL)
    const operational = { host, port: Number(port), dbname: pathname.slice(1), user: 'x', password: 'x' }
    await it.metabase.addDatabase('Production', operational)
    it.metabase.settings.set('enable-public-sharing', true)
    it.metabase.shown['dashboard/public'] = [{ id: 1, name: 'secret' }]
    it.metabase.right(NAMES.team, NAMES.source, 'query-builder-and-native')
    it.metabase.right(NAMES.team, 'Production', 'query-builder')
    const { status, answer } = await it.json('doctor')
    const broken = answer.findings.filter(({ ok }: { ok: boolean }) => !ok).map(({ name }: { name: string }) => name)
    expect([status, broken]).toEqual([
      EXIT.privilege,
      ['in-step', 'sql', 'elsewhere', 'operational', 'others', 'links', 'keys'].map((name) => `metabase-${name}`),
    ])
  })
})

/** Where only null was seen, nothing is known. */
const isLike = (type: string, seen: readonly string[]): boolean =>
  [...seen, 'null'].includes(type) || `${seen}` === 'null'

describe('the stand-in', () => {
  test('answers with every key that real answers were seen to have, of the same type', async () => {
    const headers = { 'x-api-key': String(it.metabase.keys[0]?.['unmasked_key']) }
    const ask = async (path: string) =>
      // sound because each of these answers is an object.
      (await (await fetch(`${it.metabase.url}/api${path}`, { headers })).json()) as Entity & { data: Entity[] }
    const metadata = await ask(`/database/${it.metabase.databases[0]?.['id']}/metadata`)
    const board = await ask(`/dashboard/${it.metabase.dashboards[0]?.['id']}`)
    const [table = {}] = metadata['tables'] as Entity[]
    const answers = {
      'database in a list': (await ask('/database')).data[0],
      metadata,
      'table in metadata': table,
      'field in metadata': (table['fields'] as Entity[])[0],
      user: (await ask('/user')).data[0],
      collection: await ask(`/collection/${it.metabase.collections[0]?.['id']}`),
      card: await ask(`/card/${it.metabase.cards[0]?.['id']}`),
      dashboard: board,
      dashcard: (board['dashcards'] as Entity[])[0],
    }
    for (const [kind, answer] of Object.entries<Entity | undefined>(answers)) {
      const wrong = Object.entries(RECORDED[kind] ?? {}).filter(
        ([key, types]) => !(key in (answer ?? {})) || !isLike(typeOf(answer?.[key]), types),
      )
      expect([kind, wrong]).toEqual([kind, []])
    }
    const neutral = [...filled].flatMap(([kind, keys]) => (keys.size === 0 ? [] : [[kind, [...keys].join(' ')]]))
    expect(Object.fromEntries(neutral)).toMatchInlineSnapshot(`
      {
        "card": "average_query_time cache_invalidated_at cache_ttl can_delete can_manage_db can_restore can_run_adhoc_query can_write card_schema collection collection_position collection_preview created_at creator creator_id dashboard dashboard_count dashboard_id dependency_analysis_version document_id embedding_params enable_embedding initially_published_at is_remote_synced last-edit-info last_query_start last_used_at made_public_by_id metabase_version moderation_reviews parameter_mappings parameter_usage_count public_uuid result_metadata source_card_id table_id updated_at view_count",
        "collection": "archive_operation_id archived_directly authority_level can_delete can_write created_at entity_id is_personal is_remote_synced is_sample namespace personal_owner_id slug type",
        "collection item, card": "can_delete can_restore can_write collection_position collection_preview dashboard dashboard_count dashboard_id database_id fully_parameterized is_remote_synced last-edit-info last_used_at location moderated_status",
        "collection item, dashboard": "can_delete can_restore can_write collection_position dashboard_id database_id is_remote_synced last-edit-info last_used_at location moderated_status",
        "dashboard": "auto_apply_filters cache_ttl can_delete can_restore can_write collection collection_authority_level collection_position created_at creator_id dependency_analysis_version embedding_params enable_embedding initially_published_at is_remote_synced last-edit-info last_used_param_values last_viewed_at made_public_by_id moderation_reviews param_fields param_values points_of_interest position public_uuid show_in_getting_started updated_at view_count",
        "dashcard": "action_id card collection_authority_level created_at inline_parameters updated_at",
        "database in a list": "cache_ttl can_upload caveats created_at creator_id dbms_version description features is_attached_dwh is_audit is_sample native_permissions points_of_interest provider_name refingerprint router_database_id router_user_attribute settings timezone updated_at uploads_enabled uploads_schema_name uploads_table_prefix",
        "field in metadata": "caveats coercion_strategy created_at custom_position database_default database_indexed database_is_auto_increment database_is_generated database_partitioned database_required fingerprint fingerprint_version json_unfolding last_analyzed nfc_path points_of_interest preview_display target updated_at",
        "metadata": "cache_ttl caveats created_at creator_id dbms_version description features is_attached_dwh is_audit is_sample points_of_interest provider_name refingerprint router_database_id settings timezone updated_at uploads_enabled uploads_schema_name uploads_table_prefix",
        "table in metadata": "archived_at caveats created_at data_authority database_require_filter entity_type estimated_row_count is_upload is_writable metrics points_of_interest segments show_in_getting_started updated_at view_count",
        "user": "common_name date_joined first_name is_active is_qbnewb jwt_attributes last_login last_name locale login_attributes sso_source structured_attributes tenant_id updated_at",
      }
    `)
  })
})
