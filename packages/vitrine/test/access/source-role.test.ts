// The role that reads the source, made by `provision --source` on real servers: it runs every query, and nothing else.
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import {
  because,
  bigint,
  count,
  definePublication,
  from,
  indirect,
  integer,
  open,
  type Publication,
  partly,
  personal,
  register,
  secret,
  sql,
  text,
} from '../../src/index.ts'
import { neededColumns } from '../../src/lineage/lineage.ts'
import { selectText } from '../../src/testing.ts'
import { run } from '../cli/captured-io.ts'
import { createShop, shop } from '../publication/shop.ts'

const source = register('app', {
  person: {
    id: indirect.bigint,
    email: personal.text,
    password: secret.text,
    city: open.text,
    salary: personal.integer,
  },
  team: { id: indirect.bigint, name: open.text, size: open.integer },
  contact: partly('many columns', { id: indirect.bigint, person_id: indirect.bigint }),
  visit: { day: open.integer, person_id: indirect.bigint },
  directory: { id: indirect.bigint, city: open.text },
  totals: { id: indirect.bigint, n: open.integer },
})
const tables = [
  from(source.selectFrom('person as p').innerJoin('visit as v', 'v.person_id', 'p.id')).publish(
    'people',
    'P',
    ({ ref, selectFrom }) => ({
      id: bigint(because(ref('p.id'), 'key'), 'K').primaryKey(),
      city: text(ref('p.city'), 'C'),
      day: integer(ref('v.day'), 'D'),
      teams: integer(selectFrom('team').select(count().as('n')).$asScalar().$notNull(), 'T'),
      contacts: integer(selectFrom('contact').select(count().as('n')).$asScalar().$notNull(), 'N'),
    }),
  ),
  from(source.selectFrom('directory as d').innerJoin('totals as t', 't.id', 'd.id')).publish(
    'places',
    'P',
    ({ ref }) => ({
      id: bigint(because(ref('d.id'), 'key'), 'K').primaryKey(),
      city: text(ref('d.city'), 'C'),
      n: integer(ref('t.n'), 'N'),
    }),
  ),
]
const publication = definePublication({ name: 'pub', schema: 'pub', source, tables, writer: 'w', reader: 'r' })

const SCHEMA = `
  create schema app; create schema other;
  create table app.person (id bigint primary key, email text not null, password text not null, city text not null, salary integer not null);
  create table app.team (id bigint primary key, name text not null, size integer not null);
  create table app.contact (id bigint primary key, person_id bigint not null, city text);
  create table app.visit (day integer not null, person_id bigint not null) partition by list (day);
  create table app.visit_1 partition of app.visit for values in (1);
  create view app.directory as select id, city from app.person;
  create materialized view app.totals as select id, 1 as n from app.person;
  create table app.hidden (id bigserial primary key, note text); create table other.secrets (token text);`

/** What the role should read, and the order of the catalogue. */
const EXACT = {
  'app.contact': ['id'],
  'app.directory': ['city', 'id'],
  'app.person': ['city', 'id'],
  'app.team': ['name'],
  'app.totals': ['id', 'n'],
  'app.visit': ['day', 'person_id'],
}

/** The kinds of leak by which a query reads what the lineage does not name. */
const ATTACKS: readonly string[] = [
  "select p.town from (select q.city as town, q.email as mail from app.person q where q.city = 'none' union all select r.email, r.city from app.person r) p",
  'select (select c.city from app.contact c where c.person_id = p.id) from app.person p',
  'select (select max(password) from app.person) || p.city from app.person p',
  'select p.id from app.person p order by p.salary desc limit 1',
  "select p.password like 'C%' from app.person p",
  'select count(*) from (select from app.team limit (select ascii(max(email)) from app.person)) t',
  'select to_jsonb(p) from app.person p',
  'select * from app.hidden',
  'select token from other.secrets',
]

