/**
 * The steps of provision: what a publication needs of roles and rights, each with whether the target has it already and
 * whether the session's role may do it. Pure: `provision.ts` reads the target, and executes.
 */
import type { Secret } from '../base/secret.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier } from '../publication/shape.ts'
import { type RightStatements, rightStatements } from './grant.ts'
import type { Rights } from './privilege.ts'
import { mayActAs, mayAlter, type Role, type Roles } from './role.ts'

/** The passwords given to roles that have to be made; one that is null leaves its role to somebody else. */
export interface ProvisionOptions {
  readonly readerPassword: Secret | null
  readonly writerPassword: Secret | null
}

/** The steps of one part need the same rights of whoever does them. */
export type ProvisionPart = 'roles' | 'database' | 'schema' | 'settings'

export interface ProvisionStep {
  readonly part: ProvisionPart
  readonly text: string
  /** Statements separated by semicolons. A password stands as `'<password>'`. */
  readonly sql: string
  readonly done: boolean
  /** The session's role may do it, once the possible steps before it are done. */
  readonly possible: boolean
  /** Why it is not possible. */
  readonly why?: string
  /** Who may do it. */
  readonly by: string
  /** Whom the statement must run as: what the writer makes belongs to it. */
  readonly as: 'session' | 'writer'
  /** Whose password stands in the statement. */
  readonly password: 'writer' | 'reader' | null
}

/** Stands for a password in every statement that is shown. */
export const PASSWORD_PLACEHOLDER = "'<password>'"

/** What was read from the target. */
export interface Found {
  readonly roles: Roles
  readonly rights: Rights
  readonly settingsHold: boolean
}

/** Everything that the steps are decided by, and what will be there once the possible ones are done. */
class Situation {
  readonly publication: Publication
  readonly options: ProvisionOptions
  readonly roles: Roles
  readonly rights: Rights
  readonly settingsHold: boolean
  readonly sql: RightStatements
  readonly actsAsWriter: boolean

  constructor(publication: Publication, options: ProvisionOptions, found: Found) {
    this.publication = publication
    this.options = options
    this.roles = found.roles
    this.rights = found.rights
    this.settingsHold = found.settingsHold
    this.sql = rightStatements(publication, found.rights.database.name)
    this.actsAsWriter = mayActAs(found.roles, found.roles.writer)
  }

  mayAlter(role: Role | null): boolean {
    return mayAlter(this.roles, role)
  }

  /** Why a role is not there after the possible steps, or null when it is. */
  missing(kind: 'writer' | 'reader'): string | null {
    if (this.roles[kind] !== null) return null
    const name = this.publication[kind]
    if (!this.mayAlter(null))
      return `the role ${name} does not exist, and ${this.roles.session.name} may not make roles`
    return this.options[`${kind}Password`] === null
      ? `the role ${name} does not exist, and no password was given for it`
      : null
  }

  get missingRole(): string | null {
    return this.missing('writer') ?? this.missing('reader')
  }

  get cannotActAsWriter(): string | null {
    return this.actsAsWriter ? null : `${this.roles.session.name} may not act as ${this.publication.writer}`
  }

  get cannotActAsOwner(): string | null {
    const { owned, owner } = this.rights.database
    return owned ? null : `the database belongs to ${owner}`
  }
}

interface Facts {
  readonly part: ProvisionPart
  readonly text: string
  readonly sql: string
  readonly done: boolean
  readonly obstacle: string | null
  readonly as?: 'writer'
  readonly password?: 'writer' | 'reader'
}

function step(facts: Facts, { publication, rights }: Situation): ProvisionStep {
  const { part, text, sql, done, obstacle, as = 'session', password = null } = facts
  const by: Readonly<Record<ProvisionPart, string>> = {
    roles: 'a superuser, or a role that may make roles (CREATEROLE)',
    database: `the owner of the database (${rights.database.owner}), or a superuser`,
    schema: `${publication.writer}, or a superuser`,
    settings: `a superuser, a role with CREATEROLE, or ${publication.reader} itself`,
  }
  const possible = done || obstacle === null
  const why = possible ? {} : { why: obstacle ?? '' }
  return Object.freeze({ part, text, sql, done, possible, ...why, by: by[part], as, password })
}

function roleStep(kind: 'writer' | 'reader', situation: Situation): ProvisionStep {
  const name = situation.publication[kind]
  const role = situation.roles[kind]
  const text = `The ${kind} ${name} exists and may log in.`
  const facts = { part: 'roles', text, done: role?.logsIn === true } as const
  if (role === null) {
    const sql = `create role ${identifier(name)} login password ${PASSWORD_PLACEHOLDER}`
    return step({ ...facts, sql, password: kind, obstacle: situation.missing(kind) }, situation)
  }
  const obstacle = situation.mayAlter(role) ? null : `${situation.roles.session.name} may not alter ${name}`
  return step({ ...facts, sql: `alter role ${identifier(name)} login`, obstacle }, situation)
}

