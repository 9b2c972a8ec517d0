/** `check`: whether the publication is sound, and, where DATABASE_URL is set, whether the source is what it says. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { serverEncoding } from '../../catalogue/encoding.ts'
import { type CheckedDashboards, checkDashboards } from '../../dashboards/dashboard-check.ts'
import { mbqlOf } from '../../dashboards/mbql.ts'
import { textsIn } from '../../dictionary/dictionary-texts.ts'
import { wordingOf } from '../../dictionary/wording.ts'
import type { Findings } from '../../lineage/findings.ts'
import type { Origin } from '../../lineage/origin.ts'
import { grammarNote } from '../../lineage/parse.ts'
import { checkPublication } from '../../lineage/publication-check.ts'
import { type Query, questionsOf } from '../../publication/dashboard.ts'
import { type Publication, publishedRelations } from '../../publication/publication.ts'
import { scheduleProblems } from '../../schedule/due.ts'
import { requireNoDrift } from '../../source/drift.ts'
import { checkProjections } from '../../source/projection-types.ts'
import type { Call, Command } from '../command.ts'
import { type FailureProblem, problemText } from '../failure.ts'
import { reading } from '../sessions.ts'

export const checkCommand: Command = {
  name: 'check',
  summary: 'check the publication, and the source when DATABASE_URL is set',
  description:
    'Proves from the definitions that every published value is open or treated, that names, keys and references hold, and ' +
    'that the questions of the dashboards ask for what is published and show it honestly; warns of what deserves a second look. ' +
    'With DATABASE_URL it also compares the source with the register, and the types of the queries with the columns.',
  options: {
    '--lineage': 'print each published column with its source columns and their treatments',
    '--dashboards':
      'print the dashboards, their questions, the published columns that each reads, and why one is SQL in Metabase',
  },
  examples: [
    { line: 'check', says: 'before each commit; it needs no database' },
    { line: 'check --lineage', says: 'what is published, and what becomes of personal data' },
    { line: 'check --dashboards', says: 'which questions a change of a column concerns' },
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
  readonly dashboards: readonly {
    readonly key: string
    readonly title: string
    readonly questions: readonly {
      readonly key: string
      readonly title: string
      readonly display: string
      /** Why it is SQL in Metabase; null where people can drill into it there. */
      readonly sql: string | null
      /** `table.column`. */
      readonly reads: readonly string[]
    }[]
  }[]
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  const { source } = call.settings({ source: 'optional' })
  const checked = await requireSoundAndDue(publication, call.io.clock.now())
  const warnings = checked.warnings.map((warning) => problemText(warning, call.names))
  for (const { place, detail, remedy } of warnings) call.say(`warning: ${place}: ${detail} → ${remedy}`)
  if (source !== null) {
    await reading(call, 'source', source, async (session) => {
      const passing = await requireNoDrift(session, publication.source, publication.tables, checked.columns)
      for (const { place, detail, remedy } of passing.map((problem) => problemText(problem, call.names)))
        call.say(`warning: ${place}: ${detail} → ${remedy}`)
      await checkProjections(session, publication)
      const note = grammarNote(session.serverVersion)
      if (note !== null) call.say(`note: ${note}`)
      if ((await serverEncoding(session)) === 'SQL_ASCII')
        call.say('note: the encoding of the source is SQL_ASCII; texts that are no UTF-8 would stop a run')
    })
  }
  const answer = { ...answerOf(publication, checked, source !== null), warnings }
  const lists = () => [
    ...(call.flag('lineage') ? [lineageText(answer)] : []),
    ...(call.flag('dashboards') ? [dashboardsText(answer)] : []),
  ]
  call.answer(answer, () => `${lists().join('')}${soundText(answer)}`)
  return 'ok'
}

type Checked = Pick<Findings, 'columns' | 'warnings'> & Pick<CheckedDashboards, 'reads'>

/** Throws DEFINITION_INVALID with every problem, those of the schedule and of the dashboards included. */
async function requireSoundAndDue(publication: Publication, at: Date): Promise<Checked> {
  const { problems, ...found } = await checkPublication(publication)
  const dashboards = await checkDashboards(publication)
  const due = scheduleProblems(publication.schedule, publication.zone, at)
  const all = [...problems, ...due, ...dashboards.problems]
  if (all.length === 0) return { ...found, reads: dashboards.reads }
  const detail = all.length === 1 ? 'One problem.' : `${all.length} problems.`
  throw new VitrineError('DEFINITION_INVALID', { detail, problems: all })
}

function answerOf(
  publication: Publication,
  { columns, reads }: Checked,
  sourceCompared: boolean,
): Omit<CheckAnswer, 'warnings'> {
  const lineage = new Map(columns.map((entry) => [`${entry.table}.${entry.column}`, entry.lineage]))
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
  const dashboards = publication.dashboards.map((dashboard) => ({
    key: dashboard.key,
    title: dashboard.title,
    questions: questionsOf([dashboard]).map(({ key, title, display, query }) => ({
      key,
      title,
      display: display.kind,
      sql: sqlReason(query, publication),
      reads: [...(reads.get(key) ?? [])].flatMap(([table, names]) => [...names].map((name) => `${table}.${name}`)),
    })),
  }))
  return { publication: publication.name, schema: publication.schema, sourceCompared, tables, dashboards }
}

function sqlReason(query: Query, publication: Publication): string | null {
  const mbql = mbqlOf(query, publication)
  return 'reason' in mbql ? mbql.reason : null
}

function soundText({ tables, dashboards, sourceCompared }: CheckAnswer): string {
  const columns = tables.reduce((sum, table) => sum + table.columns.length, 0)
  const source = sourceCompared
    ? 'The source is what the register describes.'
    : 'The source was not compared: DATABASE_URL is not set.'
  const questions = new Set(dashboards.flatMap((dashboard) => dashboard.questions.map(({ key }) => key))).size
  const shown =
    dashboards.length === 0 ? '' : `, ${counted(dashboards.length, 'dashboard')}, ${counted(questions, 'question')}`
  return `The publication is sound: ${counted(tables.length, 'table')}, ${counted(columns, 'column')}${shown}.\n${source}\n`
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

/** One block per dashboard, one line per question, what it reads under it. */
const dashboardsText = ({ dashboards }: CheckAnswer): string =>
  dashboards
    .map(({ key, title, questions }) => {
      const lines = questions.map(
        ({ key, display, title, sql, reads }) =>
          `  ${key} (${display}): ${title}\n    ← ${reads.join(', ')}${sql === null ? '' : `\n    SQL in Metabase: ${sql}`}`,
      )
      return `${key}: ${title}\n${lines.join('\n')}\n\n`
    })
    .join('')

const { treatments: treatmentsText } = wordingOf(textsIn('en'))

function originText({ table, column, privacy, treatments }: Origin): string {
  const reasons = treatments.flatMap(({ reason }) => reason ?? [])
  return `${table}.${column} [${privacy}] ${[treatmentsText(treatments), ...reasons].join(': ')}`
}
