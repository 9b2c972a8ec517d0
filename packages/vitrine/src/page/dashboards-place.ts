/**
 * The place of the dashboards: the list, one dashboard with its filters, and each question as a table, a file, a card that comes
 * later, or the rows behind it. A public dashboard is the same without filters, frame and script, for everybody.
 */
import type { TileState } from '../drawing/answer.ts'
import { csvOf } from '../drawing/answer-csv.ts'
import { html, NOTHING, typeset } from '../drawing/html.ts'
import { writtenIn } from '../drawing/reading.ts'
import { drawTile } from '../drawing/tile.ts'
import type { Question } from '../publication/dashboard.ts'
import { type AskedQuestion, askedRows } from './asking.ts'
import { Board, type BoardPorts } from './board.ts'
import type { Html, PageApp, PageCall, Routes } from './context.ts'
import { answered } from './found-answers.ts'
import { KeptBoards } from './kept-boards.ts'
import { metabaseLinks } from './metabase-links.ts'
import { say } from './texts.ts'

export const dashboardsPlace: Routes = (app, context) => {
  const links = metabaseLinks(context)
  const ports = { answers: context.answers, context, kept: new KeptBoards() }
  app.get('/dashboards', (call) => list(call, ports))
  addBoards(app, { ...ports, base: '/dashboards', metabase: links })
  addBoards(app, { ...ports, base: '/public', metabase: () => null })
}

async function list(call: PageCall, { context }: Pick<BoardPorts, 'context'>): Promise<Response> {
  const { prefix, publication } = context
  const { reading } = call.var.visitor
  const title = say(reading.language, 'dashboards')
  const entries = publication().dashboards.map(
    ({ key, title: name, description }) =>
      html`<li${writtenIn(reading)}><a href="${prefix}/dashboards/${key}"><b>${typeset(name)}</b><span>${typeset(description)}</span></a></li>`,
  )
  const none = entries.length === 0 && html`<p>${say(reading.language, 'noDashboards')}</p>`
  const content = html`<div class="v-title"><h1>${title}</h1></div><ul class="v-boards">${entries}</ul>${none}`
  return context.show(call, content, { title, place: 'dashboards' })
}

function addBoards(app: PageApp, ports: BoardPorts): void {
  const { context, base } = ports
  const isPublic = base === '/public'
  /** The dashboard that the address names, at its shortest address. */
  const onBoard = (work: (board: Board, call: PageCall) => Promise<Response>) => async (call: PageCall) => {
    const key = call.req.param('key')
    const dashboard = context.publication().dashboards.find((each) => each.key === key)
    if (dashboard === undefined || (isPublic && dashboard.audience !== 'public')) return call.notFound()
    const board = new Board(ports, call, dashboard)
    return board.canonical === null || isPublic ? work(board, call) : call.redirect(board.canonical, 303)
  }
  const onQuestion = (work: (board: Board, asked: AskedQuestion, call: PageCall) => Promise<Response>) =>
    onBoard(async (board, call) => {
      const asked = board.question(call.req.param('question') ?? '')
      return asked === null ? call.notFound() : work(board, asked, call)
    })
  app.get(`${base}/:key`, onBoard(onTab))
  if (!isPublic) app.get(`${base}/:key/tabs/:tab{[1-9][0-9]?}`, onBoard(onTab))
  app.get(`${base}/:key/questions/:question`, onQuestion(table))
  app.get(`${base}/:key/questions/:question/csv`, onQuestion(csv))
  app.get(
    `${base}/:key/questions/:question/tile`,
    onQuestion(async (board, { question }, call) => call.html(await board.card(question.key))),
  )
  if (!isPublic) app.get(`${base}/:key/questions/:question/rows`, rowsOf(ports))
}

async function onTab(board: Board, call: PageCall): Promise<Response> {
  const { context, base } = board.ports
  const tab = Number(call.req.param('tab') ?? 1) - 1
  if (tab >= board.dashboard.tabs.length) return call.notFound()
  const page = await board.page(tab)
  const { facts, freshness, etag } = page
  if (etag !== null && call.req.header('if-none-match') === etag) return call.body(null, 304)
  return context.show(call, board.sent(page), {
    title: board.dashboard.title,
    place: 'dashboards',
    freshness,
    status: facts === null ? 503 : 200,
    bare: base === '/public',
    ...(etag !== null && { etag }),
  })
}

const back = (board: Board): Html =>
  html`<p class="v-back-to"><a href="${board.path}${board.chosen.query}">← ${board.dashboard.title}</a></p>`

