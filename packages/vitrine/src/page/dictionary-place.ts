/**
 * The place of the dictionary: a search, a table on one screen, a column with its origin, its use and how its values are
 * spread, and from a question back to its columns.
 */
import { VitrineError } from '../base/errors.ts'
import { textsIn } from '../dictionary/dictionary-texts.ts'
import type { PageCell, Part } from '../dictionary/page.ts'
import { COLUMN_TITLES, columnRow, pageOf, tableWords } from '../dictionary/page-content.ts'
import type { DictionaryColumn, DictionaryTable } from '../dictionary/schema.ts'
import { cell, columnAnchor, heading, paragraph, tableAnchor, wordingOf } from '../dictionary/wording.ts'
import { type HtmlEscapedString, html } from '../drawing/html.ts'
import { publishedRelations } from '../publication/publication.ts'
import type { PageCall, PageContext, Routes } from './context.ts'
import { homePage, questionPage, SEARCH_SIGNS, usesPart } from './dictionary-search.ts'
import { knownOf, type ShownPage } from './known.ts'
import { lineagePicture } from './lineage-picture.ts'
import { SPREAD_ROWS, smallestIn, spreadOf } from './spread.ts'
import { table, tellingOf } from './telling.ts'

export const dictionaryPlace: Routes = (app, context) => {
  const shownTo = async (call: PageCall): Promise<ShownPage> => {
    const { reading } = call.var.visitor
    const publication = context.publication()
    const wording = wordingOf(textsIn(reading.language))
    return { ...(await knownOf(publication)), publication, wording, telling: tellingOf(context, reading) }
  }
  const show = (call: PageCall, title: string, content: HtmlEscapedString) =>
    context.show(call, content, { title, place: 'dictionary' })

  app.get('/dictionary', async (call) => {
    const shown = await shownTo(call)
    const sought = (call.req.query('q') ?? '').toWellFormed().slice(0, SEARCH_SIGNS)
    return show(call, shown.telling.say('dictionary'), homePage(shown, sought, context.prefix))
  })
  app.get('/dictionary-whole', async (call) => {
    const { dictionary, wording, telling } = await shownTo(call)
    const { title, parts } = pageOf(dictionary, null, wording.texts)
    return show(call, title, telling.html(parts))
  })
  app.get('/dictionary/:table', async (call, next) => {
    const shown = await shownTo(call)
    const found = shown.dictionary.tables.find(({ name }) => name === call.req.param('table'))
    return found === undefined ? next() : show(call, found.name, await tablePage(shown, found, context))
  })
  app.get('/dictionary/:table/:column', async (call, next) => {
    const shown = await shownTo(call)
    const found = shown.dictionary.tables.find(({ name }) => name === call.req.param('table'))
    const column = found?.columns.find(({ name }) => name === call.req.param('column'))
    if (found === undefined || column === undefined) return next()
    return show(call, `${found.name}.${column.name}`, await columnPage(shown, found, column, context))
  })
  app.get('/meaning/:question', async (call, next) => {
    const shown = await shownTo(call)
    const question = [...shown.reads.keys()].find(({ key }) => key === call.req.param('question'))
    return question === undefined ? next() : show(call, question.title, questionPage(shown, question))
  })
}

/** What the reader finds; an error where nobody answers: the definition is told all the same. */
const asked = <T>(answer: Promise<T>): Promise<T | VitrineError> =>
  answer.catch((error: unknown) => {
    if (error instanceof VitrineError) return error
    throw error
  })

async function tablePage(shown: ShownPage, of: DictionaryTable, { answers }: PageContext): Promise<HtmlEscapedString> {
  const { publication, wording, telling } = shown
  const { say, number, when } = telling
  const found = await asked(answers.facts(publication))
  const fresh = found instanceof VitrineError ? undefined : found.ages.find(({ table: name }) => name === of.name)
  const rows = of.columns.map((column) => {
    const [, ...facts] = columnRow(of.name, column, wording).cells
    return [cell({ code: column.name, to: columnAnchor(of.name, column.name) }), ...facts]
  })
  return telling.html([
    heading(1, 'top', { code: of.name }),
    ...tableWords(of, wording),
    fresh === undefined
      ? paragraph(say(found instanceof VitrineError ? 'noAnswer' : 'neverPublished'))
      : {
          kind: 'figures',
          label: of.name,
          figures: [
            { number: number(fresh.rows), name: say('rows'), says: say('dataOf', when(fresh.dataOf)) },
            { number: number(of.columns.length), name: say('columns'), says: '' },
          ],
        },
    heading(2, 'columns', say('columns')),
    table(
      of.name,
      COLUMN_TITLES.map((title) => wording.texts.columns[title]),
      rows,
    ),
    ...usesPart(shown, of.name),
  ])
}

async function columnPage(
  shown: ShownPage,
  of: DictionaryTable,
  column: DictionaryColumn,
  { asReader }: PageContext,
): Promise<HtmlEscapedString> {
  const { reads, wording, telling } = shown
  const name = `${of.name}.${column.name}`
  const uses = [...reads].flatMap(([{ title }, read]) => (read.has(name) ? [title] : []))
  const [, ...facts] = columnRow(of.name, column, wording).cells
  const { k } = of.kAnonymity ?? { k: 0 }
  const told: readonly (readonly PageCell[])[] = [
    [cell(wording.texts.columns.table), cell({ code: of.name, to: tableAnchor(of.name) })],
    ...facts.flatMap((fact, at) =>
      fact.length === 0 ? [] : [[cell(wording.texts.columns[COLUMN_TITLES[at + 1] ?? 'what']), fact]],
    ),
    ...(of.kAnonymity?.columns.includes(column.name)
      ? [[cell(telling.say('smallest')), cell(telling.say('smallestSays', k))]]
      : []),
  ]
  return html`${telling.html([heading(1, 'top', { code: name }), paragraph(column.comment)])}
${lineagePicture(of.name, column, uses, wording, telling)}
${telling.html([
  table(name, [telling.say('fact'), telling.say('what')], told),
  heading(2, 'spread', telling.say('spread')),
  ...(await spreadPart(shown, of, column, asReader)),
  ...usesPart(shown, name),
])}`
}

async function spreadPart(
  { publication, telling }: ShownPage,
  of: DictionaryTable,
  { name, privacy }: DictionaryColumn,
  asReader: PageContext['asReader'],
): Promise<readonly Part[]> {
  const { say, number, percent } = telling
  const relation = publishedRelations(publication).find((each) => each.name === of.name)
  const column = relation?.columns.find((each) => each.name === name)
  if (relation === undefined || column === undefined) return []
  const isOpen = privacy === null || privacy === 'open'
  const spread = await asked(asReader((session) => spreadOf(session, publication, relation, column, isOpen)))
  if (spread instanceof VitrineError) return [paragraph(say('noAnswer'))]
  if (spread === null) return [paragraph(say('tooSmall', smallestIn(publication, relation)))]
  const { rows, filled, distinct, lowest, highest } = spread
  const figures = [
    {
      number: number(filled),
      name: say('filled'),
      says: say(rows < SPREAD_ROWS ? 'ofRows' : 'ofFirstRows', number(rows)),
    },
    { number: rows === 0 ? '–' : percent((rows - filled) / rows), name: say('empty'), says: say('emptySays') },
    { number: number(distinct), name: say('distinct'), says: say('distinctSays') },
    ...(lowest === null || highest === null
      ? []
      : [{ number: `${lowest} – ${highest}`, name: say('ends'), says: say('endsSays') }]),
  ]
  return [{ kind: 'figures', label: say('spread'), figures }, paragraph(say('spreadSays'))]
}
