/**
 * Scripts that teams write by hand to fill a second database every night. Each fills the same two
 * tables as the tool in the bench `readers`; each row has the source's generation number at the time of reading.
 */
import { PUBLISHED, READER } from './publication.ts'
import { load, NEXT, PREVIOUS } from './reference.ts'
import { commands, HEAD, quoted, scriptOf } from './reference-psql.ts'

export interface Way {
  readonly name: string
  /** The superuser's statements on the target, once. */
  readonly admin: (source: URL) => readonly string[]
  readonly script: (schema: string) => string
}

const COMPANY = 'id bigint not null, name varchar(250) not null, generation integer not null'
const MEMBERSHIP = 'id bigint not null, company_id bigint not null, generation integer not null'

/** Query on the source, or on foreign tables with the same names. */
const companies = (schema: string) =>
  `select c.id, c.name, g.number as generation from ${schema}.company c cross join ${schema}.generation g`
const memberships = (schema: string) =>
  `select m.id, m.company_id, g.number as generation from ${schema}.membership m cross join ${schema}.generation g`

const [company, membership] = [`${PUBLISHED}.company`, `${PUBLISHED}.membership`]

/** The published tables, created once: the scripts that refill them keep keys and indexes. */
export const TABLES = `
  create table ${company} (${COMPANY}, primary key (id));
  create table ${membership} (${MEMBERSHIP}, primary key (id), foreign key (company_id) references ${company});
  create index on ${membership} (company_id);
  grant select on all tables in schema ${PUBLISHED} to ${READER}`

const ANALYZE = `analyze ${company}, ${membership}`
const TRUNCATE = [`truncate ${membership}, ${company}`]
const DELETE = [`delete from ${membership}`, `delete from ${company}`]
const lines = (...text: readonly string[]): string => [...HEAD, ...text, ''].join('\n')
const nobody = (): readonly string[] => []

/** Writes two files from one snapshot, then loads both in one transaction on the target. */
const byFiles = (empty: readonly string[]) => (schema: string) =>
  lines(
    'area=$(mktemp -d); trap \'rm -rf "$area"\' EXIT; cd "$area"',
    `from_source ${commands([
      'begin isolation level repeatable read read only',
      `\\copy (${companies(schema)}) to company`,
      `\\copy (${memberships(schema)}) to membership`,
    ])}`,
    `to_target -1 ${commands([...empty, `\\copy ${company} from company`, `\\copy ${membership} from membership`])}`,
    `to_target ${commands([ANALYZE])}`,
  )

const FOREIGN = 'far'

/** The superuser's statements for foreign tables of the source. */
const foreign = (source: URL): readonly string[] => {
  const option = (name: string, value: string) => `${name} ${quoted(decodeURIComponent(value))}`
  const place = [
    option('host', source.hostname),
    option('port', source.port),
    option('dbname', source.pathname.slice(1)),
  ]
  return [
    'create extension postgres_fdw',
    `create server far foreign data wrapper postgres_fdw options (${place.join(', ')}, fetch_size '10000')`,
    `create user mapping for public server far options (${option('user', source.username)}, ${option('password', source.password)})`,
    `create schema ${FOREIGN}; grant usage on schema ${FOREIGN} to public`,
  ]
}

const byForeignTables = (empty: readonly string[]) => () =>
  lines(
    `to_target -1 ${commands([
      ...empty,
      `insert into ${company} ${companies(FOREIGN)}`,
      `insert into ${membership} ${memberships(FOREIGN)}`,
    ])}`,
    `to_target ${commands([ANALYZE])}`,
  )

export const importForeign = (schema: string): readonly string[] => [
  `import foreign schema ${schema} limit to (company, membership, generation) from server far into ${FOREIGN}`,
  `grant select on all tables in schema ${FOREIGN} to public`,
]

const key = (table: string) => `alter table ${NEXT}.${table} add primary key (id)`
const rename = (schema: string) =>
  scriptOf({
    before: [`create schema ${NEXT}`],
    lanes: [
      [load(`(${companies(schema)}) as c`, 'company', COMPANY, [key('company')])],
      [
        load(`(${memberships(schema)}) as m`, 'membership', MEMBERSHIP, [
          key('membership'),
          `create index on ${NEXT}.membership (company_id)`,
        ]),
      ],
    ],
    between: [`alter table ${NEXT}.membership add foreign key (company_id) references ${NEXT}.company`],
    validations: [],
    publish: [
      `alter schema ${PUBLISHED} rename to ${PREVIOUS}`,
      `alter schema ${NEXT} rename to ${PUBLISHED}`,
      `grant usage on schema ${PUBLISHED} to ${READER}`,
    ],
    after: [`drop schema ${PREVIOUS} cascade`],
  })

export const WAYS: readonly Way[] = [
  {
    name: 'psql pipes, TRUNCATE and COPY table by table',
    admin: nobody,
    script: (schema) =>
      lines(
        `to_target ${commands(TRUNCATE)}`,
        `from_source ${commands([`copy (${companies(schema)}) to stdout`])} | to_target ${commands([`copy ${company} from stdin`])}`,
        `from_source ${commands([`copy (${memberships(schema)}) to stdout`])} | to_target ${commands([`copy ${membership} from stdin`])}`,
        `to_target ${commands([ANALYZE])}`,
      ),
  },
  { name: 'psql files, TRUNCATE and COPY in one transaction', admin: nobody, script: byFiles(TRUNCATE) },
  { name: 'psql files, DELETE and COPY in one transaction', admin: nobody, script: byFiles(DELETE) },
  {
    name: 'postgres_fdw, TRUNCATE and INSERT … SELECT in one transaction',
    admin: foreign,
    script: byForeignTables(TRUNCATE),
  },
  {
    name: 'postgres_fdw, DELETE and INSERT … SELECT in one transaction',
    admin: foreign,
    script: byForeignTables(DELETE),
  },
  { name: 'psql pipes of one snapshot, a new schema and two renames', admin: nobody, script: rename },
]
