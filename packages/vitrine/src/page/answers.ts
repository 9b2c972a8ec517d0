/**
 * Runs the questions of a page as the reader: in one snapshot, on at most two sessions, with limits on time and rows. An
 * answer is cached for its version, and only a switch invalidates it.
 */
import { VitrineError } from '../base/errors.ts'
import type { Answer, AnswerColumn, Cell, TileState } from '../drawing/answer.ts'
import type { TextRows } from '../postgres/bounded-texts.ts'
import type { Session } from '../postgres/connect.ts'
import { exportSnapshot, importSnapshot, type Snapshot } from '../postgres/snapshot.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import type { TableFreshness } from '../record/runs.ts'
import { identifier, qualified } from '../sql/quote.ts'
import type { Readers } from './reader-sessions.ts'

export interface Ask {
  /** One SELECT, whose `$n` are `values`. */
  readonly sql: string
  readonly values: readonly unknown[]
  /** Whether filters are set, so that there may be no row. */
  readonly filtered: boolean
  /** The same question without the limit on small groups, to tell why there is no row. */
  readonly withSmall: Pick<Ask, 'sql' | 'values'> | null
  /** Whether the answer depends on the current time: then it is cached for a minute. */
  readonly ages: boolean
  /** Rows; as many as any question may have, where nothing is said. */
  readonly most?: number
}

/** Of when a table is, and in how many of its rows something is unknown, by reason. */
export interface TableAge extends TableFreshness {
  readonly unknown: Readonly<Record<string, number>>
}

/** What a page finds before it asks. */
export interface VersionFacts {
  /** Changes with the version and with the state of the runs. Null: nothing is published. */
  readonly version: string | null
  readonly ages: readonly TableAge[]
  /** The target's clock. */
  readonly now: Date
}

export interface Look extends VersionFacts {
  /** In the order of the questions. Never rejects but with `Switched`. */
  readonly states: readonly Promise<TileState>[]
}

/** The version changed while it was read: look again. */
export class Switched extends Error {}

const MOST_ROWS = 5_000
/** In characters. */
const BOUNDS = { all: 4_000_000, one: 2_000 }
const KEPT = 1_000
const KEPT_CHARACTERS = 40_000_000
const BEGIN = 'begin transaction isolation level repeatable read read only'
/** The longest time that a page holds its snapshot: a limit for all its questions together. */
const SNAPSHOT_MS = 30_000
/** From so many questions on, a second session is used. */
const SECOND_FROM = 2

export class Answers {
  readonly #readers: Readers
  readonly #kept = new Map<string, { readonly state: Promise<TileState>; characters: number }>()
  #characters = 0
  /** What is read next, for whoever asks before that. */
  #next: { readonly publication: Publication; readonly facts: Promise<VersionFacts> } | null = null

  constructor(readers: Readers) {
    this.#readers = readers
  }

