/** `check`: whether the publication is sound, and, where DATABASE_URL is set, whether the source is what it says. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { type CheckedColumn, checkPublication } from '../../lineage/check.ts'
import type { Origin } from '../../lineage/origin.ts'
import type { Address } from '../../postgres/address.ts'
import { type Publication, publishedRelations } from '../../publication/publication.ts'
import type { PublishedTable } from '../../publication/table.ts'
import { scheduleProblems } from '../../schedule/due.ts'
import { requireNoDrift } from '../../source/drift.ts'
import { checkProjections } from '../../source/projection-types.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { counted } from '../language.ts'
import { withSession } from '../sessions.ts'

export interface CheckWords extends CommandWords {
  readonly options: Readonly<Record<'lineage', string>>
  readonly sound: (tables: number, columns: number) => string
  readonly sourceAgrees: string
  readonly sourceNotAsked: string
  readonly computed: string
  readonly untreated: string
}

export const checkEnglish: CheckWords = {
  summary: 'check the publication, and the source when DATABASE_URL is set',
  description:
    'Proves from the definitions that every published value is open or treated, and that names, keys and references hold. ' +
    'With DATABASE_URL it also compares the source with the register, and the types of the queries with the columns.',
  options: { lineage: 'print each published column with its source columns and their treatments' },
  examples: [
    { line: 'check', says: 'before each commit; it needs no database' },
    { line: 'check --lineage', says: 'what is published, and what becomes of personal data' },
  ],
  sound: (tables, columns) => `The publication is sound: ${counted(tables, 'table')}, ${counted(columns, 'column')}.`,
  sourceAgrees: 'The source is what the register describes.',
  sourceNotAsked: 'The source was not compared: DATABASE_URL is not set.',
  computed: 'no source column',
  untreated: 'as it is',
}

export const defineCheck = (words: CheckWords): Command =>
  defineCommand('check', words, { lineage: '--lineage' }, (call) => check(call, words))

/** What `check --json` prints. */
export interface CheckAnswer {
  readonly publication: string
  readonly schema: string
  readonly sourceCompared: boolean
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

async function check(call: Call, words: CheckWords): Promise<ExitName> {
  const publication = await call.publication()
  const { source } = call.settings(publication, { source: 'optional' })
  const lineage = requireSoundAndDue(publication, call.io.clock.now())
  if (source !== null) await compareSource(call, publication, source)
  const answer = answerOf(publication, lineage, source !== null)
  call.answer(answer, () => checkText(answer, call, words))
  return 'ok'
}

/** Throws DEFINITION_INVALID with every problem, the schedule's included. */
function requireSoundAndDue(publication: Publication, at: Date): readonly CheckedColumn[] {
  const { problems, columns } = checkPublication(publication)
  const zoneIsKnown = !problems.some(({ place }) => place === 'zone')
  // A zone that is not known is one problem: the pattern is looked at all the same, in another.
  const zone = zoneIsKnown ? publication.zone : 'UTC'
  const all = [...problems, ...scheduleProblems(publication.schedule, zone, at)]
  if (all.length === 0) return columns
  const detail = all.length === 1 ? 'One problem.' : `${all.length} problems.`
  throw new VitrineError('DEFINITION_INVALID', { detail, problems: all })
}

async function compareSource(call: Call, publication: Publication, address: Address): Promise<void> {
  await withSession(call, publication, { side: 'source', address, readOnly: true }, async (session) => {
    await requireNoDrift(session, publication.source, publication.tables)
    await checkProjections(session, publication)
  })
}

function answerOf(publication: Publication, checked: readonly CheckedColumn[], sourceCompared: boolean): CheckAnswer {
  const lineage = new Map(checked.map((entry) => [`${entry.table}.${entry.column}`, entry.lineage]))
  const describe = (table: PublishedTable) => ({
    name: table.name,
    comment: table.comment,
    columns: table.columns.map(({ name, type, isNullable, comment }) => ({
      name,
      type: type.name,
      nullable: isNullable,
      comment,
      lineage: lineage.get(`${table.name}.${name}`) ?? [],
    })),
  })
  const { name, schema } = publication
  return { publication: name, schema, sourceCompared, tables: publishedRelations(publication).map(describe) }
}

function checkText(answer: CheckAnswer, call: Call, words: CheckWords): string {
  const columns = answer.tables.reduce((sum, table) => sum + table.columns.length, 0)
  const lines = [
    words.sound(answer.tables.length, columns),
    answer.sourceCompared ? words.sourceAgrees : words.sourceNotAsked,
  ]
  const dictionary = call.flag('lineage') ? lineageText(answer, words) : ''
  return `${dictionary}${lines.join('\n')}\n`
}

/** One block a table, one line a column, its origins under it. */
function lineageText({ tables }: CheckAnswer, words: CheckWords): string {
  return tables
    .map(({ name, comment, columns }) => {
      const lines = columns.map((column) => {
        const type = `${column.type}${column.nullable ? '' : ' not null'}`
        const origins = column.lineage.length === 0 ? [words.computed] : column.lineage.map((o) => originText(o, words))
        return `  ${column.name} ${type}: ${column.comment}\n${origins.map((line) => `    ← ${line}`).join('\n')}`
      })
      return `${name}: ${comment}\n${lines.join('\n')}\n\n`
    })
    .join('')
}

function originText({ table, column, privacy, treatments }: Origin, words: CheckWords): string {
  const treated = treatments.map(({ name, detail }) => `${name} (${detail})`).join(', ')
  return `${table}.${column} [${privacy}] ${treated === '' ? words.untreated : treated}`
}