describe.each(VERSIONS)('on PostgreSQL %i', (version) => {
  let database: TestDatabase
  let target: TestDatabase
  let admin: Client
  const made: TestRole[] = []
  const roleNamed = (label: string): TestRole => {
    const role = { user: `${label}_${database.name.slice(-10)}`, password: `pw-${label}-long` }
    made.push(role)
    return role
  }
  const provision = async (role: TestRole, options = '', as?: TestRole | null, about: Publication = publication) => {
    const environment = {
      DATABASE_URL: database.url(role),
      ...(as === null ? {} : { DATABASE_ADMIN_URL: database.url(as) }),
    }
    const outcome = await run({ ...vitrine, publication: about }, `provision --source ${options}`.trim(), {
      environment,
    })
    expect(outcome.stdout + outcome.stderr).not.toContain('pw-')
    return outcome
  }
  /** What the role may read, by table. */
  const readable = async ({ user }: TestRole) => {
    const { rows } = await admin.query<{ name: string; columns: string[] }>(
      `select attrelid::regclass::text as name, json_agg(attname order by attname) as columns
       from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
       where attnum > 0 and relkind <> 'i' and nspname in ('app', 'other') and has_schema_privilege($1, n.oid, 'USAGE')
         and has_column_privilege($1, attrelid, attnum, 'SELECT') group by 1`,
      [user],
    )
    return Object.fromEntries(rows.map(({ name, columns }) => [name, columns]))
  }
  /** Where it may ask for the places of rows. */
  const places = async ({ user }: TestRole) => {
    const { rows } = await admin.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = relnamespace
       where nspname in ('app', 'other') and relkind in ('r', 'p', 'm', 'v')
         and exists (select from pg_attribute where attrelid = c.oid and attname = 'ctid' and has_column_privilege($1, c.oid, attnum, 'SELECT')) order by 1`,
      [user],
    )
    return rows.map(({ name }) => name)
  }
  /** Its own findings of the doctor, by name. */
  const doctor = async (role: TestRole, about: Publication = publication) => {
    const environment = { DATABASE_URL: database.url(role), METABASE_DATABASE_URL: target.url() }
    const { stdout } = await run({ ...vitrine, publication: about }, 'doctor --json', { environment })
    const { findings } = JSON.parse(stdout) as {
      findings: { name: string; ok: boolean; severity: string; actual: string; repair: string }[]
    } // sound because it is what doctor prints.
    return findings.filter(({ name, ok }) => name.startsWith('source-') && !ok)
  }

  beforeAll(async () => {
    database = await TestDatabase.create(version, 'app')
    target = await TestDatabase.create(version, 'away')
    admin = await database.connect()
    await admin.query(SCHEMA)
  })
  afterAll(async () => {
    await target.drop()
    await database.drop(made.reverse())
  })

  test('it reads exactly what the queries name, runs them all, and every attack ends in 42501', async () => {
    const role = roleNamed('exact')
    const rehearsed = await provision(role, '--dry-run')
    expect([rehearsed.status, rehearsed.stdout]).toEqual([
      0,
      expect.stringContaining('app.team (name): its rows are counted'),
    ])
    expect(await admin.query('select from pg_roles where rolname = $1', [role.user])).toMatchObject({ rowCount: 0 })
    expect(await provision(role)).toMatchObject({ status: 0 })
    expect(await provision(role)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Nothing to do/) })
    expect(await readable(role)).toEqual(EXACT)
    const tablesRead = Object.keys(EXACT).filter((name) => name !== 'app.directory')
    expect(await places(role)).toEqual(tablesRead)
    const client = await database.connect({ role })
    await client.query('set search_path to app')
    for (const table of tables) await client.query(selectText(table))
    for (const attack of ATTACKS) await expect(client.query(attack), attack).rejects.toMatchObject({ code: '42501' })
    for (const write of ['create table app.t ()', 'insert into app.team values (1)', 'create schema s'])
      await expect(client.query(write), write).rejects.toMatchObject({ code: '42501' })
    await database.close(client)
    expect(await doctor(role)).toEqual([])
  })

  test('rights that are too many are found by the doctor, whose repair mends them, and are revoked by provision', async () => {
    const role = roleNamed('toomuch')
    const group = roleNamed('group')
    await provision(role)
    const { user } = role
    const grants = `grant select on app.person, app.hidden to ${user}; grant select (email) on app.contact to ${user};
      grant usage on schema other to ${user}; grant select on other.secrets to ${user}; grant usage on sequence app.hidden_id_seq to ${user};
      alter default privileges in schema app grant select on tables to ${user}; grant create on schema app to ${user};
      grant temporary on database ${database.name} to ${user}; grant references on app.team to ${user};
      create role ${group.user}; grant select on app.hidden to ${group.user}; grant ${group.user} to ${user};`.replace(
      '(email) on app.contact',
      '(city) on app.contact',
    )
    await admin.query(grants)
    const findings = await doctor(role)
    expect(findings.map(({ name, severity }) => [name, severity])).toEqual([
      ['source-role', 'failure'],
      ['source-reads-nothing-else', 'failure'],
      ['source-writes-nothing', 'failure'],
    ])
    expect(findings[1]?.actual).toBe(
      'secret: app.person (password); not registered: app.contact (city), app.hidden (id, note), other.secrets (token); registered, but in no query: app.person (email, salary)',
    )
    await admin.query(findings.map(({ repair }) => repair).join('\n'))
    expect(await doctor(role)).toEqual([])
    expect(await readable(role)).toEqual(EXACT)
    expect(await places(role)).toHaveLength(5)
    await admin.query(grants.replace(`create role ${group.user};`, ''))
    expect(await provision(role)).toMatchObject({ status: 0 })
    expect(await doctor(role)).toEqual([])
    expect(await readable(role)).toEqual(EXACT)
    const { rows } = await admin.query(
      `select from pg_default_acl, aclexplode(defaclacl) a where a.grantee = '${user}'::regrole`,
    )
    expect(rows).toEqual([])
  })

  test('what is registered and in no query is a warning; what everybody may read is a failure', async () => {
    const role = roleNamed('everybody')
    await provision(role)
    await admin.query(`grant select (size) on app.team to ${role.user}`)
    expect(await doctor(role)).toMatchObject([{ name: 'source-reads-nothing-else', severity: 'warning' }])
    await admin.query('grant select on app.hidden to public')
    const [found] = await doctor(role)
    expect(found).toMatchObject({
      severity: 'failure',
      repair: expect.stringContaining('revoke all on table app.hidden from public;'),
    })
    await admin.query(found?.repair ?? '')
    expect(await doctor(role)).toEqual([])
  })

  test.each([
    [
      'owns 2 relations, app.hidden among them',
      (role: string) => `alter table app.hidden owner to ${role}`,
      'alter table app.hidden owner to postgres',
    ],
    ['is a superuser', (role: string) => `alter role ${role} superuser`, ''],
    ['may make databases', (role: string) => `alter role ${role} createdb`, ''],
    [
      'may write 1 relations, app.hidden among them',
      (role: string) => `grant insert (note) on app.hidden to ${role}`,
      '',
    ],
  ])('a role of somebody else is left alone, and the missing fence is named: it %s', async (reason, plant, undo) => {
    const role = roleNamed(`other${made.length}`)
    await admin.query(
      `create role ${role.user} login password '${role.password}'; grant select on app.hidden to ${role.user}; ${plant(role.user)}`,
    )
    const outcome = await provision(role)
    expect(outcome).toMatchObject({ status: 5, stderr: expect.stringContaining('ROLE_UNSAFE') })
    expect(outcome.stderr).toContain(reason)
    expect(outcome.stderr).toContain('such as vitrine_source')
    // The script refuses it as well.
    const { stdout } = await provision(role, '--sql')
    await expect(admin.query(stdout)).rejects.toMatchObject({ code: 'P0001' })
    await admin.query('rollback')
    expect((await readable(role))['app.hidden'] ?? ['id', 'note']).toEqual(['id', 'note'])
    const [first] = await doctor(role)
    expect(first).toMatchObject({ name: expect.stringMatching(/^source-r/), severity: 'failure' })
    if (undo !== '')
      await admin.query(undo.replace('postgres', (await admin.query('select current_user as u')).rows[0].u))
    await admin.query(`drop owned by ${role.user}`)
  })

  test('without an administrator, with one who may not make roles, and by a script', async () => {
    const role = roleNamed('scripted')
    const nobody = await provision(role, '', null)
    expect([nobody.status, nobody.stderr]).toEqual([expect.any(Number), expect.stringContaining('DATABASE_ADMIN_URL')])
    const plain = roleNamed('plain')
    await admin.query(`create role ${plain.user} login password '${plain.password}'`)
    const lacking = await provision(role, '', plain)
    expect(lacking).toMatchObject({ status: 5, stderr: expect.stringContaining('PRIVILEGE_MISSING') })
    expect(lacking.stderr).toContain(`grant select (city, id) on table app.person to ${role.user};`)
    const { stdout, status } = await provision(role, '--sql', null)
    expect(status).toBe(0)
    await admin.query(stdout.replace(`<password of ${role.user}>`, role.password))
    expect(await readable(role)).toEqual(EXACT)
    // The owner of the tables, who may make no role, does the rest on a platform where the role was made in the console.
    const [owner, platform] = [roleNamed('owner'), roleNamed('platform')]
    await admin.query(`create role ${owner.user} login password '${owner.password}'; create role ${platform.user} login password '${platform.password}';
      ${['person', 'team', 'contact', 'visit', 'directory', 'totals'].map((name) => `alter table app.${name} owner to ${owner.user};`).join(' ')}
      alter schema app owner to ${owner.user}`)
    expect(await provision(platform, '', owner)).toMatchObject({ status: 0 })
    expect(await readable(platform)).toEqual(EXACT)
    await admin.query(`reassign owned by ${owner.user} to current_user`)
  })

  test('what a platform granted and its owner may not revoke is a warning with the SQL for it, and all the rest is done', async () => {
    const [owner, platform, role] = [roleNamed('dbowner'), roleNamed('giver'), roleNamed('console')]
    const names = ['person', 'team', 'contact', 'visit', 'directory', 'totals']
    await admin.query(`
      ${[owner, platform, role].map(({ user, password }) => `create role ${user} login password '${password}';`).join('')}
      ${names.map((name) => `alter table app.${name} owner to ${owner.user};`).join(' ')} alter schema app owner to ${owner.user};
      grant usage on schema app to ${platform.user} with grant option; grant pg_read_all_settings to ${role.user};
      grant select on app.person to ${platform.user} with grant option; grant select on app.team to ${role.user};
      set role ${platform.user}; grant select on app.person to ${role.user}; reset role;
      alter default privileges for role ${platform.user} in schema app grant select on tables to ${role.user}`)
    for (const options of ['--dry-run', '']) {
      const { status, stdout } = await provision(role, options, owner)
      expect([status, stdout]).toEqual([0, expect.stringContaining(`! ${role.user} holds no other right`)])
      const [, handed = ''] = /-- by who granted it, or a superuser:\n([\s\S]*?;\n)(?!revoke|alter)/.exec(stdout) ?? []
      expect(handed.trim().split('\n')).toEqual(
        expect.arrayContaining([
          `alter default privileges for role ${platform.user} in schema app revoke all on tables from ${role.user};`,
          `revoke all on table app.person from ${role.user};`,
          `revoke pg_read_all_settings from ${role.user};`,
        ]),
      )
      expect(stdout).toContain('doctor says what the role could read')
    }
    // The owner's own grant is gone, and what the queries need is there.
    expect(await readable(role)).toEqual({ ...EXACT, 'app.person': ['city', 'email', 'id', 'password', 'salary'] })
    expect((await doctor(role)).map(({ name }) => name)).toContain('source-reads-nothing-else')
    expect(await provision(role, '', owner)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Nothing to do/),
    })
    await admin.query(`drop owned by ${platform.user} cascade; drop owned by ${role.user}; reassign owned by ${owner.user} to current_user;
      revoke pg_read_all_settings from ${role.user}`)
  })

  test('a foreign table is granted like any other; its user mapping is the administrator’s, and doctor says what lacks', async () => {
    await admin.query(`create extension postgres_fdw; create server far foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
      create foreign table app.remote (id bigint not null) server far`)
    const remote = register('app', { remote: { id: indirect.bigint } })
    const table = from(remote.selectFrom('remote as p')).publish('far', 'F', ({ ref }) => ({
      id: bigint(because(ref('p.id'), 'key'), 'K').primaryKey(),
    }))
    const about = { ...publication, source: remote, tables: [table] }
    const role = roleNamed('foreign')
    expect(await provision(role, '', undefined, about)).toMatchObject({ status: 0 })
    expect(await readable(role)).toEqual({ 'app.remote': ['id'] })
    expect(await doctor(role, about)).toMatchObject([{ name: 'source-reads', actual: 'failing: far (SQLSTATE 42704)' }])
    await admin.query('drop foreign table app.remote')
  })

  test('a policy that hides rows is named, for an administrator to decide', async () => {
    const role = roleNamed('policy')
    await provision(role)
    await admin.query('alter table app.person enable row level security')
    const findings = await doctor(role)
    expect(findings).toMatchObject([{ name: 'source-reads' }, { name: 'source-sees-rows', actual: 'hidden: person' }])
    expect(findings[1]?.repair).toContain(`alter role ${role.user} bypassrls;`)
    await admin.query(`alter role ${role.user} bypassrls`)
    expect(await doctor(role)).toEqual([])
    expect(await provision(role)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Nothing to do/) })
    await admin.query('alter table app.person disable row level security')
  })
})

test('a definition that cannot be followed is refused by name, and one without the source’s tables says what lacks', async () => {
  const database = await TestDatabase.create(18, 'empty')
  const role = { user: `empty_${database.name.slice(-10)}`, password: 'pw-empty-long' }
  const environment = { DATABASE_URL: database.url(role), DATABASE_ADMIN_URL: database.url() }
  const leak = from(source.selectFrom('person as p')).publish('leak', 'L', ({ ref }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'K').primaryKey(),
    x: text(sql<string>`(select max(password) from elsewhere)`, 'X'),
  }))
  const unsound = { ...publication, tables: [leak] }
  for (const options of ['', ' --sql', ' --dry-run'])
    expect(
      await run({ ...vitrine, publication: unsound }, `provision --source${options}`, { environment }),
    ).toMatchObject({
      stderr: expect.stringContaining('error DEFINITION_INVALID'),
    })
  const lacking = await run({ ...vitrine, publication }, 'provision --source', { environment })
  expect(lacking).toMatchObject({
    status: 5,
    stderr: expect.stringContaining('it needs a schema that is not there yet'),
  })
  await database.drop([role])
})

test('of a publication, whatever it is, exactly the columns that its lineage names', async () => {
  const database = await TestDatabase.create(18, 'shop')
  const role = { user: `shop_${database.name.slice(-10)}`, password: 'pw-shop-long' }
  const client = await database.connect()
  await createShop(client, 3)
  const about = shop({ writer: 'w', reader: 'r' })
  const environment = { DATABASE_URL: database.url(role), DATABASE_ADMIN_URL: database.url() }
  expect(await run({ ...vitrine, publication: about }, 'provision --source', { environment })).toMatchObject({
    status: 0,
  })
  const { rows } = await client.query<{ name: string }>(
    `select relname || '.' || attname as name from pg_attribute a join pg_class c on c.oid = attrelid
     where attnum > 0 and relnamespace = 'public'::regnamespace and relkind = 'r' and has_column_privilege($1, c.oid, attnum, 'SELECT')`,
    [role.user],
  )
  const needed = await neededColumns(about.source, about.tables)
  const named = [...needed].flatMap(([table, columns]) => [...columns].map((column) => `${table}.${column}`))
  expect(rows.map(({ name }) => name).sort()).toEqual(named.sort())
  const reading = await database.connect({ role })
  for (const table of about.tables) await reading.query(selectText(table))
  await database.drop([role])
})
