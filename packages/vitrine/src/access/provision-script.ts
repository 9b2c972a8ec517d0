/**
 * Provision as a script, for those who may not connect from here: a person pastes it into psql or into the console of a
 * managed PostgreSQL. It is made from the same steps as the plan, may be run again, and needs no connection to be written.
 */
import type { Publication } from '../publication/publication.ts'
import { literal } from '../sql/quote.ts'
import { sourceRightsOf, sourceSteps, unfitness } from './source-step.ts'
import { asWriter, makeRole, membership, onlyInDatabase, when } from './statement.ts'
import { type Step, stepsFor } from './step.ts'

/** A name with a line break would end the comment and become SQL. */
const comment = (text: string): string => `-- ${text.replaceAll(/\s+/g, ' ')}`

/** The step, guarded by its condition. A `do` block cannot be nested, and checks the condition itself. */
function scripted({ text, done, sql, as, password }: Step, publication: Publication): string {
  const guarded = sql.startsWith('do ') ? `${sql};` : when(`(${done}) is not true`, sql)
  const statement = password === null ? guarded : makeRole(password)
  return `${comment(text)}\n${as === 'writer' ? asWriter(publication, statement) : statement}`
}

/**
 * The complete script for one database. It holds no password, and changes no role that exists and may log in. With
 * `withoutCreate` the writer is not granted the right to create schemas, and finds those that it needs.
 */
export function provisionSql(publication: Publication, database: string, withoutCreate = false): string {
  const { writer, reader, name } = publication
  const head = [
    `Roles and rights of the publication ${name} in the database ${database}. Connect to that database.`,
    'The script may be run again: what is there already stays. Each part says who may run it; a superuser may run all.',
    `Where the provider makes the roles, make ${writer} and ${reader} there first: part 1 then does nothing.`,
    'A quote in a password is doubled. To keep a password out of the log of the server, make the role with psql: create role … login, then \\password …',
    `The parts about schemas need membership in ${writer}. They grant it where it can be granted, and revoke it at the end.`,
  ]
  return scriptOf(publication, database, head, stepsFor(publication, { database, owner: null, withoutCreate }))
}

/** The script for the source. It holds no password, and refuses a role that somebody else uses. */
export async function sourceSql(publication: Publication, role: string, database: string): Promise<string> {
  const wanted = await sourceRightsOf(publication, role)
  const head = [
    `The role ${role} that reads the source of the publication ${publication.name} in the database ${database}. Connect to that database.`,
    'The script may be run again: what is there already stays, and rights that are too many are revoked. A superuser may run all.',
    'To keep a password out of the log of the server, make the role with psql: create role … login, then \\password …',
    `Row security stays as it is: whether ${role} may pass it by (alter role … bypassrls) is for an administrator to decide.`,
  ]
  const unfit = literal(`${role} is not a role for reading alone: it owns, may write or has attributes`)
  const guard = when(`exists (${unfitness(wanted)})`, `raise exception '%', ${unfit}`)
  return scriptOf(publication, database, head, sourceSteps(wanted, database), guard)
}

function scriptOf(
  publication: Publication,
  database: string,
  head: readonly string[],
  all: readonly Step[],
  ...guards: readonly string[]
): string {
  const { borrow, giveBack } = membership(publication)
  const keyOf = ({ part, by }: Step) => `${part} ${by}`
  const texts = [...new Set(all.map(keyOf))].map((key, index) => {
    const steps = all.filter((step) => keyOf(step) === key)
    const statements = steps.map((step) => scripted(step, publication))
    return [
      comment(`${index + 1}. By ${steps[0]?.by}.`),
      // One transaction: a role without the rights changes nothing.
      'begin;',
      onlyInDatabase(database),
      ...guards,
      ...(steps[0]?.part === 'schema' ? [borrow, ...statements, giveBack] : statements),
      'commit;',
    ].join('\n')
  })
  return `${[head.map(comment).join('\n'), ...texts].join('\n\n')}\n`
}
