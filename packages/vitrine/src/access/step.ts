/**
 * The steps of provision, as one list of data: what a publication needs of roles and rights on its target. Each step says in
 * a sentence what it is, which SQL brings it about, who may run that, and whether it is done or what stands in the way. Pure:
 * the plan, the execution and the script are made from this list.
 */
import type { Secret } from '../base/secret.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier } from '../sql/quote.ts'
import type { Facts } from './facts.ts'
import {
  asWriter,
  closePublicSchema,
  grantsFor,
  makePublishedSchema,
  makeRole,
  makeSchema,
  openRelations,
  type SchemaToMake,
  schemasToMake,
} from './statement.ts'

/** The passwords of roles that have to be made; a role whose password is null is left to somebody else. */
export interface ProvisionOptions {
  readonly readerPassword: Secret | null
  readonly writerPassword: Secret | null
  /**
   * The writer is not granted the right to create schemas: all that it needs are made now, and tables are moved between
   * them. Assumed where the target is already set up so. It revokes no right.
   */
  readonly withoutCreate?: boolean
}

/** The steps of one part need the same rights of whoever does them. */
export type ProvisionPart = 'roles' | 'database' | 'schema' | 'settings'

export interface ProvisionStep {
  readonly part: ProvisionPart
  readonly text: string
  /** Statements separated by semicolons. A password stands as `'<password>'`. */
  readonly sql: string
  readonly done: boolean
  /** The role of the session may do it, once the possible steps before it are done. */
  readonly possible: boolean
  /** Why it is not possible. */
  readonly why?: string
  /** Who may do it. */
  readonly by: string
  /** Whom the statement must run as: what the writer makes belongs to it. */
  readonly as: 'session' | 'writer'
  /** Whose password stands in the statement. */
  readonly password: 'writer' | 'reader' | null
  /** True when no promise of the tool depends on it: left to somebody else, it is a note and no failure. */
  readonly optional: boolean
}

export interface ScriptedStep extends ProvisionStep {
  /** The SQL for a script that may be run again. */
  readonly script: string
}

/** Stands for a password in every statement that is shown. */
export const PASSWORD_PLACEHOLDER = "'<password>'"

/** A step before it is known who may do it. */
interface Draft extends Pick<ProvisionStep, 'part' | 'text' | 'sql' | 'done'> {
  /** What stands in the way of the role of the session. */
  readonly obstacle: string | null
  /** The SQL for a script that may be run again, where it is another one. */
  readonly script?: string
  readonly as?: 'writer'
  readonly password?: 'writer' | 'reader'
  /** Why no promise of the tool depends on it. */
  readonly note?: string | null
  /** Done by the owner of the database, although it is not of that part. */
  readonly byOwner?: boolean
}

type Situation = ReturnType<typeof situationOf>

/** What the steps are decided by. Each obstacle is null when there is none, and while no facts are known. */
function situationOf(publication: Publication, databaseName: string, facts: Facts | null, options: ProvisionOptions) {
  const me = facts?.session.name
  const missing = (kind: 'writer' | 'reader'): string | null => {
    if (facts === null || facts[kind] !== null) return null
    const absent = `the role ${publication[kind]} does not exist`
    if (!facts.session.makesRoles) return `${absent}, and ${me} may not make roles`
    return options[`${kind}Password`] === null ? `${absent}, and no password was given for it` : null
  }
  const actsAsWriter = facts?.writer?.assumable ?? facts?.session.makesRoles
  const made = facts?.database.writerCreates === false && facts.work.every(({ owner }) => owner === publication.writer)
  return {
    publication,
    facts,
    grants: grantsFor(publication, databaseName),
    withoutCreate: options.withoutCreate === true || made,
    missing,
    notWriter: missing('writer') ?? (actsAsWriter === false ? `${me} may not act as ${publication.writer}` : null),
    notOwner: facts?.database.owned === false ? `the database belongs to ${facts.database.owner}` : null,
    createsNoSchema: facts?.database.sessionCreates === false ? `${me} may not create schemas in the database` : null,
  }
}

