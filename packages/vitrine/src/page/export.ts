/**
 * The page as files that open without a server and without script: dashboards, their tables and CSV files, the dictionary, how
 * fresh the tables are. Written whole or not at all, into a folder of its own.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import { anchorOf, type Part } from '../dictionary/page.ts'
import { cell, heading, paragraph } from '../dictionary/wording.ts'
import { type Audience, type Dashboard, questionsOf } from '../publication/dashboard.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import type { PageApp, Routes } from './context.ts'
import { table, tellingOf } from './telling.ts'

/** An address of the page, and the file that it becomes. */
interface Leaf {
  readonly path: string
  readonly file: string
}

const CONTENTS: Leaf = { path: '/contents', file: 'index.html' }
/** Says that a folder is an export, and may be replaced by the next. */
const MARK = '.vitrine-export'
/** A card that is still to come, and a page that is asked for too soon, are asked for again. */
const AGAIN_MS = 250
const TRIES = 240

const safe = (name: string, at: number): string => (/^[a-z0-9_-]+$/.test(name) ? name : `name-${at + 1}`)

function boardLeaves({ key, tabs, ...dashboard }: Dashboard, base: string): readonly Leaf[] {
  const [path, folder] = [`${base}/${key}`, `dashboards/${key}`]
  const shown = base === '/public' ? [] : tabs.slice(1)
  return [
    { path, file: `${folder}/index.html` },
    ...shown.map((_, at) => ({ path: `${path}/tabs/${at + 2}`, file: `${folder}/tab-${at + 2}.html` })),
    ...questionsOf([{ key, tabs, ...dashboard }]).flatMap(({ key: question }) => [
      { path: `${path}/questions/${question}`, file: `${folder}/questions/${question}.html` },
      { path: `${path}/questions/${question}/csv`, file: `${folder}/questions/${question}.csv` },
    ]),
  ]
}

/**
 * What stands in an export. The public one has the public dashboards, and the dictionary as its definition alone: no question of
 * the team is named, and nothing is counted that is not on such a dashboard.
 */
function leavesOf(publication: Publication, audience: Audience): readonly Leaf[] {
  const { dashboards } = publication
  const whole = { path: '/dictionary-whole', file: 'dictionary/whole.html' }
  if (audience === 'public') {
    const open = dashboards.filter((dashboard) => dashboard.audience === 'public')
    return [CONTENTS, ...open.flatMap((dashboard) => boardLeaves(dashboard, '/public')), whole]
  }
  return [
    CONTENTS,
    ...dashboards.flatMap((dashboard) => boardLeaves(dashboard, '/dashboards')),
    { path: '/dictionary', file: 'dictionary/index.html' },
    whole,
    ...publishedRelations(publication).flatMap(({ name, columns }, at) => [
      { path: `/dictionary/${anchorOf(name)}`, file: `dictionary/${safe(name, at)}/index.html` },
      ...columns.map((column, index) => ({
        path: `/dictionary/${anchorOf(name, column.name)}`,
        file: `dictionary/${safe(name, at)}/${safe(column.name, index)}.html`,
      })),
    ]),
    ...questionsOf(dashboards).map(({ key }) => ({
      path: `/meaning/${key}`,
      file: `dictionary/questions/${key}.html`,
    })),
  ]
}

/** The first page: what there is, and how fresh each table is. */
export const contentsPlace =
  (audience: Audience): Routes =>
  (app, context) => {
    app.get(CONTENTS.path, async (call) => {
      const telling = tellingOf(context, call.var.visitor.reading)
      const { say, number, when } = telling
      const publication = context.publication()
      const isPublic = audience === 'public'
      const boards = publication.dashboards.filter((dashboard) => !isPublic || dashboard.audience === 'public')
      const { ages } = await context.answers.facts(publication)
      const title = publication.metabase.source
      const parts: readonly Part[] = [
        heading(1, 'top', title),
        {
          kind: 'list',
          lines: boards.map(({ key, title: text, description }) => [
            { text, to: `${isPublic ? 'public' : 'dashboards'}/${key}` },
            ` – ${description}`,
          ]),
        },
        paragraph({ text: say('whole'), to: 'dictionary-whole' }),
        heading(2, 'tables', say('freshness')),
        table(
          say('freshness'),
          [say('tableTitle'), say('data'), ...(isPublic ? [] : [say('rows')])],
          ages.map(({ table: name, rows, dataOf }) => [
            cell({ code: name }),
            cell(when(dataOf)),
            ...(isPublic ? [] : [cell(number(rows))]),
          ]),
        ),
      ]
      return context.show(call, telling.html(parts), { title, place: 'dashboards' })
    })
  }

/**
 * `app` has no prefix, lets everybody in, and has the place of the contents. Returns how many files were written. Throws
 * EXPORT_REFUSED and EXPORT_INCOMPLETE.
 */