/** Cards have headings of the third level. */
const headings = (board: Board, title: string): Html =>
  html`<div class="v-title"><h1>${typeset(title)}</h1></div><h2 class="v-hidden">${say(board.reading.language, 'cards')}</h2>`

/** The whole answer as a table. */
async function table(board: Board, { question, ask }: AskedQuestion, call: PageCall): Promise<Response> {
  const { states, freshness } = await board.find([ask])
  const shown: Question = { ...question, display: { kind: 'table' } }
  const card = await drawTile(
    shown,
    states[0] ?? { kind: 'failed', code: 'INTERNAL' },
    board.reading,
    { ...board.links(question), table: null },
    WIDE,
  )
  return board.ports.context.show(call, html`${back(board)}${headings(board, question.title)}${card}`, {
    title: question.title,
    place: 'dashboards',
    freshness,
    bare: board.ports.base === '/public',
  })
}

const WIDE = { columns: 12, height: 100 }

async function csv(board: Board, { question, ask }: AskedQuestion, call: PageCall): Promise<Response> {
  const { states } = await board.find([ask])
  return file(board, question, states[0], call)
}

function file(board: Board, question: Question, found: TileState | undefined, call: PageCall): Response {
  const state = answered(found)
  const answer = state.kind === 'answer' ? state.answer : { columns: [], rows: [], isCut: false }
  // In the file itself a word would be taken for a value.
  const part = answer.isCut ? `-${say(board.reading.language, 'firstRows', answer.rows.length)}` : ''
  const name = `${question.key}${part}`.replace(/[^\w.-]/g, '-')
  call.header('content-disposition', `attachment; filename="${name}.csv"`)
  return call.body(csvOf(question, answer, board.reading), 200, { 'content-type': 'text/csv; charset=utf-8' })
}

/** `group.NAME` names a group: the row counts where it has that value. */
const GROUP = 'group.'

const rowsOf =
  (ports: BoardPorts) =>
  async (call: PageCall): Promise<Response> => {
    const { context } = ports
    const dashboard = context.publication().dashboards.find(({ key }) => key === call.req.param('key'))
    if (dashboard === undefined) return call.notFound()
    const board = new Board(ports, call, dashboard)
    const asked = board.question(call.req.param('question') ?? '')
    const parameters = [...new URL(call.req.url).searchParams].filter(([name]) => name.startsWith(GROUP))
    const groups = new Map(
      parameters.flatMap(([name, value]) =>
        value.length > 200 || /\p{Cc}/u.test(value) || value === '*'
          ? []
          : [[name.slice(GROUP.length), value] as const],
      ),
    )
    const rows = asked === null ? null : askedRows(board.asking, asked.question, groups)
    if (asked === null || rows === null) return call.notFound()
    const { states, freshness } = await board.find([rows.ask, asked.ask])
    const [first] = states
    if (new URL(call.req.url).searchParams.has('csv')) return file(board, rows.question, first, call)
    const here = new URL(call.req.url)
    here.searchParams.set('csv', '1')
    const csv = here.pathname + here.search
    const links = { ...board.links(asked.question), csv, table: null, rows: null, metabase: null }
    const [state = { kind: 'failed', code: 'INTERNAL' } as const, whole] = states
    const card = await drawTile(rows.question, state, board.reading, links, WIDE)
    const { query } = asked.question
    const names = query.kind === 'structured' ? Object.keys(query.by) : []
    const fields = names.map((name) => {
      const at = whole?.kind === 'answer' ? whole.answer.columns.findIndex((column) => column.name === name) : -1
      const values = whole?.kind === 'answer' ? [...new Set(whole.answer.rows.map((row) => String(row[at] ?? '')))] : []
      const label = asked.question.columns[name]?.label ?? name
      const { language } = board.reading
      return html`<label>${label} <select name="${GROUP}${name}"><option value="*">${say(language, 'all')}</option>${values.map(
        (value) =>
          html`<option value="${value}"${groups.get(name) === value && html` selected`}>${value === '' ? say(language, 'unknown') : (asked.question.columns[name]?.names?.[value] ?? value)}</option>`,
      )}</select></label>`
    })
    const kept = [...new URLSearchParams(board.chosen.query)].map(
      ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
    )
    const form =
      fields.length === 0
        ? NOTHING
        : html`<form class="v-filters" method="get">${kept}${fields}<p class="v-do"><button>${say(board.reading.language, 'apply')}</button></p></form>`
    const title = say(board.reading.language, 'rowsOf', asked.question.title)
    const content = html`${back(board)}${headings(board, title)}${form}${card}`
    return context.show(call, content, { title, place: 'dashboards', freshness })
  }
