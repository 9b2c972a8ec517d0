/** `drop`: takes away what the tool made in the target, after showing it and being told to. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { applyDrop, type DropPlan, planDrop } from '../../run/drop.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { withWritableTarget } from '../sessions.ts'

export interface DropWords extends CommandWords {
  readonly options: Readonly<Record<'yes' | 'history', string>>
  readonly removes: (schema: string) => string
  readonly keeps: string
  readonly blocked: string
  readonly nothing: string
  readonly question: (schema: string) => string
  readonly historyQuestion: (days: number) => string
  readonly done: string
}

export const dropEnglish: DropWords = {
  summary: 'remove what the tool made in the target',
  description:
    'Removes the published tables, the views about them, the kept version and what runs left behind. The schema with its ' +
    'rights, the record of runs, the history, and everything that others made stay. Dashboards are empty until the next rebuild.',
  options: {
    yes: 'do it without asking',
    history: 'forget the recorded days of history tables too; they cannot be computed again',
  },
  examples: [
    { line: 'drop', says: 'see what would go, and be asked' },
    { line: 'drop --yes && vitrine rebuild', says: 'build the published schema anew; the history is back' },
    { line: 'drop --history', says: 'end the installation: export the history first' },
  ],
  removes: (schema) => `This removes from ${schema}:`,
  keeps: 'This stays:',
  blocked: 'In the way:',
  nothing: 'Nothing to remove.',
  question: (schema) => `Type the name of the schema (${schema}) to remove this: `,
  historyQuestion: (days) => `Type the number of recorded days (${days}) to forget them for ever: `,
  done: 'Removed.',
}

/** What `drop --json` prints. */
export interface DropAnswer {
  readonly removed: readonly string[]
  readonly kept: readonly string[]
}

export const defineDrop = (words: DropWords): Command =>
  defineCommand('drop', words, { yes: '--yes', history: '--history' }, (call) => drop(call, words))

async function drop(call: Call, words: DropWords): Promise<ExitName> {
  const publication = await call.publication()
  const { source, target } = call.settings(publication, { source: 'optional', target: 'required' })
  const plan = await withWritableTarget(call, publication, target, source, async (session) => {
    const planned = await planDrop({ session, publication }, { history: call.flag('history') })
    call.io.stderr.write(planText(planned, words))
    if (planned.steps.length > 0 && planned.blockers.length === 0) await confirm(call, planned, words)
    await applyDrop({ session, publication }, planned)
    return planned
  })
  const answer: DropAnswer = { removed: plan.steps.map(({ text }) => text), kept: plan.kept }
  call.answer(answer, () => `${plan.steps.length === 0 ? words.nothing : words.done}\n`)
  return 'ok'
}

async function confirm(call: Call, { publication, history, days }: DropPlan, words: DropWords): Promise<void> {
  if (call.flag('yes')) return
  const { schema } = publication
  const ask = async (question: string) => (call.io.ask === null ? null : await call.io.ask(question, call.signal))
  if ((await ask(words.question(schema)))?.trim() !== schema) throw new VitrineError('NOT_CONFIRMED', { place: schema })
  if (!history || days === 0) return
  if ((await ask(words.historyQuestion(days)))?.trim() !== String(days))
    throw new VitrineError('NOT_CONFIRMED', { place: schema })
}

function planText({ publication, steps, kept, blockers }: DropPlan, words: DropWords): string {
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`
  return [
    part(
      words.removes(publication.schema),
      steps.map(({ text }) => `- ${text}`),
    ),
    part(words.keeps, kept),
    part(
      words.blocked,
      blockers.map(({ place, detail }) => `! ${place}: ${detail}`),
    ),
  ].join('')
}
