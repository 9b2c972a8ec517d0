/** One run as people read it: what came of it, its phases as a bar, its tables, what was unknown, its size over the weeks. */
import { command } from '../base/remedy.ts'
import type { Inline, PageCell, Part } from '../dictionary/page.ts'
import { cell, heading, paragraph } from '../dictionary/wording.ts'
import type { HtmlEscapedString } from '../drawing/html.ts'
import { html } from '../drawing/html.ts'
import type { Publication } from '../publication/publication.ts'
import type { FigureWarning } from '../record/outcome.ts'
import { PHASES, type Phase, type RunRecord, type TableOutcome } from '../record/runs.ts'
import { failureParts } from './failure-text.ts'
import { reasonNames } from './missing-figure.ts'
import type { PlaceText } from './place-texts.ts'
import { rowTotal, type SeenRun } from './seen-run.ts'
import { type Telling, table } from './telling.ts'

const PHASE_TEXTS: Readonly<Record<Phase, PlaceText>> = {
  check: 'phaseCheck',
  snapshot: 'phaseSnapshot',
  stage: 'phaseStage',
  verify: 'phaseVerify',
  publish: 'phasePublish',
  describe: 'phaseDescribe',
  record: 'phaseRecord',
}
const TRIGGERS: Readonly<Record<RunRecord['trigger'], PlaceText>> = {
  command: 'byCommand',
  schedule: 'bySchedule',
  follow: 'byFollow',
  rollback: 'byRollback',
}

export const triggerText = ({ trigger }: RunRecord, { say }: Telling): string => say(TRIGGERS[trigger])

/** How it came out, in words. */
export function outcomeMark({ run, goes }: Pick<SeenRun, 'run' | 'goes'>, { mark }: Telling): Inline {
  if (goes && run.state === 'running') return mark('moving', 'outcomeGoes')
  if (run.state === 'succeeded')
    return run.publishedAt === null ? mark(null, 'outcomeRehearsed') : mark('good', 'outcomePublished')
  return run.state === 'failed' && run.errorCode !== 'INTERRUPTED'
    ? mark('bad', 'outcomeFailed')
    : mark('bad', 'outcomeCut')
}

/** So far, for one that goes. */
export const lastedMs = ({ run, goes, now }: SeenRun): number | null => {
  const end = goes ? now : run.finishedAt
  return end === null ? null : end.getTime() - run.startedAt.getTime()
}

/** What is another than in the run before it. */
export function definitionChanges({ run, before }: SeenRun, { say }: Telling): readonly string[] {
  if (before === null) return []
  return [
    ...(run.fingerprint === before.fingerprint ? [] : [say('definitionChanged')]),
    ...(run.toolVersion === before.toolVersion ? [] : [say('toolChanged', before.toolVersion, run.toolVersion)]),
  ]
}

/** The bar of the phases: as long as each took, or as they come while nobody knows yet. */
function phaseBar({ run, goes }: SeenRun, telling: Telling): HtmlEscapedString {
  const { say, time } = telling
  const reached = PHASES.indexOf(run.phase)
  const isDone = run.state === 'succeeded'
  const total = PHASES.reduce((sum, phase) => sum + (run.phases[phase] ?? 0), 0)
  let x = 0
  const segments = PHASES.map((phase, index) => {
    const took = run.phases[phase]
    const width = total > 0 ? 4 + ((took ?? 0) / total) * (1000 - 4 * PHASES.length) : 1000 / PHASES.length
    const stop = goes ? 'v-active' : 'v-stopped'
    const state = isDone || index < reached ? 'v-passed' : index === reached ? stop : 'v-waiting'
    x += width
    return { phase, took, state, x: x - width, width }
  })
  const told = segments.map(({ phase, took, state }) => {
    const stands = !goes && state === 'v-waiting' ? 'stateNever' : (STANDS[state] ?? 'stateWaiting')
    const says = took === undefined ? say(stands) : time(took)
    return { name: say(PHASE_TEXTS[phase]), says, state }
  })
  return html`<figure class="v-run" role="group" aria-label="${say('phases')}"><svg role="img" viewBox="0 0 1000 20" preserveAspectRatio="none" height="20" aria-label="${told.map(({ name, says }) => `${name} : ${says}`).join(', ')}">${segments.map(
    ({ state, x: at, width }) =>
      html`<rect class="${state}" x="${at.toFixed(1)}" width="${Math.max(width - 2, 1).toFixed(1)}" height="20"/>`,
  )}</svg><ol>${told.map(({ name, says, state }) => html`<li class="${state}"><span>${name}</span> <b>${says}</b></li>`)}</ol></figure>`
}

