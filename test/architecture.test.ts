/** The layers of the tool: imports go downwards only, without cycles, and console, environment and driver stay in their folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import config from '../vitest.config.ts'

const root = resolve(import.meta.dirname, '..')
const src = join(root, 'packages/vitrine/src')

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/node_modules|[/\\]dist[/\\]/.test(path))
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)\s*import\s+'([^']+)'/g
const importsOf = (path: string): readonly string[] =>
  [...readFileSync(path, 'utf8').matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')

/** The rooms of the tool, each above those that it may import from: a room may name every room that stands before it. */
const ROOMS = [
  'base',
  'sql',
  'publication',
  'lineage',
  'dictionary',
  'dashboards',
  'drawing',
  'postgres',
  'copy',
  'catalogue',
  'record',
  'version',
  'migration',
  'history',
  'source',
  'delta',
  'access',
  'metabase',
  'run',
  'schedule',
  'page',
  'onboarding',
  'cli',
]
/** The files beside the rooms: what a program may import. */
const PUBLIC = ['index.ts', 'run.ts', 'cli.ts', 'testing.ts']

const folderOf = (path: string): string => relative(src, path).split(/[/\\]/)[0] ?? ''

const isBelow = (to: string, from: string): boolean =>
  ROOMS.includes(to) && (PUBLIC.includes(from) || ROOMS.indexOf(to) < ROOMS.indexOf(from))

function edgeProblems(read: (path: string) => readonly string[]): readonly string[] {
  return filesUnder(src).flatMap((path) =>
    read(path)
      .filter((name) => name.startsWith('.'))
      .map((name) => folderOf(resolve(dirname(path), name)))
      .filter((to) => to !== folderOf(path) && !isBelow(to, folderOf(path)))
      .map((to) => `${relative(src, path)} imports ${to}`),
  )
}

describe('imports of the tool', () => {
  test('know every room, and no room that does not exist', () => {
    const folders = [...new Set(filesUnder(src).map(folderOf))]
    expect(folders.toSorted()).toEqual([...ROOMS, ...PUBLIC].toSorted())
  })

  test('go downwards only', () => {
    expect(edgeProblems(importsOf)).toEqual([])
  })

  test('the check above sees an edge that goes upwards', () => {
    const planted = (path: string) => (path.endsWith('/errors.ts') ? ['../run/sync.ts'] : importsOf(path))
    expect(edgeProblems(planted)).toContain('base/errors.ts imports run')
  })

  test('form no cycle between files', () => {
    const files = [...filesUnder(src), ...filesUnder(join(root, 'impact'))]
    const graph = new Map(
      files.map((path) => [
        path,
        importsOf(path)
          .filter((name) => name.startsWith('.'))
          .map((name) => resolve(dirname(path), name)),
      ]),
    )
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      if (state.get(path) === 'done') return
      if (state.get(path) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(path)), path].map((file) => relative(root, file)).join(' → '))
        return
      }
      state.set(path, 'open')
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
      state.set(path, 'done')
    }
    for (const path of files) visit(path, [])
    expect(cycles).toEqual([])
  })

  test('the tool knows nothing of Impact', () => {
    const found = filesUnder(src).filter((path) => importsOf(path).some((name) => /(^|\/)impact(\/|$)/.test(name)))
    expect(found).toEqual([])
  })
})

