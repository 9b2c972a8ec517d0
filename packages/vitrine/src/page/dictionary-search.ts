/** The first page of the dictionary's place: a search over tables, columns and questions; and the page of a question. */
import { questionSql } from '../dashboards/sql.ts'
import { columnName } from '../dictionary/dictionary.ts'
import type { Inline, PageCell, Part } from '../dictionary/page.ts'
import { cell, columnAnchor, heading, paragraph, tableAnchor } from '../dictionary/wording.ts'
import { type HtmlEscapedString, html } from '../drawing/html.ts'
import { type Question, questionsOf } from '../publication/dashboard.ts'
import type { ShownPage } from './known.ts'
import { type Telling, table } from './telling.ts'

export const SEARCH_SIGNS = 200
const MOST_FOUND = 100

/** Without accents and capitals, so that nobody has to know how it is written. */
const folded = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()

export function homePage(shown: ShownPage, sought: string, prefix: string): HtmlEscapedString {
  const { dictionary, wording, telling } = shown
  const { say, counted } = telling
  const search = html`<form class="v-search" role="search" action="${prefix}/dictionary"><label for="q">${say('search')}</label>
<input id="q" name="q" type="search" value="${sought}" maxlength="${SEARCH_SIGNS}" autocomplete="off" spellcheck="false" aria-describedby="q-says"><button>${say('find')}</button>
<p id="q-says" class="v-minor">${say('searchSays')}</p></form>`
  const words = folded(sought).split(/\s+/).filter(Boolean)
  const found = words.length === 0 ? null : findIn(shown, words)
  const parts: readonly Part[] =
    found === null
      ? [
          heading(2, 'tables', say('tables')),
          table(
            say('tables'),
            [wording.texts.columns.table, wording.texts.columns.meaning, say('columns')],
            dictionary.tables.map(({ name, comment, columns }) => [
              cell({ code: name, to: tableAnchor(name) }),
              cell(comment),
              cell(telling.number(columns.length)),
            ]),
          ),
          paragraph({ text: say('whole'), to: 'dictionary-whole' }),
        ]
      : [
          paragraph(counted(found.length, 'foundOne', 'foundMany')),
          ...(found.length === 0
            ? [paragraph({ text: say('allTables'), to: 'dictionary' })]
            : [table(say('found'), [say('what'), wording.texts.columns.meaning], found.slice(0, MOST_FOUND))]),
          ...(found.length > MOST_FOUND ? [paragraph(say('more', MOST_FOUND))] : []),
        ]
  return html`<h1>${say('dictionary')}</h1>${search}<div role="status">${telling.html(parts)}</div>`
}

/** Everything that holds all the words, tables first. */
function findIn(
  { dictionary, reads, wording, telling }: ShownPage,
  words: readonly string[],
): readonly (readonly PageCell[])[] {
  const holds = (...texts: readonly string[]) => {
    const text = folded(texts.join(' '))
    return words.every((word) => text.includes(word))
  }
  const tables = dictionary.tables.filter(({ name, comment }) => holds(name, comment))
  const columns = dictionary.tables.flatMap(({ name: of, columns: its }) =>
    its
      .filter(({ name, comment, origins, privacy }) => {
        const sources = origins.map((origin) => `${columnName(origin)} ${wording.treatments(origin.treatments)}`)
        const reasons = origins.flatMap(({ treatments }) => treatments.map(({ reason }) => reason ?? ''))
        const { classes, noClass } = wording.texts
        return holds(`${of}.${name}`, comment, ...sources, ...reasons, privacy === null ? noClass : classes[privacy])
      })
      .map(({ name, comment }): readonly PageCell[] => [
        cell({ code: `${of}.${name}`, to: columnAnchor(of, name) }),
        cell(comment),
      ]),
  )
  const questions = [...reads.keys()].filter(({ title, description }) => holds(title, description))
  return [
    ...tables.map(({ name, comment }) => [cell({ code: name, to: tableAnchor(name) }), cell(comment)]),
    ...columns,
    ...questions.map((question) => [
      cell(meaningLink(question), ` (${telling.say('question')})`),
      cell(question.description),
    ]),
  ]
}

const meaningLink = ({ key, title }: Question): Inline => ({ text: title, to: `meaning/${encodeURIComponent(key)}` })

/** The questions that read a table, or a column of it; a link to each of their dashboards is on its page. */
export function usesPart({ reads, telling }: ShownPage, name: string): readonly Part[] {
  const its = [...reads].flatMap(([question, read]) => (read.has(name) ? [question] : []))
  return [
    heading(2, 'uses', telling.say('usedBy')),
    its.length === 0
      ? paragraph(telling.say('usedByNone'))
      : { kind: 'list', lines: its.map((question) => [meaningLink(question), ` – ${question.description}`]) },
  ]
}

export function questionPage(
  { publication, reads, dictionary, wording, telling }: ShownPage,
  question: Question,
): HtmlEscapedString {
  const read = reads.get(question) ?? new Set()
  const columns = dictionary.tables.flatMap(({ name: of, columns: its }) =>
    its
      .filter(({ name }) => read.has(`${of}.${name}`))
      .map(({ name, comment }) => [cell({ code: `${of}.${name}`, to: columnAnchor(of, name) }), cell(comment)]),
  )
  const boards = publication.dashboards.filter((dashboard) => questionsOf([dashboard]).includes(question))
  const sql = questionSql(question.query, { publication, filters: [] })
  const parts = telling.html([
    heading(1, 'top', question.title),
    paragraph(question.description),
    ...indicatorsPart(question, telling),
    heading(2, 'columns', telling.say('madeOf')),
    table(telling.say('madeOf'), [wording.texts.columns.column, wording.texts.columns.meaning], columns),
    heading(2, 'dashboards', telling.say('standsOn')),
    {
      kind: 'list',
      lines: boards.map(({ key, title }) => [{ text: title, to: `dashboards/${encodeURIComponent(key)}` }]),
    },
    heading(2, 'method', telling.say('method')),
    paragraph(telling.say('methodSays')),
  ])
  return html`${parts}<pre class="v-sql" tabindex="0">${sql}</pre>`
}

/** The meaning of its measures, where they have one of their own: what is counted, in what, and the goal with its day. */
function indicatorsPart({ query }: Question, { say, number }: Telling): readonly Part[] {
  const given = query.kind === 'structured' ? Object.values(query.measures) : []
  const rows = given.flatMap((measure): readonly (readonly PageCell[])[] => {
    if (!('definition' in measure)) return []
    const { title, definition, unit, goal } = measure
    return [
      [cell(title), cell(definition), cell(unit), cell(goal === undefined ? '–' : `${number(goal.value)}, ${goal.by}`)],
    ]
  })
  return rows.length === 0
    ? []
    : [table(say('what'), [say('figure'), say('definition'), say('unit'), say('goal')], rows)]
}