function databaseSteps(situation: Situation): readonly ProvisionStep[] {
  const { publication, rights, sql, cannotActAsOwner } = situation
  const { database, publicSchema } = rights
  // A role that is about to be made has no right of its own that could be taken away.
  const known = situation.roles.reader === null ? [] : [publication.reader]
  const facts = [
    {
      text: 'The writer may connect, and create the schema of the next version.',
      sql: sql.writerOnDatabase,
      done: database.writerConnects && database.writerCreates && situation.roles.writer !== null,
      obstacle: cannotActAsOwner ?? situation.missing('writer'),
    },
    {
      text: 'The reader may connect.',
      sql: sql.readerOnDatabase,
      done: database.readerConnects,
      obstacle: cannotActAsOwner ?? situation.missing('reader'),
    },
    {
      text: 'Nobody else creates schemas or temporary tables.',
      sql: sql.closeDatabase(known),
      done: !database.exposed,
      obstacle: cannotActAsOwner,
    },
    {
      text: 'Nobody creates objects in the schema public by default.',
      sql: sql.closePublicSchema(known),
      done: publicSchema?.exposed !== true,
      obstacle: publicSchema?.owned === false ? 'the schema public belongs to another role' : null,
    },
  ]
  return facts.map((fact) => step({ part: 'database', ...fact }, situation))
}

/** The schema with the writer as its owner: made, or taken over from the role that made it. */
function ownershipStep(situation: Situation): ProvisionStep {
  const { publication, rights, roles, sql } = situation
  const { published, database } = rights
  const text = `The schema ${publication.schema} exists and belongs to the writer.`
  const facts = { part: 'schema', text, done: published?.owner === publication.writer } as const
  const mayCreate = database.writerCreates ? null : situation.cannotActAsOwner
  const before = situation.missing('writer') ?? situation.cannotActAsWriter
  if (published === null) {
    return step({ ...facts, sql: sql.createSchema, as: 'writer', obstacle: before ?? mayCreate }, situation)
  }
  const owned = published.owned ? null : `the schema belongs to ${published.owner}`
  // PostgreSQL asks the right to create schemas of the role that gives the schema away.
  const creates = database.owned || (roles.session.name === publication.writer && database.writerCreates)
  const gives = creates ? null : situation.cannotActAsOwner
  return step({ ...facts, sql: sql.ownSchema, obstacle: before ?? owned ?? gives }, situation)
}

function schemaSteps(situation: Situation): readonly ProvisionStep[] {
  const { rights, sql } = situation
  const { published } = rights
  const ownership = ownershipStep(situation)
  const obstacle = situation.missingRole ?? situation.cannotActAsWriter ?? ownership.why ?? null
  const unreadable = published?.unreadable ?? []
  const facts = [
    {
      text: 'The reader may look into the schema.',
      sql: sql.readerOnSchema,
      done: published?.readerUses === true,
    },
    {
      text: 'The reader may read every table of the writer in it.',
      sql: sql.readerOnRelations(unreadable),
      done: unreadable.length === 0,
    },
    {
      text: 'Tables that the writer adds are readable by the reader.',
      sql: sql.readerByDefault,
      done: published?.defaultSelect === true,
    },
  ]
  return [ownership, ...facts.map((fact) => step({ part: 'schema', as: 'writer', obstacle, ...fact }, situation))]
}

function settingsStep(situation: Situation): ProvisionStep {
  const { publication, roles, sql } = situation
  const mayAlterReader = situation.mayAlter(roles.reader) || roles.session.name === publication.reader
  const refused = mayAlterReader ? null : `${roles.session.name} may not alter ${publication.reader}`
  return step(
    {
      part: 'settings',
      text: 'Sessions of the reader are read-only, limited in time, and look into the schema.',
      sql: sql.readerSettings.join(';\n'),
      done: situation.settingsHold,
      obstacle: situation.missing('reader') ?? refused,
    },
    situation,
  )
}

/** All steps, in the order in which they can be done. */
export function provisionSteps(
  publication: Publication,
  options: ProvisionOptions,
  found: Found,
): readonly ProvisionStep[] {
  const situation = new Situation(publication, options, found)
  return Object.freeze([
    roleStep('writer', situation),
    roleStep('reader', situation),
    ...databaseSteps(situation),
    ...schemaSteps(situation),
    settingsStep(situation),
  ])
}
