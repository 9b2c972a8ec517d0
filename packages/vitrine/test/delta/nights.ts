/**
 * Night after night on one source and one target, looked at from outside: the published rows are those that the projections
 * give when the source is asked directly, byte by byte, and what stands around them is what a full night leaves.
 */
import type pg from 'pg'
import { expect } from 'vitest'
import { NEWEST, VERSIONS, type Version } from '../../../../test/database.ts'
import type { ServerFacts } from '../../../../test/postgres-servers.ts'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import type { Limits } from '../../src/base/limits.ts'
import { Secret } from '../../src/base/secret.ts'
import { definePublication, type Publication, type PublishedTable, type Source } from '../../src/index.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { sourcePath } from '../../src/publication/register.ts'
import type { SwitchWay } from '../../src/record/outcome.ts'
import type { SyncReport } from '../../src/run/observer.ts'
import { type RollbackReport, rollback } from '../../src/run/rollback.ts'
import type { SyncRequest } from '../../src/run/sync.ts'
import { identifier, qualified } from '../../src/sql/quote.ts'
import { loadOneTable, selectText } from '../../src/testing.ts'
import { KEY, RETIRED } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'

/**
 * Every table may be a delta, however small it is and however much of it changed: while a transaction of anybody on the server
 * lasts, every row that is newer counts as changed, and those that went come on top.
 */
export const ALWAYS = { deltaFloorRows: 0, deltaShare: 100, deltaProofNights: 1_000 }

export const SERVERS: readonly Version[] = EVERYTHING ? VERSIONS : NEWEST

export interface Setting {
  readonly source: Source
  readonly tables: readonly PublishedTable[]
  readonly histories?: Publication['histories']
  readonly limits?: Partial<Limits>
  readonly zone?: string
  readonly pureRules?: boolean
  readonly schedule?: string
}

/** `EXPECTED` stands beside the published schema, and nobody but the test reads it. */
const EXPECTED = 'expected'

export class Nights {
  readonly shop: Installation
  publication: Publication
  /** Of the last night that was judged. */
  told: SyncReport | null = null
  #sessions: readonly [source: Session, target: Session] | null = null
  #app: pg.Client | null = null

  private constructor(shop: Installation, publication: Publication) {
    this.shop = shop
    this.publication = publication
  }

  /** `sql` makes the source's tables, as their owner. No night has been yet. */
  static async create(
    server: Version | ServerFacts,
    setting: Setting,
    sql: readonly string[],
    {
      way = 'rename',
      target = server,
      encodings = {},
    }: {
      readonly way?: SwitchWay
      readonly target?: Version | ServerFacts
      readonly encodings?: { readonly source?: string; readonly target?: string }
    } = {},
  ): Promise<Nights> {
    const shop = await Installation.create(server, 1, undefined, target, encodings)
    const nights = new Nights(shop, shop.publication)
    await nights.change(...sql)
    await shop.look(`create schema ${EXPECTED}`)
    await nights.define(setting)
    if (way === 'move') await shop.refuseCreate()
    return nights
  }

  /** From now on another definition is published. */
  async define(setting: Setting): Promise<void> {
    const { writer, reader } = this.shop.publication
    const limits = { switchLockTimeoutMs: 50, switchTries: 5, switchPauseMs: 20, ...ALWAYS, ...setting.limits }
    this.publication = definePublication({
      ...{ name: 'shop', schema: 'shop', writer, reader, zone: 'Europe/Paris' },
      ...setting,
      limits,
    })
    await this.shop.migrate(this.publication)
  }

  /** Statements on the source as the owner of its tables, each by itself, in one session as long as none fails. */
  async change(...statements: readonly string[]): Promise<void> {
    const { source, app } = this.shop
    this.#app ??= await source.connect({ role: app })
    const client = this.#app
    try {
      for (const sql of statements) await client.query(sql)
    } catch (error) {
      this.#app = null
      await source.close(client).catch(() => undefined)
      throw error
    }
  }

  night(options: Partial<SyncRequest> = {}): Promise<SyncReport> {
    return this.shop.run({ publication: this.publication, allowShrink: true, code: 'as it is', ...options })
  }

  /** Back to the version before, by the definition of now. */
  rollBack(): Promise<RollbackReport> {
    return rollback({
      publication: this.publication,
      target: this.shop.target.address(this.shop.writer),
    })
  }

  /** As many nights as it takes until the kept version has rows: after the second one a delta is possible. */
  async begin(options: Partial<SyncRequest> = {}): Promise<void> {
    await this.night(options)
    await this.night(options)
  }

  /** A fingerprint of the rows of each published table, as the reader finds them. */
  async published(): Promise<Digests> {
    const client = await this.shop.asReader()
    const { rows } = await client.query(
      this.publication.tables.map((table) => digestSql(table, qualified('shop', table.name))).join(' union all '),
    )
    await this.shop.target.close(client)
    return asRecord(rows)
  }

