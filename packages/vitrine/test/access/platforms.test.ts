// The command on what platforms grant, generated over who owns the database, who may make roles, and what stands open: one
// `provision` ends with 0 exactly where a run publishes and the reader reads, and the doctor agrees.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole } from '../../../../test/database.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { run } from '../cli/captured-io.ts'
import { createShop, KEY, shop, shopRights } from '../publication/shop.ts'

/** What a platform gives. */
const GIVEN = {
  /** What METABASE_ADMIN_URL logs in as: Scalingo, Heroku: a plain role; RDS, Cloud SQL, Supabase, Neon: one that makes roles. */
  admin: ['none', 'plain', 'createrole'],
  /** Made in the console beforehand. */
  roles: ['made', 'absent'],
  owner: ['admin', 'platform', 'writer'],
  /** CREATE on the database, by the platform. */
  creates: ['nobody', 'writer', 'everybody'],
  publicSchema: ['closed', 'open'],
  temporary: ['open', 'closed'],
  readerUrl: ['set', 'unset'],
} as const
type Cell = { readonly [K in keyof typeof GIVEN]: (typeof GIVEN)[K][number] }

/** Every admin × roles × owner × creates that can be; the others take turns, so that each meets each of these. */
function cells(): readonly Cell[] {
  const all: Cell[] = []
  for (const admin of GIVEN.admin) {
    for (const roles of GIVEN.roles) {
      for (const owner of GIVEN.owner) {
        for (const creates of GIVEN.creates) {
          if (owner === 'admin' && admin === 'none') continue
          // Where the database is ours, who may create in it beforehand is one question, and which administrator another.
          if (owner === 'writer' && admin !== 'none') continue
          if (owner !== 'platform' && creates === 'writer') continue
          if (roles === 'absent' && (owner === 'writer' || creates === 'writer' || admin === 'none')) continue
          const turn = all.length
          all.push({
            ...{ admin, roles, owner, creates },
            publicSchema: turn % 2 === 0 ? 'open' : 'closed',
            temporary: turn % 3 === 0 ? 'closed' : 'open',
            readerUrl: turn % 4 === 3 ? 'unset' : 'set',
          })
        }
      }
    }
  }
  return all
}

/** By the manual: whether somebody who can be reached, or the platform already, gives each thing that is needed. */
function isEnough({ admin, roles, owner, creates, readerUrl }: Cell): boolean {
  const ours = owner !== 'platform'
  const mayCreate = creates !== 'nobody' || ours
  // Since PostgreSQL 16, CREATEROLE reaches only the roles that one has made.
  const settings = readerUrl === 'set' || (admin === 'createrole' && roles === 'absent')
  return mayCreate && settings && (roles === 'made' || admin === 'createrole')
}

describe('one provision, on PostgreSQL 18', () => {
  let source: TestDatabase
  let app: TestRole
  const made: { database: TestDatabase; roles: TestRole[] }[] = []
  beforeAll(async () => {
    source = await TestDatabase.create(18, 'shop')
    app = await source.createRole('app')
    const client = await source.connect()
    await createShop(client, 3)
    await client.query(shopRights(app.user))
    await source.close(client)
  })
  afterAll(async () => {
    for (const { database, roles } of made) await database.drop(roles)
    await source.drop([app])
  })

  test.each(cells())(
    'admin $admin, roles $roles, owner $owner, create $creates, public $publicSchema, temporary $temporary, reader $readerUrl',
    async (cell) => {
      const target = await TestDatabase.create(18, 'platform')
      const named = (label: string): TestRole => ({
        user: `${label}_${target.name.slice(-10)}`,
        password: `pw-${label}`,
      })
      const [writer, reader, admin, platform] = ['writer', 'reader', 'admin', 'platform'].map(named) as [
        TestRole,
        TestRole,
        TestRole,
        TestRole,
      ] // sound because it names four.
      made.push({ database: target, roles: [writer, reader, admin, platform] })
      const superuser = await target.connect()
      const make = ({ user, password }: TestRole, attribute = '') =>
        `create role ${user} login ${attribute} password '${password}';`
      const owner = { admin, platform, writer }[cell.owner]
      await superuser.query(`
        ${make(platform)} ${cell.admin === 'none' ? '' : make(admin, cell.admin === 'createrole' ? 'createrole' : '')}
        ${cell.roles === 'made' ? `${make(writer)} ${make(reader)}` : ''}
        alter database ${target.name} owner to ${owner.user};
        ${cell.creates === 'nobody' ? '' : `grant create on database ${target.name} to ${cell.creates === 'writer' ? writer.user : 'public'};`}
        ${cell.publicSchema === 'open' ? 'grant create on schema public to public;' : ''}
        ${cell.temporary === 'closed' ? `revoke temporary on database ${target.name} from public;` : ''}`)
      await target.close(superuser)
      const environment = {
        DATABASE_URL: source.url(app),
        METABASE_DATABASE_URL: target.url(writer),
        ...(cell.admin === 'none' ? {} : { METABASE_ADMIN_URL: target.url(admin) }),
        VITRINE_PSEUDONYM_KEY: KEY,
      }
      const asReader = { METABASE_READER_URL: target.url(reader) }
      const program = { ...vitrine, publication: shop({ writer: writer.user, reader: reader.user }) }
      const command = (line: string, more: object = asReader) =>
        run(program, line, { environment: { ...environment, ...more } })

      // The first one needs the password of a reader that is to be made.
      const first = cell.readerUrl === 'set' || cell.roles === 'absent' ? asReader : {}
      const { status, stdout, stderr } = await command('provision', first)
      expect([status, status === 0 ? '' : stderr]).toEqual(
        isEnough(cell) ? [0, ''] : [5, expect.stringMatching(/PRIVILEGE_MISSING/)],
      )
      expect(stdout + stderr).not.toContain('pw-')
      if (status !== 0) return
      // What only the platform can do is named, with the SQL for it.
      const isLeft = cell.owner === 'platform'
      const leftOpen = isLeft && (cell.temporary === 'open' || cell.creates === 'everybody')
      expect(stdout.includes('revoke temporary, create on database')).toBe(leftOpen)
      expect(stdout.includes('revoke create on schema public')).toBe(isLeft && cell.publicSchema === 'open')
      // A whole run where there is nobody but the writer; elsewhere its tables, empty.
      const runs = cell.admin === 'none'
      for (const line of [runs ? 'rebuild' : 'migrate', 'doctor', ...(isLeft ? ['provision'] : [])]) {
        const outcome = await command(line)
        expect([line, outcome.status, outcome.status === 0 ? '' : outcome.stdout + outcome.stderr]).toEqual([
          line,
          0,
          '',
        ])
        if (line === 'provision') expect(outcome.stdout).toMatch(/^Nothing to do/)
      }
      const client = await target.connect({ role: reader })
      expect((await client.query('select from shop.shop_customer')).rowCount).toBe(runs ? 3 : 0)
      await target.close(client)
    },
  )
})
