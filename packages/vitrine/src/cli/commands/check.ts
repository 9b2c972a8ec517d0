/** `check`: whether the publication is sound, and, where DATABASE_URL is set, whether the source is what it says. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { serverEncoding } from '../../catalogue/encoding.ts'
import { checkPublication } from '../../lineage/check.ts'
import type { CheckedColumn } from '../../lineage/findings.ts'
import type { Origin } from '../../lineage/origin.ts'
import { grammarNote } from '../../lineage/parse.ts'
import { type Publication, publishedRelations } from '../../publication/publication.ts'
import { scheduleProblems } from '../../schedule/due.ts'
import { requireNoDrift } from '../../source/drift.ts'
import { checkProjections } from '../../source/projection-types.ts'
import type { Call, Command } from '../command.ts'
import { type FailureProblem, problemText } from '../failure.ts'
import { reading } from '../sessions.ts'

export const check: Command = {
  name: 'check',
  summary: 'check the publication, and the source when DATABASE_URL is set',
  description:
    'Proves from the definitions that every published value is open or treated, and that names, keys and references hold. ' +
    'With DATABASE_URL it also compares the source with the register, and the types of the queries with the columns.',
  options: {
    '--lineage': 'print each published column with its source columns and their treatments',
  },
  examples: [
    { line: 'check', says: 'before each commit; it needs no database' },
    { line: 'check --lineage', says: 'what is published, and what becomes of personal data' },
  ],
  run,
}

/** What `check --json` prints. */
export interface CheckAnswer {
  readonly publication: string
  readonly schema: string
  readonly sourceCompared: boolean
  /** What is sound, and deserves a second look. */
  readonly warnings: readonly FailureProblem[]
  readonly tables: readonly {
    readonly name: string
    readonly comment: string
    readonly columns: readonly {
      readonly name: string
      readonly type: string
      readonly nullable: boolean
      readonly comment: string
      readonly lineage: readonly Origin[]
    }[]
  }[]
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  const { source } = call.settings({ source: 'optional' })
  const { columns, warnings } = await requireSoundAndDue(publication, call.io.clock.now())
  const told = warnings.map((warning) => problemText(warning, call.names))
  for (const { place, detail, remedy } of told) call.say(`warning: ${place}: ${detail} → ${remedy}`)
  if (source !== null) {
    await reading(call, 'source', source, async (session) => {
      await requireNoDrift(session, publication.source, publication.tables)
      await checkProjections(session, publication)
      const note = grammarNote(session.serverVersion)
      if (note !== null) call.say(`note: ${note}`)
      if ((await serverEncoding(session)) === 'SQL_ASCII')
        call.say('note: the encoding of the source is SQL_ASCII; texts that are no UTF-8 would stop a run')
    })
  }
  const answer = answerOf(publication, columns, told, source !== null)
  call.answer(answer, () => `${call.flag('lineage') ? lineageText(answer) : ''}${soundText(answer)}`)
  return 'ok'
}

/** Throws DEFINITION_INVALID with every problem, the schedule's included. */
async function requireSoundAndDue(publication: Publication, at: Date) {
  const { problems, ...found } = await checkPublication(publication)
  const zoneIsKnown = !problems.some(({ place }) => place === 'zone')
  // A zone that is not known is one problem: the pattern is looked at all the same, in another.
  const zone = zoneIsKnown ? publication.zone : 'UTC'
  const all = [...problems, ...scheduleProblems(publication.schedule, zone, at)]
  if (all.length === 0) return found
  const detail = all.length === 1 ? 'One problem.' : `${all.length} problems.`
  throw new VitrineError('DEFINITION_INVALID', { detail, problems: all })
}

function answerOf(
  publication: Publication,
  checked: readonly CheckedColumn[],
  warnings: CheckAnswer['warnings'],
  sourceCompared: boolean,
): CheckAnswer {
  const lineage = new Map(checked.map((entry) => [`${entry.table}.${entry.column}`, entry.lineage]))
  const tables = publishedRelations(publication).map((table) => ({
    name: table.name,
    comment: table.comment,
    columns: table.columns.map(({ name, type, isNullable, comment }) => ({
      name,
      type: type.name,
      nullable: isNullable,
      comment,
      lineage: lineage.get(`${table.name}.${name}`) ?? [],
    })),
  }))
  return { publication: publication.name, schema: publication.schema, sourceCompared, warnings, tables }
}

function soundText({ tables, sourceCompared }: CheckAnswer): string {
  const columns = tables.reduce((sum, table) => sum + table.columns.length, 0)
  const source = sourceCompared
    ? 'The source is what the register describes.'
    : 'The source was not compared: DATABASE_URL is not set.'
  return `The publication is sound: ${counted(tables.length, 'table')}, ${counted(columns, 'column')}.\n${source}\n`
}

/** One block per table, one line per column, its origins under it. */
function lineageText({ tables }: CheckAnswer): string {
  return tables
    .map(({ name, comment, columns }) => {
      const lines = columns.map((column) => {
        const type = `${column.type}${column.nullable ? '' : ' not null'}`
        const origins = column.lineage.length === 0 ? ['no source column'] : column.lineage.map(originText)
        return `  ${column.name} ${type}: ${column.comment}\n${origins.map((line) => `    ← ${line}`).join('\n')}`
      })
      return `${name}: ${comment}\n${lines.join('\n')}\n\n`
    })
    .join('')
}

function originText({ table, column, privacy, treatments }: Origin): string {
  const treated = treatments.map(({ name, detail }) => `${name} (${detail})`).join(', ')
  return `${table}.${column} [${privacy}] ${treated === '' ? 'as it is' : treated}`
}
