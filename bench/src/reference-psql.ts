/**
 * The reference as a shell script of psql pipes: binary COPY from one psql into another, with parallel lanes in the background
 * and one exported snapshot. Also finds the real psql, because the start of a wrapper would favour the tool.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Load, ReferenceWork } from './reference.ts'

export interface Psql {
  readonly path: string
  /** Output of `psql --version`, such as `psql (PostgreSQL) 15.18`. */
  readonly version: string
}

/** On Debian, `psql` is a Perl script that starts the real one from here and costs 50 ms per start. */
const DEBIAN = '/usr/lib/postgresql'

function withoutWrapper(path: string): string {
  if (!realpathSync(path).endsWith('pg_wrapper')) return path
  const versions = readdirSync(DEBIAN).map(Number).filter(Number.isInteger)
  return join(DEBIAN, String(Math.max(...versions)), 'bin/psql')
}

/** The psql on the PATH; null when there is none, or no POSIX shell to connect two of them. */
export function findPsql(path: string): Psql | null {
  if (process.platform === 'win32') return null
  for (const folder of path.split(delimiter).filter((entry) => entry !== '')) {
    try {
      const found = withoutWrapper(join(folder, 'psql'))
      const { status, stdout } = spawnSync(found, ['--version'], { encoding: 'utf8' })
      if (status === 0) return { path: found, version: stdout.trim() }
    } catch {
      // Not in this folder.
    }
  }
  return null
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
export const commands = (statements: readonly string[]): string =>
  statements.map((text) => `-c ${quoted(text)}`).join(' ')

function pipe({ create, copyOut, copyIn, finish }: Load, snapshot: boolean): string {
  const reads = snapshot
    ? `-c 'begin isolation level repeatable read read only' -c "set transaction snapshot '$snapshot'" ${commands([copyOut])}`
    : commands([copyOut])
  return `from_source ${reads} | to_target ${commands(['begin', create, copyIn, 'commit', ...finish])}`
}

const lane = (name: string, lines: readonly string[]): string => `${name}() {\n${lines.join('\n')}\n}`

/** Runs lanes in parallel; the script ends when one fails. */
function together(prefix: string, lanes: readonly (readonly string[])[]): readonly string[] {
  const names = lanes.map((_, index) => `${prefix}_${index + 1}`)
  return [
    ...lanes.map((lines, index) => lane(names[index] ?? '', lines)),
    ...names.map((name) => `${name} & ${name}_pid=$!`),
    ...names.map((name) => `wait $${name}_pid`),
  ]
}

const EXPORT_SNAPSHOT = [
  // A session that holds the snapshot while the lanes read: it waits for input on this pipe.
  'area=$(mktemp -d); trap \'rm -rf "$area"\' EXIT',
  'mkfifo "$area/in"',
  'from_source -At < "$area/in" > "$area/snapshot" &',
  'exec 3> "$area/in"',
  'echo "begin isolation level repeatable read read only; select pg_export_snapshot();" >&3',
  'while [ ! -s "$area/snapshot" ]; do sleep 0.01; done',
  'snapshot=$(cat "$area/snapshot")',
]

const PSQL = '"$PSQL" -X -q -v ON_ERROR_STOP=1'

/** First lines of each script: how it reaches the two servers. */
export const HEAD = [
  'set -e',
  `from_source() { PGPASSWORD="$SOURCE_PASSWORD" ${PSQL} -d "$SOURCE" "$@"; }`,
  `to_target() { PGPASSWORD="$TARGET_PASSWORD" ${PSQL} -d "$TARGET" "$@"; }`,
] as const

/** The script; it reads PSQL, SOURCE, SOURCE_PASSWORD, TARGET and TARGET_PASSWORD from its environment. */
export function scriptOf(work: ReferenceWork): string {
  const { before, lanes, between, validations, publish, after } = work
  const several = lanes.length > 1
  const on = (statements: readonly string[], flags = '') =>
    statements.length === 0 ? [] : [`to_target ${flags} ${commands(statements)}`]
  return [
    ...HEAD,
    ...on(before),
    ...(several
      ? [
          ...EXPORT_SNAPSHOT,
          ...together(
            'load',
            lanes.map((loads) => loads.map((load) => pipe(load, true))),
          ),
          'exec 3>&-',
        ]
      : lanes.flat().map((load) => pipe(load, false))),
    ...on(between),
    ...together(
      'validate',
      validations.map((statements) => on(statements)),
    ),
    ...on(publish, '-1'),
    ...on(after),
    '',
  ].join('\n')
}
