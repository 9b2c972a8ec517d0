/** What is published at each point of the growth curves, as data that is passed to the tool's process. */
import {
  bigint,
  boolean,
  date,
  definePublication,
  from,
  integer,
  open,
  type Publication,
  type PublishedTable,
  partly,
  register,
  varchar,
} from 'vitrine'
import { PUBLISHED, publicationOf, READER, WRITER } from './publication.ts'

export interface Grown {
  /** `run`: the four tables of the bench `run`; `wide`: one table with `size` columns; `many`: `size` small tables. */
  readonly kind: 'run' | 'wide' | 'many'
  /** Number of columns or tables; unused for `run`. */
  readonly size: number
  readonly streams: number
  readonly rangeMegabytes: number
}

/** The columns that are repeated under other names to make a table of any width. */
const WIDE = {
  user_count: open.integer,
  staff: open.varchar(9).nullable,
  turnover: open.varchar(9).nullable,
  listed: open.boolean.nullable,
  closing_date: open.date.nullable,
}

function wide(schema: string, columns: number): { source: Publication['source']; tables: readonly PublishedTable[] } {
  const source = register(schema, { company: partly('the curve needs no others', { id: open.bigint, ...WIDE }) })
  const table = from(source.selectFrom('company as c')).publish('company', 'A company.', ({ ref }) => {
    const kinds = [
      () => integer(ref('c.user_count'), 'Users'),
      () => varchar(9, ref('c.staff'), 'Staff').nullable(),
      () => varchar(9, ref('c.turnover'), 'Turnover').nullable(),
      () => boolean(ref('c.listed'), 'Listed').nullable(),
      () => date(ref('c.closing_date'), 'Closing').nullable(),
    ]
    const more = Array.from({ length: columns - 1 }, (_, index) => [`c${index}`, kinds[index % kinds.length]?.()])
    // sound because every entry is a column of one of the kinds.
    const made = Object.fromEntries(more) as Record<string, ReturnType<(typeof kinds)[0]>>
    return { id: bigint(ref('c.id'), 'Key').primaryKey(), ...made }
  })
  return { source, tables: [table] }
}

/** Rows of each of the small tables, for any number of tables. */
export const ROWS_OF_ONE = 500

function many(schema: string, tables: number): { source: Publication['source']; tables: readonly PublishedTable[] } {
  const columns = { id: open.bigint, company_count: open.integer }
  const source = register(schema, { account: partly('the curve needs no others', columns) })
  const made = Array.from({ length: tables }, (_, index) =>
    from(source.selectFrom('account as a').where('a.id', '<=', BigInt(ROWS_OF_ONE))).publish(
      `account_${index}`,
      'Accounts.',
      ({ ref }) => ({
        id: bigint(ref('a.id'), 'Key').primaryKey(),
        company_count: integer(ref('a.company_count'), 'Number of companies'),
      }),
    ),
  )
  return { source, tables: made }
}

export function grown({ kind, size, streams, rangeMegabytes }: Grown, schema: string): Publication {
  const limits = { copyStreams: streams, rangeMegabytes }
  if (kind === 'run') {
    const publication = publicationOf('run', schema)
    return definePublication({ ...publication, limits: { ...publication.limits, ...limits } })
  }
  const { source, tables } = kind === 'wide' ? wide(schema, size) : many(schema, size)
  return definePublication({
    name: 'bench',
    schema: PUBLISHED,
    source,
    tables,
    writer: WRITER,
    reader: READER,
    limits,
  })
}