  /** Throws VitrineError when the target cannot be asked, and Switched. */
  facts(publication: Publication): Promise<VersionFacts> {
    if (this.#next?.publication === publication) return this.#next.facts
    const begun = () => {
      if (this.#next === next) this.#next = null
    }
    const read = (session: Session) => {
      begun()
      return session.transaction(() => factsOf(session, publication), BEGIN)
    }
    const next = { publication, facts: this.#readers.use(read).finally(begun) }
    this.#next = next
    return next.facts
  }

  /** Resolves once the version is known; the answers go on. Throws VitrineError when the target cannot be asked, and Switched. */
  look(publication: Publication, asks: readonly Ask[]): Promise<Look> {
    return new Promise((resolve, reject) => {
      this.#readers.use((session) => this.#lookWith(session, publication, asks, resolve)).catch(reject)
    })
  }

  async #lookWith(
    session: Session,
    publication: Publication,
    asks: readonly Ask[],
    found: (look: Look) => void,
  ): Promise<void> {
    const snapshot = await exportSnapshot(session, SNAPSHOT_MS)
    const facts = await factsOf(session, publication)
    const { version, standing, now } = facts
    const open: Open[] = []
    const states = asks.map((ask) => {
      if (version === null) return Promise.resolve<TileState>({ kind: 'empty', why: 'nothing published' })
      const minute = ask.ages ? Math.floor(now.getTime() / 60_000) : 0
      const key = JSON.stringify([version, ask.sql, ask.values, minute])
      const kept = this.#kept.get(key)
      if (kept !== undefined) return kept.state
      const state = new Promise<TileState>((resolve, reject) => open.push({ ask, resolve, reject }))
      this.#keep(key, state)
      return state
    })
    found({ ...facts, states })
    const work = { publication, standing, snapshot, open }
    const isLong = open.length >= SECOND_FROM && this.#readers.hasMore
    const second = isLong ? this.#readers.use((other) => answerOpen(other, work, false)).catch(() => undefined) : null
    await Promise.all([answerOpen(session, work, true), second])
    // The rest, if the second session could not be opened or lost its snapshot.
    await answerOpen(session, work, true)
    await session.execute('rollback')
  }

  /** Failures are not cached, nor answers of a version that was replaced. */
  #keep(key: string, state: Promise<TileState>): void {
    const entry = { state, characters: 0 }
    this.#kept.set(key, entry)
    const forget = (other: string) => {
      this.#characters -= this.#kept.get(other)?.characters ?? 0
      this.#kept.delete(other)
    }
    state.then(
      (told) => {
        if (this.#kept.get(key) !== entry) return
        if (told.kind === 'failed') return forget(key)
        entry.characters = charactersOf(told)
        this.#characters += entry.characters
        for (const other of this.#kept.keys()) {
          if (this.#kept.size <= KEPT && this.#characters <= KEPT_CHARACTERS) break
          forget(other)
        }
      },
      () => forget(key),
    )
  }
}

const charactersOf = (state: TileState): number =>
  state.kind === 'answer' ? state.answer.rows.flat().reduce<number>((sum, cell) => sum + String(cell).length, 0) : 1

interface Open {
  readonly ask: Ask
  readonly resolve: (state: TileState) => void
  readonly reject: (reason: Switched) => void
}

interface Work {
  readonly publication: Publication
  /** The relations of the version, as they stood. */
  readonly standing: string
  readonly snapshot: Snapshot
  readonly open: Open[]
}

/** Takes one question after the other, until none is left. */
async function answerOpen(session: Session, work: Work, isFirst: boolean): Promise<void> {
  if (work.open.length === 0) return
  if (!isFirst) await importSnapshot(session, work.snapshot)
  for (let next = work.open.shift(); next !== undefined; next = work.open.shift()) {
    try {
      const state = await answerOne(session, next.ask)
      await requireStanding(session, work)
      next.resolve(state)
    } catch (error) {
      if (error instanceof Switched) next.reject(error)
      else await failed(session, work, next, error)
    }
  }
  if (!isFirst) await session.execute('rollback')
}

/** A missing or different table may be due to a switch. The failed transaction is replaced by a new one. */
async function failed(session: Session, work: Work, { resolve, reject }: Open, error: unknown): Promise<void> {
  const code = error instanceof VitrineError ? error.code : 'INTERNAL'
  try {
    await session.execute('rollback')
    await session.begin(BEGIN)
    await requireStanding(session, work)
    resolve({ kind: 'failed', code })
  } catch (lost) {
    if (lost instanceof Switched) return reject(lost)
    resolve({ kind: 'failed', code })
    for (const each of work.open.splice(0)) each.resolve({ kind: 'failed', code })
    throw lost
  }
}

async function answerOne(
  session: Session,
  { sql, values, filtered, withSmall, most = MOST_ROWS }: Ask,
): Promise<TileState> {
  const rows = await session.texts(`select * from (\n${sql}\n) as answer limit ${most + 1}`, values, BOUNDS)
  if (rows.rows.length > 0) return { kind: 'answer', answer: answerOf(rows, most) }
  if (withSmall !== null) {
    const small = await session.query(`select 1 from (\n${withSmall.sql}\n) as answer limit 1`, withSmall.values)
    if (small.length > 0) return { kind: 'empty', why: 'small groups' }
  }
  return { kind: 'empty', why: filtered ? 'filtered away' : 'no rows' }
}

/** By the OIDs of PostgreSQL's own types, which never change. */
const KINDS: ReadonlyMap<number, AnswerColumn['kind']> = new Map([
  [16, 'boolean'],
  ...[20, 21, 23, 700, 701, 1700].map((oid) => [oid, 'number'] as const),
  [1082, 'date'],
  [1114, 'instant'],
  [1184, 'instant'],
])

function answerOf({ columns, rows, isCut }: TextRows, most: number): Answer {
  const known = columns.map(({ name, oid }): AnswerColumn => ({ name, kind: KINDS.get(oid) ?? 'text' }))
  const cells = rows.slice(0, most).map((row) => row.map((text, at) => cellOf(text, known[at]?.kind)))
  return { columns: known, rows: cells, isCut: isCut || rows.length > most }
}

function cellOf(text: string | null, kind: AnswerColumn['kind'] | undefined): Cell {
  if (text === null) return null
  if (kind === 'boolean') return text === 't'
  // Fifteen digits are exact in JavaScript.
  if (kind === 'number' && /^-?\d*\.?\d+$/.test(text) && text.replace(/\D/g, '').length <= 15) return Number(text)
  return text
}

/**
 * Reads the relations of the version. PostgreSQL looks names up in the present catalogue but rows in the snapshot: if a table of the
 * snapshot is not the one that its name means now, a switch happened in between. Then throws Switched.
 */
async function standingOf(session: Session, publication: Publication): Promise<Standing> {
  const { schema, freshness, runs, unknowns } = publication
  const views = [freshness, runs, unknowns]
  const names = [...publishedRelations(publication), ...views].map(({ name }) => name)
  const [found] = await session.query<Standing & { steady: boolean }>(
    `with seen as (
       select w.n, c.oid, pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::text, w.name))::oid as live
       from unnest($2::text[]) with ordinality as w (name, n) left join pg_catalog.pg_namespace s on s.nspname = $1
       left join pg_catalog.pg_class c on c.relnamespace = s.oid and c.relname = w.name)
     select string_agg(coalesce(oid::text, '-'), ',' order by n) as oids, bool_and(oid is not distinct from live) as steady,
            count(oid)::int as seen, count(oid) filter (where n > $3::int) = $4 as viewed, clock_timestamp() as now
     from seen`,
    [schema, names, names.length - views.length, views.length],
  )
  if (found?.steady !== true) throw new Switched()
  return found
}

interface Standing {
  readonly oids: string
  /** How many relations there are, and whether the views of the tool are all there. */
  readonly seen: number
  readonly viewed: boolean
  readonly now: Date
}

async function requireStanding(session: Session, { publication, standing }: Work): Promise<void> {
  if ((await standingOf(session, publication)).oids !== standing) throw new Switched()
}

async function factsOf(
  session: Session,
  publication: Publication,
): Promise<VersionFacts & { readonly standing: string }> {
  const { oids: standing, seen, viewed, now } = await standingOf(session, publication)
  if (seen === 0) return { version: null, standing, ages: [], now }
  const found = viewed ? await agesOf(session, publication) : []
  const ages = found.filter(({ table }) => table !== null)
  // Before the first run the tables are empty.
  if (viewed && ages.length === 0) return { version: null, standing, ages, now }
  const stamps = ages.map(({ table, publishedAt }) => `${table} ${publishedAt.getTime()}`)
  return { version: [standing, found[0]?.state ?? '', ...stamps].join(';'), standing, ages, now }
}

/** Includes the state of the runs, which pages show: a failed run changes no version. */
const agesOf = (session: Session, publication: Publication): Promise<(TableAge & { readonly state: string })[]> => {
  const { schema, freshness, runs, unknowns } = publication
  const { table, rows, dataOf, publishedAt } = freshness.columns
  const { run, finishedAt } = runs.columns
  const why = unknowns.columns
  return session.query(
    `select ${identifier(table)} as "table", ${identifier(rows)}::float8 as rows, ${identifier(dataOf)} as "dataOf",
            ${identifier(publishedAt)} as "publishedAt", r.state,
            (select coalesce(jsonb_object_agg(u.${identifier(why.reason.name)}, u.${identifier(why.rows.name)}), '{}')
             from ${qualified(schema, unknowns.name)} u where u.${identifier(why.table.name)} = f.${identifier(table)}) as unknown
     from (select concat_ws(' ', max(${identifier(run.name)}), extract(epoch from max(${identifier(finishedAt.name)}))) as state
           from ${qualified(schema, runs.name)}) r
     left join ${qualified(schema, freshness.name)} f on true order by 1`,
  )
}