const STANDS: Readonly<Record<string, PlaceText>> = {
  'v-passed': 'statePassed',
  'v-active': 'stateActive',
  'v-stopped': 'stateStopped',
  'v-waiting': 'stateWaiting',
}

/** All of it; grows while the run goes. */
export function runContent(seen: SeenRun, publication: Publication, telling: Telling): HtmlEscapedString {
  const { run, goes } = seen
  const { say, when, time, number } = telling
  const failed = run.state !== 'succeeded' && !goes
  const facts: readonly (readonly PageCell[])[] = [
    [cell(say('outcome')), cell(outcomeMark(seen, telling))],
    [cell(say('started')), cell(when(run.startedAt))],
    [cell(say('lasted')), cell(time(lastedMs(seen)))],
    [cell(say('startedBy')), cell(triggerText(run, telling))],
    ...(run.dataOf === null ? [] : [[cell(say('data')), cell(when(run.dataOf))]]),
    ...(run.tables.length === 0 ? [] : [[cell(say('rows')), cell(number(rowTotal(run)))]]),
    ...definitionChanges(seen, telling).map((text) => [cell(say('changed')), cell(text)]),
    ...(run.snapshotMilliseconds === null ? [] : [[cell(say('held')), cell(time(run.snapshotMilliseconds))]]),
  ]
  return html`${failed ? telling.html(failedParts(run, telling)) : ''}
${phaseBar(seen, telling)}
${telling.html([table(say('run', run.id), [say('fact'), say('what')], facts), ...tablesParts(run, publication, telling)])}`
}

function failedParts(run: RunRecord, telling: Telling): readonly Part[] {
  const { say } = telling
  return [
    heading(2, 'to-do', say('toDo')),
    paragraph(say('previousStays')),
    ...failureParts(
      run.errorCode ?? 'INTERRUPTED',
      run.errorPlace,
      [command('runs', String(run.id)), command(run.trigger === 'rollback' ? 'rollback' : 'sync')],
      telling,
    ),
  ]
}

function tablesParts({ tables, publishedAt }: RunRecord, publication: Publication, telling: Telling): readonly Part[] {
  if (tables.length === 0) return publishedAt === null ? [] : [paragraph(telling.say('noTables'))]
  const { say, number, time } = telling
  const names = publication.tables.map(({ name }) => name)
  const ordered = tables.toSorted((a, b) => names.indexOf(a.table) - names.indexOf(b.table))
  const titles = ([...TABLE_TITLES] as const).map((key) => say(key))
  const rows = ordered.map(({ table: name, rows: count, added, changed, removed, carried, milliseconds }) => [
    cell({ code: name, to: `table/${encodeURIComponent(name)}` }),
    ...[count, added, changed, removed].map((value) => cell(number(value))),
    cell(carried ? say('carried') : time(milliseconds)),
  ])
  return [
    heading(2, 'tables', say('tables')),
    table(say('tables'), titles, rows),
    ...unknownParts(ordered, publication, telling),
    ...warningParts(ordered, telling),
  ]
}
const TABLE_TITLES = [
  'tableTitle',
  'rows',
  'added',
  'changedRows',
  'removed',
  'lasted',
] as const satisfies readonly PlaceText[]

