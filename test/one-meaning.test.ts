/** Two meanings, two words: a name that the tool exports, and the name of a file, stand once. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../packages/vitrine/src/', import.meta.url))
const files = execFileSync('git', ['ls-files', '*.ts'], { cwd: source, encoding: 'utf8' }).trim().split('\n')

/** The names that stand in several places, with these. */
function repeated(
  entries: readonly (readonly [name: string, place: string])[],
): Readonly<Record<string, readonly string[]>> {
  const names = [...new Set(entries.map(([name]) => name))]
  const places = names.map(
    (name) => [name, [...new Set(entries.flatMap(([one, at]) => (one === name ? [at] : [])))]] as const,
  )
  return Object.fromEntries(places.filter(([, at]) => at.length > 1))
}

test('what is exported under one name is one thing', () => {
  const exported = files.flatMap((path) =>
    // The entrances load what they export when it is called for.
    dirname(path) === '.'
      ? []
      : [
          ...readFileSync(`${source}${path}`, 'utf8').matchAll(
            /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) ([\w$]+)/gm,
          ),
        ].map(([, name = '']) => [name, path] as const),
  )
  expect(exported.length).toBeGreaterThan(1_000)
  expect(repeated(exported)).toEqual({})
})

test('a file is called as no other, but for a command and what it does', () => {
  const named = files
    .filter((path) => dirname(path) !== 'cli/commands' && basename(path) !== 'index.ts')
    .map((path) => [basename(path), path] as const)
  expect(repeated(named)).toEqual({})
})