  /** The same of what the projections give now. */
  async expected(at?: Date, publication = this.publication, pseudonymKey = new Secret(KEY)): Promise<Digests> {
    const target = await this.#target()
    // sound because both are opened together.
    const [source] = this.#sessions as readonly [Session, Session]
    const direct = publication.tables.filter(isDirect)
    const loaded = publication.tables.filter((table) => !direct.includes(table))
    for (const table of loaded) {
      await target.execute(`drop table if exists ${qualified(EXPECTED, table.name)}`)
      await loadOneTable({
        ...{ publication, table, source, target, schema: EXPECTED, pseudonymKey },
        ...(at === undefined ? {} : { at }),
      })
    }
    const asked = direct.map((table) => digestSql(table, `(${selectText(table)})`)).join(' union all ')
    const found = loaded.map((table) => digestSql(table, qualified(EXPECTED, table.name))).join(' union all ')
    return {
      ...(asked === '' ? {} : asRecord(await source.query<Digest>(asked))),
      ...(found === '' ? {} : asRecord(await target.query<Digest>(found))),
    }
  }

  async #target(): Promise<Session> {
    this.#sessions ??= await this.#open()
    return this.#sessions[1]
  }

  async #open(): Promise<readonly [Session, Session]> {
    const { limits, source } = this.publication
    const open = (side: 'source' | 'target') =>
      connect(this.shop[side].address(), {
        ...{ side, name: 'test', limits, readOnly: false },
        searchPath: side === 'source' ? sourcePath(source) : [],
      })
    return [await open('source'), await open('target')]
  }

  /** The published rows are those of a full night. */
  async judge(at?: Date): Promise<void> {
    expect(await this.published()).toEqual(await this.expected(at))
  }

  /** A night, judged. */
  async judged(options: Partial<SyncRequest> = {}): Promise<Ways> {
    const report = await this.night(options)
    await this.judge(options.at ?? undefined)
    await this.judgeRecord(report)
    if (this.publication.limits.versionsKept > 0) await this.judgeCounts(report)
    this.told = report
    return waysOf(report)
  }

  /** What the record says of the tables is what stands there. */
  async judgeRecord(report: SyncReport): Promise<void> {
    const counts = this.publication.tables.map(
      ({ name }) => `select '${name}' as name, (select count(*)::integer from ${qualified('shop', name)}) as rows`,
    )
    const standing = await (await this.#target()).query<{ name: string; rows: number; fresh: number }>(
      `select c.*, f.row_count::integer as fresh from (${counts.join(' union all ')}) c
       left join vitrine.freshness f on f.schema_name = 'shop' and f.table_name = c.name`,
    )
    const told = new Map(report.tables.map(({ table, rows }) => [table, rows]))
    expect(standing.filter(({ name, rows, fresh }) => told.get(name) !== rows || fresh !== rows)).toEqual([])
  }

  /** Rows added, changed and removed are those that a comparison with the version before finds, row by row. */
  async judgeCounts({ tables }: Pick<SyncReport, 'tables'>): Promise<void> {
    const target = await this.#target()
    const comparable = await target.query<{ name: string }>(
      `select n.relname::text as name from pg_class n join pg_class o using (relname)
       where n.relnamespace = 'shop'::regnamespace and o.relnamespace = '${RETIRED}'::regnamespace and ${columnsOf('n')} = ${columnsOf('o')}`,
    )
    const compared = this.publication.tables.filter(({ name }) => comparable.some((found) => found.name === name))
    if (compared.length === 0) return
    const found = await target.query<{ name: string; counts: readonly number[] }>(
      compared.map(countsSql).join(' union all '),
    )
    const told = new Map(tables.map(({ table, added, changed, removed }) => [table, [added, changed, removed]]))
    const wrong = found.filter(({ name, counts }) => `${told.get(name)}` !== `${counts}`)
    expect(wrong.map(({ name, counts }) => `${name}: ${told.get(name)} instead of ${counts}`)).toEqual([])
  }

  /** The relations of a schema as the catalogue describes them, without anything that names no meaning. */
  async structure(schema = 'shop'): Promise<readonly unknown[]> {
    return (await this.#target()).query(structureSql(schema))
  }

  /** Ends the sessions that are kept open, for a server that goes. */
  async forget(): Promise<void> {
    await Promise.all((this.#sessions ?? []).map((session) => session.end()))
    this.#sessions = null
    if (this.#app !== null) await this.shop.source.close(this.#app)
    this.#app = null
  }

  async drop(): Promise<void> {
    await this.forget()
    await this.shop.drop()
  }
}

/** `delta`, `full`, `carried` by table. */
export type Ways = Readonly<Record<string, string>>

export const waysOf = ({ tables }: SyncReport): Ways =>
  Object.fromEntries(tables.map((table) => [table.table, table.way]))

/** Why tables are full, in words; of the others there is nothing to say. */
export function reasonsOf({ tables }: SyncReport): Readonly<Record<string, string>> {
  for (const { table, way, reason } of tables) {
    expect([table, way, reason === null]).toEqual([table, way, way !== 'full'])
  }
  return Object.fromEntries(tables.flatMap(({ table, reason }) => (reason === null ? [] : [[table, reason]])))
}

/** By table: how many rows, and what they are. */
export type Digests = Readonly<Record<string, string>>

interface Digest {
  readonly name: string
  readonly digest: string
}

const asRecord = (rows: readonly Digest[]): Digests =>
  Object.fromEntries(rows.map(({ name, digest }) => [name, digest]))

/** Each row as PostgreSQL's binary format writes it, with the types of its columns. */
const digestSql = ({ name, columns }: PublishedTable, from: string): string =>
  `select '${name}' as name, count(*) || ' ' || encode(sha256(coalesce(string_agg(sent, '' order by sent), '')), 'hex') as digest
   from (select record_send(row(${columns.map((column) => `t.${identifier(column.name)}`).join(', ')})) as sent from ${from} t) s`

/** What the source gives is what is published: no rule, no pseudonym, no clock. */
const isDirect = (table: PublishedTable): boolean =>
  table.keep === null &&
  table.kAnonymous === null &&
  table.columns.every(({ value }) => value.kind === 'sql') &&
  !selectText(table).includes('transaction_timestamp')

const columnsOf = (relation: string): string =>
  `(select array_agg(attname || ' ' || format_type(atttypid, atttypmod) order by attname) from pg_attribute
    where attrelid = ${relation}.oid and attnum > 0 and not attisdropped)`

const countsSql = ({ name, columns }: PublishedTable): string => {
  const key = columns.filter(({ isPrimaryKey }) => isPrimaryKey).map((column) => identifier(column.name))
  const rows = (schema: string) =>
    `(select row(${key}) as key, record_send(row(${columns.map((column) => identifier(column.name))})) as sent from ${qualified(schema, name)})`
  return `select '${name}' as name, array[count(*) filter (where b.key is null), count(*) filter (where a.sent <> b.sent),
    count(*) filter (where a.key is null)]::integer[] as counts from ${rows('shop')} a full join ${rows(RETIRED)} b on a.key = b.key`
}

const structureSql = (schema: string): string => `
  with ours as (select c.* from pg_class c where c.relnamespace = '${schema}'::regnamespace and c.relkind in ('r', 'v'))
  select c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.reltablespace,
    c.relhassubclass, c.relispartition, pg_get_userbyid(c.relowner) as owner, c.reloptions, obj_description(c.oid, 'pg_class') as comment,
    array(select a::text from unnest(c.relacl) a order by 1) as rights,
    (select jsonb_agg(jsonb_build_array(attname, format_type(atttypid, atttypmod), attnotnull, attcollation::regcollation, attstorage, attcompression,
        attstattarget, attoptions, array(select a::text from unnest(attacl) a order by 1), atthasmissing, attgenerated, attidentity, col_description(c.oid, attnum),
        (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = c.oid and adnum = attnum)) order by attnum)
     from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
    (select jsonb_agg(jsonb_build_array(conname, contype, convalidated, condeferrable, pg_get_constraintdef(k.oid), obj_description(k.oid, 'pg_constraint')) order by conname)
     from pg_constraint k where conrelid = c.oid and contype <> 'n') as constraints,
    (select jsonb_agg(jsonb_build_array(pg_get_indexdef(indexrelid), indisvalid, indisready, indisclustered, indisreplident) order by indexrelid::regclass::text)
     from pg_index where indrelid = c.oid) as indexes,
    (select jsonb_agg(pg_get_triggerdef(oid) order by tgname) from pg_trigger where tgrelid = c.oid and not tgisinternal) as triggers,
    (select jsonb_agg(polname order by 1) from pg_policy where polrelid = c.oid) as policies,
    (select jsonb_agg(rulename order by 1) from pg_rewrite where ev_class = c.oid and c.relkind = 'r') as rules,
    (select count(*)::integer from pg_statistic_ext where stxrelid = c.oid) as statistics,
    (select count(*)::integer from pg_inherits where inhrelid = c.oid or inhparent = c.oid) as inherits,
    (select count(*)::integer from pg_publication_rel where prrelid = c.oid) as publications,
    case when c.relkind = 'v' then pg_get_viewdef(c.oid) end as definition
  from ours c order by c.relname`