export async function exportPage(
  app: PageApp,
  publication: Publication,
  audience: Audience,
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  const to = resolve(folder)
  await requireOurs(to, publication)
  const leaves = leavesOf(publication, audience)
  const files = new Map([...leaves.map(({ path, file }) => [path, file] as const), ['/dashboards', CONTENTS.file]])
  const made = await mkdtemp(`${to}.new-`).catch(refusedBy(to))
  try {
    const write = async (file: string, text: string): Promise<void> => {
      await mkdir(dirname(join(made, file)), { recursive: true })
      await writeFile(join(made, file), text)
    }
    let style = ''
    for (const { path, file } of leaves) {
      const text = await fetched(app, publication, path, signal)
      style = /href="(\/assets\/style[^"]*)"/.exec(text)?.[1] ?? style
      await write(file, file.endsWith('.csv') ? text : standingAlone(text, file, files))
    }
    await write(STYLE, await fetched(app, publication, style, signal))
    await write(MARK, `${publication.name}\n`)
    await put(made, to)
    return leaves.length + 1
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

const STYLE = 'assets/style.css'
/** A card that is not there, or that will not come; and a page that another version came under. */
const CARD = /class="v-card v-is-(coming|failed)"|http-equiv="(refresh)"/

/** A page once all of it is there. */
async function fetched(app: PageApp, { locale }: Publication, path: string, signal: AbortSignal): Promise<string> {
  const headers = { host: 'localhost', 'accept-language': locale }
  for (let tries = 0; tries < TRIES; tries++) {
    if (signal.aborted) throw new VitrineError('INTERRUPTED')
    const answer = await app.request(`http://localhost${path}`, { headers }, {})
    const text = await answer.text()
    const isPage = answer.headers.get('content-type')?.includes('html') === true
    const [, card, again] = (isPage ? CARD.exec(text) : null) ?? []
    const isLate = answer.status === 429 || card === 'coming' || again !== undefined
    if (!isLate && (answer.status !== 200 || card === 'failed')) break
    if (!isLate) return text
    await pause(AGAIN_MS, signal)
  }
  throw new VitrineError('EXPORT_INCOMPLETE', { place: path })
}

/** A document for a folder: links among the files, none to what needs a server, no form and no script. */
export function standingAlone(text: string, file: string, files: ReadonlyMap<string, string>): string {
  const relative = (other: string) => posix.relative(posix.dirname(file), other)
  return text
    .replaceAll(/<(form|script|noscript)\b[\s\S]*?<\/\1>|<a class="v-language"[\s\S]*?<\/a>/g, '')
    .replaceAll(/ (?:href|src)="(\/[^"]*)"/g, (_, value: string) => {
      const [, path = '', hash = ''] = /^([^?#]*)(?:\?[^#]*)?(#.*)?$/.exec(value) ?? []
      if (path.startsWith('/assets/style')) return ` href="${relative(STYLE)}"`
      const other = files.get(path)
      return other === undefined ? '' : ` href="${relative(other)}${hash}"`
    })
    .replaceAll(/<li><a>[^<]*<\/a><\/li>/g, '')
    .replaceAll(/<footer class="v-foot">[\s\S]*?<\/footer>/g, (foot) => foot.replaceAll(/<a>[^<]*<\/a>/g, ''))
    .replace(/(<body[^>]*>\s*<main id="content">)/, `$1<p><a href="${relative(CONTENTS.file)}">←</a></p>`)
}

const refusedBy =
  (to: string) =>
  (cause: unknown): never => {
    throw new VitrineError('EXPORT_REFUSED', { place: to, detail: 'Nothing can be written there.', cause })
  }

/** A folder that is not there yet, that is empty, or that an export of this publication filled. */
async function requireOurs(to: string, { name }: Publication): Promise<void> {
  const found = await stat(to).catch(() => null)
  if (found === null) return
  const refused = (detail: string) => new VitrineError('EXPORT_REFUSED', { place: to, detail })
  if (!found.isDirectory()) throw refused('It is a file.')
  const names = await readdir(to).catch(refusedBy(to))
  if (names.length === 0) return
  const mark = await readFile(join(to, MARK), 'utf8').catch(() => null)
  if (mark?.trim() !== name) throw refused('It holds files that no export of this publication wrote.')
}

/** The new folder takes the place of the old one, which stays when that fails. */
async function put(made: string, to: string): Promise<void> {
  const old = join(dirname(to), `${basename(made)}.old`)
  const wasThere = await rename(to, old).then(
    () => true,
    () => false,
  )
  try {
    await rename(made, to)
  } catch (error) {
    if (wasThere) await rename(old, to)
    refusedBy(to)(error)
  }
  await rm(old, { recursive: true, force: true })
}
