/** The documentation holds: links, files, commands, reference pages; the guides are executed in `guide-*.test.ts`. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { impact } from '../impact/cli/impact.ts'
import { DATABASE_ERRORS } from '../impact/database/database-error.ts'
import { FEED_ERRORS } from '../impact/feeds/feed-error.ts'
import { BGES_OPTIONS, EGAPRO_OPTIONS, type OptionDefinition } from '../impact/feeds/options.ts'
import publication from '../impact/publication/index.ts'
import { ERRORS } from '../packages/vitrine/src/base/errors.ts'
import { TOOL_VERSION } from '../packages/vitrine/src/base/version.ts'
import { VARIABLES } from '../packages/vitrine/src/cli/environment.ts'
import { vitrine } from '../packages/vitrine/src/cli/vitrine.ts'
import { ownViewNames } from '../packages/vitrine/src/publication/publication.ts'
import { problemOf, root } from './documentation/commands.ts'
import { type Growth, growthPage, growthPicture } from './documentation/growth.ts'
import { anchorsOf, fencesOf, linksOf, spansOf } from './documentation/markdown.ts'
import { commandsPage, dictionarySchema, errorsPage, settingsPage } from './documentation/reference.ts'
import { commandsIn } from './documentation/shell.ts'

/** Every file of the repository, those of the next commit included. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pages = files.filter((path) => path.endsWith('.md'))
const written = pages.filter((path) => !path.startsWith('docs/reference/'))

describe('links', () => {
  function broken(page: string): readonly string[] {
    return linksOf(read(page)).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : relative(root, resolve(root, dirname(page), path))
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(read(target)).has(decodeURIComponent(anchor))
    })
  }

  test.each(pages)('%s', (page) => {
    expect(broken(page)).toEqual([])
  })

  test('every decision is in the list of decisions', () => {
    const listed = linksOf(read('docs/decisions/README.md'))
    const decisions = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name))
    expect(listed.filter((link) => decisions.includes(link))).toEqual(decisions)
  })
})

test('no page is longer than a person reads', () => {
  // Records and tables in which one looks something up; code counts as it is read too.
  const isLookedUp = (page: string) => page === 'CHANGELOG.md' || page.startsWith('docs/reference/')
  const words = (page: string): number => read(page).split(/\s+/).length
  expect(pages.filter((page) => !isLookedUp(page) && words(page) > 2200).map((page) => [page, words(page)])).toEqual([])
})

test('every page is reached from the index, in a few steps', () => {
  const reached = new Set(['docs/README.md'])
  for (const page of reached) {
    for (const link of linksOf(read(page))) {
      const target = relative(root, resolve(root, dirname(page), link.split('#')[0] ?? ''))
      if (pages.includes(target)) reached.add(target)
    }
  }
  expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([])
})

describe('ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md')
  const src = 'packages/vitrine/src'

  test('every file that it names exists', () => {
    const named = spansOf(text).filter((span) => /^(?!vitrine\/)[\w-]+\/[\w./-]*$/.test(span))
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, src, path)))).toEqual([])
  })

  test('its list of folders is the one on disk', () => {
    const listed = fencesOf(text).flatMap((fence) => fence.text.match(/^\w+/gm) ?? [])
    const folders = readdirSync(join(root, src)).filter((name) => statSync(join(root, src, name)).isDirectory())
    expect(listed.toSorted()).toEqual(folders.toSorted())
  })
})

describe('commands', () => {
  const blocks = written.flatMap((page) =>
    fencesOf(read(page))
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => [page, text] as const),
  )
  /** Also between other words: in a line of a cron, in a sentence. */
  const OURS =
    /(?:npm run (?:--silent )?(?:vitrine|impact)|npm start|npx (?:--no )?vitrine|\b(?:vitrine|impact) [a-z_]+)[^"`|#\n]*/g
  const quoted = written.flatMap((page) => {
    const crons = fencesOf(read(page)).filter(({ language }) => language === 'json')
    const spans = spansOf(read(page)).filter((span) => /^(npm|npx|vitrine|impact) /.test(span))
    const texts = [...spans, ...crons.map(({ text }) => text)].flatMap((text) => text.match(OURS) ?? [])
    return [...new Set(texts)].filter((text) => !/[…<]/.test(text)).map((text) => [page, text] as const)
  })
  const named = [...blocks, ...quoted].map(([page, text]) => [page, text.split('\n', 1)[0], text] as const)

  test.each(named)('%s: %s', async (_page, _first, text) => {
    const commands = commandsIn(text)
    expect(commands.length).toBeGreaterThan(0)
    const problems = await Promise.all(commands.map(problemOf))
    expect(problems.filter((problem) => problem !== null)).toEqual([])
  })

  test('the check above sees an unknown command, option, table and variable', async () => {
    const wrong = [
      'npm run impact -- synk_metabase',
      'npm run vitrine -- sync --onli x',
      'npx --no vitrine sync --only x',
      'npx vitrine check',
      'npx tsc',
      'npm start -- --twice',
      'METABASE_URI=x npx vitrine plan',
      'npm run nothing',
      'rm -r .',
    ]
    const problems = await Promise.all(wrong.flatMap((line) => commandsIn(line)).map(problemOf))
    expect(problems.filter((problem) => problem === null)).toEqual([])
    expect(problems).toHaveLength(wrong.length)
  })
})