function roleStep(kind: 'writer' | 'reader', { publication, facts, missing }: Situation): Draft {
  const name = publication[kind]
  const role = facts?.[kind] ?? null
  const draft = { part: 'roles', text: `The ${kind} ${name} exists and may log in.`, script: makeRole(name) } as const
  if (role === null) {
    const sql = `create role ${identifier(name)} login password ${PASSWORD_PLACEHOLDER}`
    return { ...draft, sql, done: false, obstacle: missing(kind), password: kind }
  }
  const obstacle = role.alterable ? null : `${facts?.session.name} may not alter ${name}`
  return { ...draft, sql: `alter role ${identifier(name)} login`, done: role.logsIn, obstacle }
}

function databaseSteps({ facts, grants, withoutCreate, missing, notOwner }: Situation): readonly Draft[] {
  const part = 'database'
  const database = facts?.database
  const readerExists = facts?.reader != null
  const onlyTemporary = database?.open.includes('CREATE') === false
  const note = 'only a note: it is about temporary tables, and a session that stays read-only creates none'
  return [
    {
      part,
      text: `The writer may connect${withoutCreate ? '' : ', and create the schema of the next version'}.`,
      sql: withoutCreate ? grants.writerConnects : grants.writerOnDatabase,
      done: facts?.writer != null && facts.database.writerConnects && (withoutCreate || facts.database.writerCreates),
      obstacle: notOwner ?? missing('writer'),
    },
    {
      part,
      text: 'The reader may connect.',
      sql: grants.readerOnDatabase,
      done: database?.readerConnects === true,
      obstacle: notOwner ?? missing('reader'),
    },
    {
      part,
      text: 'Nobody else creates schemas or temporary tables.',
      sql: grants.closeDatabase(readerExists),
      script: `${grants.closeDatabase()};`,
      done: database?.open.length === 0,
      obstacle: notOwner,
      note: onlyTemporary ? note : null,
    },
    {
      part,
      text: 'Nobody creates objects in the schema public by default.',
      sql: grants.closePublicSchema(readerExists),
      script: closePublicSchema(grants),
      done: facts?.publicSchema?.open !== true,
      obstacle: facts?.publicSchema?.owned === false ? 'the schema public belongs to another role' : null,
    },
  ]
}

/** The schema with the writer as its owner: made, or taken over from the role that made it. */
function publishedSchemaStep(situation: Situation): Draft {
  const { publication, facts, grants, withoutCreate, notWriter, notOwner, createsNoSchema } = situation
  const published = facts?.published ?? null
  const isWriter = facts?.session.name === publication.writer
  const draft = {
    part: 'schema',
    text: `The schema ${publication.schema} exists and belongs to the writer.`,
    script: makePublishedSchema(publication, grants, !withoutCreate),
    byOwner: withoutCreate && published === null,
    done: published?.owner === publication.writer,
  } as const
  if (published === null) {
    const creates = facts?.database.writerCreates === true ? null : notOwner
    const obstacle = notWriter ?? (withoutCreate ? createsNoSchema : creates)
    return { ...draft, sql: grants.createSchema, obstacle, ...(withoutCreate ? {} : { as: 'writer' }) }
  }
  const taken = published.owned ? null : `the schema belongs to ${published.owner}`
  // PostgreSQL asks the right to create schemas of the role that hands the schema over.
  const handsOver = isWriter && facts?.database.writerCreates === true ? null : notOwner
  return { ...draft, sql: grants.ownSchema, obstacle: notWriter ?? taken ?? handsOver }
}

