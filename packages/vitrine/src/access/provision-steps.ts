/**
 * The steps of provision: what a publication needs of roles and rights, each with whether the target has it already and
 * whether the session's role may do it. Pure: `provision.ts` reads the target, and executes.
 */

import type { Publication } from '../publication/publication.ts'
import { identifier } from '../sql/quote.ts'
import { schemaSteps } from './provision-schemas.ts'
import {
  type Found,
  PASSWORD_PLACEHOLDER,
  type ProvisionOptions,
  type ProvisionStep,
  Situation,
  step,
} from './provision-situation.ts'

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
    situation.withoutCreate
      ? {
          text: 'The writer may connect.',
          sql: sql.writerConnects,
          done: database.writerConnects && situation.roles.writer !== null,
          obstacle: cannotActAsOwner ?? situation.missing('writer'),
        }
      : {
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
