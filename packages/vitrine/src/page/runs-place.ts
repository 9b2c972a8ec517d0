/**
 * The place of the runs: the last success apart from the last try, a line a run, one run with its phases, and the steps of an
 * operator, each confirmed on a page of its own. The record is the writer's; without one, this place says so.
 */

import type { PageCell, Part } from '../dictionary/page.ts'
import { cell, heading, paragraph } from '../dictionary/wording.ts'

import { type HtmlEscapedString, html, NOTHING } from '../drawing/html.ts'
import type { Publication } from '../publication/publication.ts'
import { dueAround } from '../schedule/due.ts'
import { formToken } from './access.ts'
import type { PageCall, PageContext, Routes } from './context.ts'
import { liveRoutes } from './live.ts'
import { showRecord } from './record-page.ts'
import { definitionChanges, lastedMs, outcomeMark, runContent, sizeCurve, triggerText } from './run-page.ts'
import { type RunsRecord, readRuns, rowTotal, type SeenRun, seenIn } from './seen-run.ts'
import { type Telling, table, tellingOf } from './telling.ts'

/** Runs on one page, and the runs of the weeks that a curve shows. */
const SHOWN = 30
const CURVE = 90
/** Seconds between two looks of a browser without script. */
const AGAIN_S = 3

export const runsPlace: Routes = (app, context) => {
  const tellingFor = (call: PageCall) => tellingOf(context, call.var.visitor.reading)
  const show = (
    call: PageCall,
    title: string,
    upTo: number | null,
    content: (record: RunsRecord, telling: Telling) => HtmlEscapedString | null,
  ): Promise<Response | null> => {
    const publication = context.publication()
    return showRecord(context, call, {
      title,
      place: 'runs',
      read: (session) => readRuns(session, publication, CURVE, upTo),
      content: (record, telling) => {
        const html = content(record, telling)
        const isGoing = upTo === null ? record.underWay : record.going === upTo
        return html === null ? null : { html, ...(isGoing ? { again: AGAIN_S } : {}) }
      },
    })
  }

  app.get('/runs', async (call, next) => {
    const { say } = tellingFor(call)
    const list = (record: RunsRecord, telling: Telling) => listPage(record, context, call, telling)
    return (await show(call, say('runs'), null, list)) ?? next()
  })
  for (const step of STEPS) {
    app.get(`/runs/${step}`, (call, next) => {
      if (!stepsFor(call, context).includes(step)) return next()
      const { say } = tellingFor(call)
      const title = say(step)
      return context.show(call, confirmPage(step, context, call, tellingFor(call)), { title, place: 'runs' })
    })
  }
  app.get('/runs/:run{[1-9][0-9]{0,8}}', async (call, next) => {
    const number = Number(call.req.param('run'))
    const { say } = tellingFor(call)
    const page = (record: RunsRecord, telling: Telling) => onePage(record, number, context, telling)
    return (await show(call, say('run', number), number, page)) ?? next()
  })
  liveRoutes(app, context)
}

function listPage(record: RunsRecord, context: PageContext, call: PageCall, telling: Telling): HtmlEscapedString {
  const publication = context.publication()
  const { say, when, time, number } = telling
  const { runs, now } = record
  const success = runs.find(({ publishedAt }) => publishedAt !== null)
  const last = seenIn(record, 0)
  const rows = runs.slice(0, SHOWN).flatMap((run, at): readonly (readonly PageCell[])[] => {
    const seen = seenIn(record, at)
    if (seen === null) return []
    const cells = [
      cell({ text: say('run', run.id), to: `runs/${run.id}` }),
      [[outcomeMark(seen, telling)], ...definitionChanges(seen, telling).map((text) => [text])],
      cell(when(run.startedAt)),
      cell(time(lastedMs(seen))),
      cell(triggerText(run, telling)),
      cell(run.tables.length === 0 ? '–' : number(rowTotal(run))),
    ]
    return [cells]
  })
  const facts: readonly (readonly PageCell[])[] = [
    [
      cell(say('lastSuccess')),
      success === undefined ? cell(say('never')) : cell({ text: when(success.startedAt), to: `runs/${success.id}` }),
    ],
    ...(last === null
      ? []
      : [
          [
            cell(say('lastTry')),
            cell({ text: when(last.run.startedAt), to: `runs/${last.run.id}` }, ' ', outcomeMark(last, telling)),
          ],
        ]),
    [cell(say('nextDue')), cell(when(dueAround(publication, now).next))],
  ]
  const titles = [say('runTitle'), say('outcome'), say('started'), say('lasted'), say('startedBy'), say('rows')]
  const parts: readonly Part[] = [
    heading(2, 'list', say('allRuns')),
    rows.length === 0 ? paragraph(say('noRun')) : table(say('allRuns'), titles, rows),
  ]
  return html`<h1>${say('runs')}</h1>
${liveBox(record.underWay ? 'current' : null, record.going === null ? html`<p>${say('starts')}</p>` : contentOf(seenIn(record, 0), publication, telling), context, telling)}
<div class="v-runs">${telling.html([table(say('runs'), [say('fact'), say('what')], facts)])}
<p class="v-steps">${stepsFor(call, context).map((step, at) => html`<a class="v-button${at === 0 ? '' : ' v-quiet'}" href="${context.prefix}/runs/${step}">${say(step)}</a> `)}</p>
${sizeCurve(runs, null, telling)}
${telling.html(parts)}</div>`
}

const STEPS = ['sync', 'rollback'] as const
type Step = (typeof STEPS)[number]

/** What this visitor may start from here. */
const stepsFor = (call: PageCall, { actions }: PageContext): readonly Step[] =>
  call.var.visitor.role === 'operator' ? STEPS.filter((step) => actions[step] !== null) : []

const contentOf = (seen: SeenRun | null, publication: Publication, telling: Telling): HtmlEscapedString =>
  seen === null ? NOTHING : runContent(seen, publication, telling)

/** A run that grows while it goes, where one is followed. */
const liveBox = (follows: string | null, content: HtmlEscapedString, { prefix }: PageContext, { say }: Telling) =>
  follows === null
    ? NOTHING
    : html`<p class="v-ended" role="status"></p><div class="v-live" data-follow="${prefix}/runs/${follows}/events" data-ended="${say('ended')}">${content}</div>`

/** A step is taken by a form, after what it does was read. */
function confirmPage(step: Step, { prefix }: PageContext, call: PageCall, { say }: Telling): HtmlEscapedString {
  return html`<h1>${say(step)}</h1><p>${say(`${step}Says`)}</p>
<form class="v-steps" method="post" action="${prefix}/actions/${step}"><input type="hidden" name="token" value="${formToken(call.var.visitor)}"><button class="v-button">${say(`${step}Yes`)}</button> <a href="${prefix}/runs">${say('notNow')}</a></form>`
}

function onePage(record: RunsRecord, number: number, context: PageContext, telling: Telling): HtmlEscapedString | null {
  const seen = seenIn(record, 0)
  if (seen === null || seen.run.id !== number) return null
  const { say } = telling
  const content = runContent(seen, context.publication(), telling)
  return html`<h1>${say('run', number)}</h1>
${seen.goes ? liveBox(String(number), content, context, telling) : html`<div class="v-live">${content}</div>`}
${sizeCurve(record.runs, number, telling)}
<p><a href="${context.prefix}/runs">${say('allRuns')}</a></p>`
}
