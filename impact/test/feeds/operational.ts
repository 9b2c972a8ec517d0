/** An operational database with companies and no facts, and what the tests of the feeds read there. */
import type pg from 'pg'
import { expect } from 'vitest'
import { TestDatabase, type Version } from '../../../test/database.ts'
import { migrateOperational } from '../../database/migrate.ts'
import { FeedError } from '../../feeds/feed-error.ts'

/** Nine digits each, none a real company's: 1 gives 000000001. */
export const sirenOf = (number: number): string => String(number).padStart(9, '0')
export const sirensUpTo = (count: number): string[] => Array.from({ length: count }, (_, index) => sirenOf(index + 1))

export interface EgaproFactRow {
  readonly siren: string
  readonly annee: number
  readonly etat: string
  readonly raison: string | null
  readonly reponse_api: unknown
  readonly releve_le: Date
}

export interface ReleveRow {
  readonly etat: string
  readonly raison: string | null
  readonly releve_le: Date
  readonly lignes: string | null
}

export class Operational {
  readonly database: TestDatabase
  /** For the feed under test. */
  readonly client: pg.Client
  /** For a reader who looks meanwhile. */
  readonly other: pg.Client

  private constructor(database: TestDatabase, client: pg.Client, other: pg.Client) {
    this.database = database
    this.client = client
    this.other = other
  }

  static async create(version: Version, label: string): Promise<Operational> {
    const database = await TestDatabase.create(version, label)
    const client = await database.connect()
    await migrateOperational(client)
    // As the tool's own sessions: no table may be found by luck.
    await client.query(`set search_path to ''`)
    return new Operational(database, client, await database.connect())
  }

  /** These companies, and no facts. */
  async reset(sirens: readonly string[]): Promise<void> {
    for (const table of ['entreprises_entreprise', 'feeds_egapro', 'feeds_bges', 'feeds_releve']) {
      await this.other.query(`delete from ${table}`)
    }
    await this.other.query(
      `insert into entreprises_entreprise (siren, denomination, created_at, updated_at)
       select siren, 'Société Exemple', now(), now() from unnest($1::text[]) as siren`,
      [sirens],
    )
  }

  async egapro(): Promise<readonly EgaproFactRow[]> {
    return (await this.other.query<EgaproFactRow>('select * from feeds_egapro order by annee, siren')).rows
  }

  /** `siren etat raison`, of a year. */
  async egaproStates(annee: number): Promise<readonly string[]> {
    const rows = (await this.egapro()).filter((row) => row.annee === annee)
    return rows.map(({ siren, etat, raison }) => [siren, etat, raison].filter((part) => part !== null).join(' '))
  }

  /** `siren date`. */
  async bges(): Promise<readonly string[]> {
    const { rows } = await this.other.query<{ line: string }>(
      `select siren || ' ' || dt_publication as line from feeds_bges order by siren, dt_publication`,
    )
    return rows.map(({ line }) => line)
  }

  async releve(source: string): Promise<ReleveRow | undefined> {
    const { rows } = await this.other.query<ReleveRow>(
      'select etat, raison, releve_le, lignes from feeds_releve where source = $1',
      [source],
    )
    return rows[0]
  }

  /** Everything that a feed may change, to compare before and after. */
  async everything(): Promise<unknown> {
    return [await this.egapro(), await this.bges(), await this.releve('egapro'), await this.releve('bges')]
  }

  drop(): Promise<void> {
    return this.database.drop()
  }
}

/** The error that the work ends with; no other kind of error is allowed, and no siren in any of its words. */
export async function failureOf(work: Promise<unknown>): Promise<FeedError> {
  try {
    await work
  } catch (thrown) {
    if (!(thrown instanceof FeedError)) throw thrown
    expect(`${thrown.message} ${JSON.stringify(thrown)}`).not.toMatch(/\d{9}/)
    return thrown
  }
  throw new Error('a failure was expected')
}