/** Words that only some folders may hold, in code rather than comments. */
const KEPT_IN: readonly { readonly what: string; readonly pattern: RegExp; readonly folders: readonly string[] }[] = [
  { what: 'console', pattern: /\bconsole\./, folders: ['cli'] },
  { what: 'process.exit', pattern: /\bprocess\.exit/, folders: ['cli'] },
  { what: 'process.env', pattern: /\bprocess\.env\b/, folders: ['cli'] },
  { what: 'the driver', pattern: /from 'pg'/, folders: ['postgres', 'copy'] },
  { what: 'what the driver runs', pattern: /import (?!type)[^'\n]*from 'pg['/]/, folders: ['postgres'] },
  { what: 'the clock', pattern: /new Date\(\)|Date\.now\(\)/, folders: ['base', 'cli'] },
  {
    what: 'SQL on the private schema',
    pattern:
      /\bvitrine\.(?:layout|installation|version|run|run_table|freshness|kept_freshness|ledger|made|alarm|erasure|metabase)\b/,
    folders: ['record'],
  },
  { what: 'quoting of names and values', pattern: /replaceAll\(('"'|"'"), ('""'|"''")\)/, folders: ['sql'] },
  { what: 'pausing', pattern: /from 'node:timers\/promises'|resolve\) => setTimeout/, folders: ['base'] },
]

describe.each(KEPT_IN)('$what', ({ pattern, folders }) => {
  test(`stays in ${folders.join(', ')}`, () => {
    const found = filesUnder(src)
      .filter((path) => !folders.includes(folderOf(path)))
      .filter((path) => pattern.test(readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
      .map((path) => relative(src, path))
    expect(found).toEqual([])
  })
})

describe('files', () => {
  const sources = [
    ...filesUnder(src),
    ...filesUnder(join(root, 'packages/embedded-postgres/src')),
    ...filesUnder(join(root, 'impact')),
  ].filter((path) => !/[/\\]test[/\\]/.test(path))

  test('say at their head what they own', () => {
    const silent = sources.filter(
      (path) => !path.endsWith('index.ts') && !/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(readFileSync(path, 'utf8')),
    )
    expect(silent.map((path) => relative(root, path))).toEqual([])
  })

  const FUNCTION = /^(?:export )?(?:async )?function\*? (\w+)/
  const METHOD =
    /^ {2}(?!if|for|while|switch|return|throw|catch|expect)(?:async |static |get |override |protected )*(#?\w+)\(.*[({]$/

  /** From the head of a function to the brace that ends it at the same depth: the formatter writes both alone on a line. */
  function longFunctions(path: string): readonly string[] {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines.flatMap((line, at) => {
      const [plain, method] = [FUNCTION.exec(line)?.[1], METHOD.exec(line)?.[1]]
      const end = plain === undefined ? '  }' : '}'
      if (plain === undefined && (method === undefined || !lines.some((other) => other.includes('class ')))) return []
      const length = lines.slice(at).indexOf(end) + 1
      return length > 60 ? [`${relative(root, path)}: ${plain ?? method} has ${length} lines`] : []
    })
  }

  test('have functions of at most 60 lines', () => {
    expect(filesUnder(src).flatMap(longFunctions)).toEqual([])
  })

  test('no room holds more than a fifth of the tool', () => {
    const sizes = new Map<string, number>()
    for (const path of filesUnder(src)) {
      const room = folderOf(path)
      sizes.set(room, (sizes.get(room) ?? 0) + readFileSync(path, 'utf8').split('\n').length)
    }
    const all = [...sizes.values()].reduce((sum, lines) => sum + lines, 0)
    expect([...sizes].filter(([, lines]) => lines > all / 5)).toEqual([])
  })

  test('have at most 300 lines', () => {
    const long = sources.filter((path) => readFileSync(path, 'utf8').split('\n').length > 301)
    expect(long.map((path) => relative(root, path))).toEqual([])
  })

  test('have the names of the domain, not of drawers', () => {
    const drawers = sources.filter((path) => /(^|[/\\])(utils?|helpers?|common|misc|managers?|types)\.ts$/.test(path))
    expect(drawers).toEqual([])
  })
})

describe('tests', () => {
  const written = [join(root, 'test'), join(root, 'impact/test'), join(root, 'packages')].flatMap(filesUnder)

  test('have no less time than all have: only what hangs takes so long', () => {
    const least = config.test?.testTimeout ?? Number.POSITIVE_INFINITY
    const hurried = written.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\btimeout: ([\d_]+)|\},\s+([\d_]{5,}),?\s*\)\n/g)]
        .map((match) => (match[1] ?? match[2] ?? '').replaceAll('_', ''))
        .filter((milliseconds) => Number(milliseconds) < least)
        .map((milliseconds) => `${relative(root, path)}: ${milliseconds}`),
    )
    expect(hurried).toEqual([])
  })

  test('have the names of the tool’s schemas from the tool, but where they show what it prints', () => {
    const literal = written.filter((path) =>
      /\bshop_(?:next|previous)/.test(readFileSync(path, 'utf8').replaceAll(/toMatchInlineSnapshot\(\s*`[^`]*`/g, '')),
    )
    expect(literal.map((path) => relative(root, path))).toEqual([])
  })
})
