/**
 * What the steps of provision are decided by: the publication, what was found on the target, what the session's role may do.
 * And what a step is. Pure; used by `provision-steps.ts` and `provision-schemas.ts`.
 */
import type { Secret } from '../base/secret.ts'
import type { Publication } from '../publication/publication.ts'
import { type RightStatements, rightStatements } from './grant.ts'
import type { Rights } from './privilege.ts'
import { mayActAs, mayAlter, type Role, type Roles } from './role.ts'

/** The passwords given to roles that have to be made; one that is null leaves its role to somebody else. */
export interface ProvisionOptions {
  readonly readerPassword: Secret | null
  readonly writerPassword: Secret | null
  /**
   * The writer gets no right to create schemas: all that it needs are made now, and tables are moved between them. Taken for
   * granted where the target is already set up like that; it takes no right away.
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
export class Situation {
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

  /** Whether the writer is to do, or does already, with schemas that were made for it. */
  get withoutCreate(): boolean {
    const { database, work } = this.rights
    const given = work.filter(({ owner }) => owner === this.publication.writer).length === work.length
    return this.options.withoutCreate === true || (given && !database.writerCreates)
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

  get cannotCreate(): string | null {
    const { name } = this.roles.session
    return this.rights.database.sessionCreates ? null : `${name} may not create schemas in the database`
  }
}

export interface Facts {
  readonly part: ProvisionPart
  readonly text: string
  readonly sql: string
  readonly done: boolean
  readonly obstacle: string | null
  readonly as?: 'writer'
  readonly password?: 'writer' | 'reader'
  /** Who may do it, where that is not said by the part. */
  readonly by?: string
}

export const ownerOfDatabase = ({ rights }: Situation): string =>
  `the owner of the database (${rights.database.owner}), or a superuser`

export function step(facts: Facts, situation: Situation): ProvisionStep {
  const { publication } = situation
  const { part, text, sql, done, obstacle, as = 'session', password = null } = facts
  const byPart: Readonly<Record<ProvisionPart, string>> = {
    roles: 'a superuser, or a role that may make roles (CREATEROLE)',
    database: ownerOfDatabase(situation),
    schema: `${publication.writer}, or a superuser`,
    settings: `a superuser, a role with CREATEROLE, or ${publication.reader} itself`,
  }
  const possible = done || obstacle === null
  const why = possible ? {} : { why: obstacle ?? '' }
  return Object.freeze({ part, text, sql, done, possible, ...why, by: facts.by ?? byPart[part], as, password })
}