/** What is unknown and why, and what was suppressed. */
function unknownParts(
  tables: readonly TableOutcome[],
  publication: Publication,
  { say, number }: Telling,
): readonly Part[] {
  const nameOf = reasonNames(publication)
  const rows = tables.flatMap(({ table: name, unknown, suppressed }) => [
    ...Object.entries(unknown)
      .toSorted(([, a], [, b]) => b - a)
      .map(([reason, count]) => [cell({ code: name }), cell(nameOf(reason)), cell(number(count))]),
    ...((suppressed?.rows ?? 0) === 0
      ? []
      : [[cell({ code: name }), cell(say('suppressed')), cell(number(suppressed?.rows ?? 0))]]),
  ])
  if (rows.length === 0) return []
  return [
    heading(2, 'unknown', say('unknown')),
    paragraph(say('unknownSays')),
    table(say('unknown'), [say('tableTitle'), say('why'), say('rows')], rows),
  ]
}

function warningParts(tables: readonly TableOutcome[], telling: Telling): readonly Part[] {
  const { say } = telling
  const lines = tables.flatMap(({ table: name, warnings }) =>
    warnings.map((warning) => [{ code: `${name}.${warning.column}` }, ` – ${warningText(warning, telling)}`]),
  )
  return lines.length === 0
    ? []
    : [heading(2, 'warnings', say('moved')), paragraph(say('movedSays')), { kind: 'list', lines }]
}

function warningText({ code, text, moved }: FigureWarning, { say, percent }: Telling): string {
  if (code !== undefined) return say('deltaDiffers')
  // Older records hold the sentence alone.
  if (moved === undefined) return text
  const { value, before, now } = moved
  const named =
    typeof value === 'string' ? say('quoted', value) : say(value === null ? 'none' : value ? 'true' : 'false')
  return now === 1 ? say('movedWhole', named, percent(before)) : say('movedShare', named, percent(before), percent(now))
}

/** Of less than two days it would say nothing. */
const SHORTEST_MS = 48 * 3_600_000

/** How many rows each version had; the run that is looked at stands out. */
export function sizeCurve(
  runs: readonly RunRecord[],
  shown: number | null,
  telling: Telling,
): HtmlEscapedString | null {
  // By their time: an imported record has earlier runs with later numbers.
  const whole = runs
    .filter(({ publishedAt, tables }) => publishedAt !== null && tables.length > 0)
    .toSorted((one, other) => one.startedAt.getTime() - other.startedAt.getTime())
  const [first, last] = [whole[0], whole.at(-1)]
  if (first === undefined || last === undefined) return null
  const [from, span] = [first.startedAt.getTime(), last.startedAt.getTime() - first.startedAt.getTime()]
  if (span < SHORTEST_MS) return null
  const { say, number, when } = telling
  const most = Math.max(...whole.map(rowTotal), 1)
  const points = whole.map((run) => ({
    run,
    x: 4 + ((run.startedAt.getTime() - from) / span) * 992,
    y: 76 - (rowTotal(run) / most) * 70,
  }))
  const path = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
  const here = points.find(({ run }) => run.id === shown)
  const says = say(
    'sizeSays',
    number(rowTotal(first)),
    when(first.startedAt),
    number(rowTotal(last)),
    when(last.startedAt),
  )
  return html`<figure class="v-size" role="group" aria-label="${says}"><figcaption><b>${say('sizeTitle')}</b> <span class="v-minor">${says}</span></figcaption><svg role="img" viewBox="0 0 1000 80" preserveAspectRatio="none" height="80" aria-label="${says}"><path class="v-area" d="${path}V76H4Z"/><path class="v-base" d="M4 76H996"/><path class="v-line" d="${path}"/>${
    here === undefined ? '' : html`<path class="v-here" d="M${here.x.toFixed(1)} 4V76"/>`
  }</svg></figure>`
}