/** What a run would create, made beforehand. A schema that holds something, or that somebody else made, is left alone. */
function makeSchemaStep(schema: SchemaToMake, { publication, facts, notWriter, createsNoSchema }: Situation): Draft {
  const { name, create, setMark } = schema
  const { owner = null, marked = false, empty = true } = facts?.work.find((found) => found.name === name) ?? {}
  const taken = owner === null || owner === publication.writer ? null : `the schema belongs to ${owner}`
  const filled = marked || empty ? null : 'it holds relations that are not ours'
  return {
    part: 'schema',
    text: `The schema ${name}, which the writer may not create, exists and belongs to it.`,
    sql: [owner === null ? create : null, setMark].filter((statement) => statement !== null).join('; '),
    script: makeSchema(schema),
    done: owner === publication.writer && marked,
    obstacle: notWriter ?? taken ?? filled ?? (owner === null ? createsNoSchema : null),
    byOwner: true,
  }
}

function schemaSteps(situation: Situation): readonly Draft[] {
  const { publication, facts, grants, withoutCreate, missing, notWriter } = situation
  const schema = publishedSchemaStep(situation)
  const unreadable = facts?.published?.unreadable ?? []
  const obstacle = notWriter ?? missing('reader') ?? (schema.done ? null : schema.obstacle)
  const draft = { part: 'schema', as: 'writer', obstacle } as const
  return [
    schema,
    ...(withoutCreate ? schemasToMake(publication).map((work) => makeSchemaStep(work, situation)) : []),
    {
      ...draft,
      text: 'The reader may look into the schema.',
      sql: grants.readerOnSchema,
      done: facts?.published?.readerUses === true,
    },
    {
      ...draft,
      text: 'The reader may read every table of the writer in it.',
      sql: grants.readerOnRelations(unreadable),
      script: asWriter(publication, openRelations(publication)),
      done: unreadable.length === 0,
    },
    {
      ...draft,
      text: 'Tables that the writer adds are readable by the reader.',
      sql: grants.readerByDefault,
      done: facts?.published?.defaultSelect === true,
    },
  ]
}

function settingsStep({ publication, facts, grants, missing }: Situation): Draft {
  const mayAlter = facts?.reader?.alterable !== false || facts.session.name === publication.reader
  return {
    part: 'settings',
    text: 'Sessions of the reader are read-only, limited in time, and look into the schema.',
    sql: grants.readerSettings.join(';\n'),
    done: facts?.settingsHold === true,
    obstacle: missing('reader') ?? (mayAlter ? null : `${facts?.session.name} may not alter ${publication.reader}`),
  }
}

function scripted(draft: Draft, { publication, facts }: Situation): ScriptedStep {
  const { part, text, sql, done, obstacle, as = 'session', password = null, note = null } = draft
  const owner = facts === null ? '' : ` (${facts.database.owner})`
  const by = {
    roles: 'a superuser, or a role that may make roles (CREATEROLE)',
    database: `the owner of the database${owner}, or a superuser`,
    schema: `${publication.writer}, or a superuser`,
    settings: `a superuser, a role with CREATEROLE, or ${publication.reader} itself`,
  }[draft.byOwner === true ? 'database' : part]
  const possible = done || obstacle === null
  const why = possible ? {} : { why: note === null ? obstacle : `${obstacle}; ${note}` }
  const script = draft.script ?? (as === 'writer' ? asWriter(publication, `${sql};`) : `${sql};`)
  return { part, text, sql, done, possible, ...why, by, as, password, optional: note !== null, script }
}

/** All steps, in the order in which they can be done. For a script, of which no database is known, `facts` is null. */
export function stepsFor(
  publication: Publication,
  databaseName: string,
  facts: Facts | null,
  options: ProvisionOptions,
): readonly ScriptedStep[] {
  const situation = situationOf(publication, databaseName, facts, options)
  return [
    roleStep('writer', situation),
    roleStep('reader', situation),
    ...databaseSteps(situation),
    ...schemaSteps(situation),
    settingsStep(situation),
  ].map((draft) => scripted(draft, situation))
}
