/**
 * The reference's work as data: what a competent person would write with psql to get the same result as the tool. It
 * is executed by psql pipes (`reference-psql.ts`) or, without psql, over the driver's sockets
 * (`reference-driver.ts`). The SQL is written here, not taken from the tool.
 */
import { PUBLISHED, READER, type Subject } from './publication.ts'
import { ACCOUNT, COMPANY, COMPUTED, INVITATION, MEMBERSHIP, namesIn } from './tables.ts'

export const NEXT = `${PUBLISHED}_next`
export const PREVIOUS = `${PUBLISHED}_previous`

/** One table: created and copied in one transaction (so that COPY can freeze its rows), then finished. */
export interface Load {
  readonly create: string
  readonly copyOut: string
  readonly copyIn: string
  /** Keys, indexes, statistics and comments, after the copy. */
  readonly finish: readonly string[]
}

export interface ReferenceWork {
  /** Statements on the target, in order. */
  readonly before: readonly string[]
  /** Lanes run in parallel; several share one exported snapshot. */
  readonly lanes: readonly (readonly Load[])[]
  readonly between: readonly string[]
  /** Lanes of statements on the target, run in parallel. */
  readonly validations: readonly (readonly string[])[]
  /** Statements of one transaction. */
  readonly publish: readonly string[]
  readonly after: readonly string[]
}

export function load(sourceTable: string, table: string, columns: string, keys: readonly string[]): Load {
  const names = namesIn(columns)
  const into = `${NEXT}.${table}`
  const comments = names.map((name) => `comment on column ${into}.${name} is '${name.replaceAll('_', ' ')}'`)
  const finish = [
    ...keys,
    `analyze ${into}`,
    `comment on table ${into} is '${table}'; ${comments.join('; ')}`,
    `grant select on ${into} to ${READER}`,
    // The log of loads that such scripts usually have.
    `insert into refresh_log select '${table}', count(*), now() from ${into}`,
  ]
  return {
    create: `create table ${into} (${columns})`,
    copyOut: `copy (select ${names.join(', ')} from ${sourceTable}) to stdout (format binary)`,
    copyIn: `copy ${into} (${names.join(', ')}) from stdin (format binary, freeze)`,
    finish: keys.length === 0 ? [] : finish,
  }
}

const only = (one: Load): ReferenceWork => ({
  before: [],
  lanes: [[one]],
  between: [],
  validations: [],
  publish: [],
  after: [],
})

const primaryKey = (table: string): string => `alter table ${NEXT}.${table} add primary key (id)`
const index = (table: string, column: string): string => `create index on ${NEXT}.${table} (${column})`
const REFERENCES = [
  ['membership', 'account_id', 'account'],
  ['membership', 'company_id', 'company'],
  ['membership', 'invitation_id', 'invitation'],
  ['invitation', 'company_id', 'company'],
] as const
const constraint = (table: string, column: string): string => `${table}_${column}_fkey`
const validate = ([table, column]: (typeof REFERENCES)[number]): string =>
  `alter table ${NEXT}.${table} validate constraint ${constraint(table, column)}`

function wholeRun(schema: string): ReferenceWork {
  const company = load(`${schema}.company_ready`, 'company', `${COMPANY}, ${COMPUTED}`, [
    primaryKey('company'),
    `alter table ${NEXT}.company add unique (siren)`,
  ])
  const account = load(`${schema}.account`, 'account', ACCOUNT, [primaryKey('account')])
  const invitation = load(`${schema}.invitation`, 'invitation', INVITATION, [
    primaryKey('invitation'),
    index('invitation', 'company_id'),
  ])
  const membership = load(`${schema}.membership`, 'membership', MEMBERSHIP, [
    primaryKey('membership'),
    index('membership', 'account_id'),
    index('membership', 'company_id'),
    index('membership', 'invitation_id'),
  ])
  return {
    before: [`create schema ${NEXT}`],
    lanes: [
      [company, account],
      [membership, invitation],
    ],
    between: REFERENCES.map(
      ([table, column, to]) =>
        `alter table ${NEXT}.${table} add constraint ${constraint(table, column)} foreign key (${column})
         references ${NEXT}.${to} (id) deferrable initially deferred not valid`,
    ),
    validations: [REFERENCES.slice(0, 2).map(validate), REFERENCES.slice(2).map(validate)],
    publish: [
      `alter schema ${PUBLISHED} rename to ${PREVIOUS}`,
      `alter schema ${NEXT} rename to ${PUBLISHED}`,
      `revoke all on schema ${PREVIOUS} from ${READER}`,
      `grant usage on schema ${PUBLISHED} to ${READER}`,
    ],
    after: [`drop schema ${PREVIOUS} cascade`],
  }
}

/** The reference of a bench, reading from the given source schema. */
export function referenceWork(
  subject: Exclude<Subject, 'readers' | 'unwatched' | 'ranged'>,
  schema: string,
): ReferenceWork {
  if (subject === 'run') return wholeRun(schema)
  if (subject === 'pass') return only(load(`${schema}.company`, 'company', COMPANY, []))
  return only(load(`${schema}.company_ready`, 'company', `${COMPANY}, ${COMPUTED}`, []))
}
