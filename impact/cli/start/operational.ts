/** Prepares the operational database: its schema and, if wanted, invented rows. Called by `start` in both modes. */

import { type Call, countText, writing } from 'vitrine/cli'
import { type Address, type Session, VitrineError } from 'vitrine/run'
import { migrateOperational } from '../../database/migrate.ts'
import { loadSample, SAMPLE_SIZES, type SampleSize } from '../../database/sample.ts'
import { DEFAULT_SIZE } from '../commands/sample.ts'
import { step } from './step.ts'

export interface OperationalWish {
  readonly address: Address
  /** Load invented rows when there is no company. */
  readonly sample: boolean
  /** Null for any size. */
  readonly size: SampleSize | null
  /** The database is the demonstration's own: its size is remembered, and its schema is migrated. */
  readonly demonstration: boolean
}

export async function prepareOperational(call: Call, wish: OperationalWish): Promise<void> {
  await writing(call, 'source', wish.address, async (session) => {
    // Never migrate the database of a running application without being asked: that is `impact migrate`.
    if (!wish.demonstration && (await holdsApplication(session)))
      call.say('  operational database: the tables of the application are there, nothing is changed')
    else await step(call, 'operational database migrated', () => migrateOperational(session.client))
    await fill(call, session, wish)
  })
}

async function holdsApplication(session: Session): Promise<boolean> {
  const [row] = await session.query<{ found: boolean }>(
    "select to_regclass('public.entreprises_entreprise') is not null as found",
  )
  return row?.found === true
}

async function fill(call: Call, session: Session, wish: OperationalWish): Promise<void> {
  const [row] = await session.query<{ filled: boolean; note: string | null }>(
    `select exists (select from public.entreprises_entreprise) as filled,
            shobj_description(oid, 'pg_database') as note from pg_catalog.pg_database where datname = current_database()`,
  )
  const size = wish.demonstration ? sizeIn(row?.note ?? null) : null
  if (row?.filled === true) {
    if (wish.size !== null && size !== null && wish.size !== size) throw otherSize(wish.size, size)
    call.say(`  data there already${size === null ? '' : `, size ${size}`}`)
    return
  }
  if (!wish.sample) return
  const chosen = wish.size ?? DEFAULT_SIZE
  // Noted before loading: a note without rows is harmless, but rows without a note have an unknown size.
  if (wish.demonstration) await noteSize(session, chosen)
  await step(
    call,
    ({ rows }) => `invented data, size ${chosen}: ${countText(rows.entreprises_entreprise)} companies`,
    () => loadSample(session.client, { size: chosen, today: call.io.clock.now() }),
  )
}

const otherSize = (wanted: SampleSize, found: SampleSize): VitrineError =>
  new VitrineError('USAGE', {
    place: '--size',
    detail: `The data that is there has the size ${found}, not ${wanted}.`,
    remedy: `Give --fresh --size ${wanted} to remove it and start over, or leave --size out.`,
  })

const NOTE = 'demonstration data, size '

function sizeIn(note: string | null): SampleSize | null {
  const size = note?.startsWith(NOTE) === true ? note.slice(NOTE.length) : ''
  return size in SAMPLE_SIZES ? (size as SampleSize) : null // sound because it is a key of SAMPLE_SIZES.
}

async function noteSize(session: Session, size: SampleSize): Promise<void> {
  await session.execute(`do $$ begin
    execute format('comment on database %I is %L', current_database(), '${NOTE}${size}');
  end $$`)
}