describe('names', () => {
  /** Shown as mistakes. */
  const MISSPELT = ['METABASE_DATABASE_URI']
  /** Of npm and of Scalingo. */
  const FOREIGN = [
    ...['NPM_CONFIG_PRODUCTION', 'NPM_SCOPE', 'SCALINGO_POSTGRESQL_URL', 'BUILDPACK_URL', 'METABASE_VERSION'],
    'MAX_METASPACE_SIZE',
    ...['MB_DB_HOST', 'MB_DB_TYPE', 'MB_ENCRYPTION_SECRET_KEY', 'MB_SITE_URL', 'METABASE_HOST', 'METABASE_SITE_URL'],
    'PAGE_HOST',
  ]
  /** Codes that the changelog tells the end of. */
  const REMOVED = ['VERSION_DIFFERS']

  const options: readonly OptionDefinition[] = [...Object.values(EGAPRO_OPTIONS), ...Object.values(BGES_OPTIONS)]
  const variables: readonly string[] = [...Object.keys(VARIABLES), ...options.flatMap(({ variable }) => variable ?? [])]

  test.each(written)('%s: codes and variables exist', (page) => {
    const errors = [ERRORS, DATABASE_ERRORS, FEED_ERRORS].flatMap((codes) => Object.keys(codes))
    const known = [...errors, ...variables, ...MISSPELT, ...FOREIGN, ...REMOVED]
    const named = spansOf(read(page)).filter((span) => /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(span))
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })

  test('README tells every command of the tool', () => {
    const told = [...read('README.md').matchAll(/npm run vitrine -- (\w+)/g)].map(([, name]) => name)
    expect([...new Set(told)].toSorted()).toEqual(vitrine.commands.map(({ name }) => name).toSorted())
  })

  test('the runbook tells every variable, every command and every table', () => {
    const text = pages
      .filter((path) => /^docs\/metabase[\w-]*\.md$/.test(path))
      .map(read)
      .join('\n')
    const spans = spansOf(text).join('\n')
    const commands = impact.commands.map(({ name }) => `impact ${name}`)
    expect([...variables, ...commands].filter((name) => !spans.includes(name))).toEqual([])
    expect(ownViewNames(publication).filter((view) => !text.includes(view))).toEqual([])
  })
})

describe('reference', () => {
  test('the pages are those that `npm run reference` writes', async () => {
    await expect(errorsPage()).toMatchFileSnapshot(join(root, 'docs/reference/errors.md'))
    await expect(await commandsPage()).toMatchFileSnapshot(join(root, 'docs/reference/commands.md'))
    await expect(settingsPage()).toMatchFileSnapshot(join(root, 'docs/reference/settings.md'))
    await expect(dictionarySchema()).toMatchFileSnapshot(join(root, 'docs/reference/dictionary.schema.json'))
  })

  test('the figures of growth are those that were measured last', async () => {
    // sound because bench/src/growth.ts wrote it.
    const growth = JSON.parse(read('docs/growth.json')) as Growth
    await expect(growthPage(growth)).toMatchFileSnapshot(join(root, 'docs/reference/growth.md'))
    await expect(growthPicture(growth)).toMatchFileSnapshot(join(root, 'docs/growth.svg'))
  })

  test('every answer of a command is shown, with what it is', () => {
    const sources = files.filter((path) =>
      /(?:vitrine\/src\/cli|cli\/commands|impact\/cli\/start)\/[\w-]+\.ts$/.test(path),
    )
    const declared = sources.flatMap((path) => read(path).match(/(?<=^export (?:interface|type) )\w+Answer\b/gm) ?? [])
    const shown = read('docs/reference/commands.md').match(/(?<=^What [^\n]+\n\n```ts\ninterface )\w+Answer/gm) ?? []
    expect(shown.toSorted()).toEqual(declared.toSorted())
  })

  test('the version of the tool is that of its package, and the changelog has the usual headings', () => {
    const { version }: { readonly version: string } = JSON.parse(read('packages/vitrine/package.json'))
    expect(TOOL_VERSION).toBe(version)
    const headings = read('CHANGELOG.md').match(/(?<=^#{2,3} ).+$/gm)
    expect(headings?.slice(0, 5)).toEqual(['Unreleased', 'Added', 'Changed', 'Removed', 'Fixed'])
  })
})

test('no text runs what a stranger could publish: npx is told to install nothing', () => {
  const texts = files.filter((path) => path.endsWith('.md') || /^packages\/[\w-]+\/src\//.test(path))
  const found = texts.flatMap((path) =>
    (read(path).match(/\bnpx (?!--no\b)[\w@-]+/g) ?? []).map((text) => `${path}: ${text}`),
  )
  expect(texts.length).toBeGreaterThan(100)
  expect(found).toEqual([])
})

test('no file names a host of a package registry or a path of one machine', () => {
  // A root such as /app could be part of many a word: only longer ones are looked for.
  const ours = [root, homedir()].filter((path) => path.split('/').length > 2).map((path) => `${path}/`)
  const others =
    /npmjs\.(?:org|com)|yarnpkg\.com|(?:deb|archive)\.(?:debian|ubuntu)\.|pypi\.org|\/(?:Users|work|workspace)\//
  const found = files.filter((path) => {
    const text = read(path)
    return others.test(text) || ours.some((place) => text.includes(place))
  })
  expect(found).toEqual([])
})
