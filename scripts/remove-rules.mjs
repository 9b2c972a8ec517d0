// Takes every rule of the lineage away once, in a copy of the source, and names the removals that no test notices. On demand:
// `node scripts/remove-rules.mjs [WORD]`, where the word picks the files or lines that hold it. Minutes of one core.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVitest } from 'vitest/node'

const root = fileURLToPath(new URL('../', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'vitrine-rules-'))
const folder = 'packages/vitrine/src/lineage'
// The quick ones first: a removal that they notice costs no more.
const tests = ['rules', 'bounds', 'attacks', 'lineage'].map((name) => `packages/vitrine/test/lineage/${name}.test.ts`)

// What stands in the place of a rule: it takes the same, and refuses nothing.
const NOTHING = '((..._: unknown[]) => undefined as never)'

/** What may be taken away from a line, each as the line without it. */
function removals(line, file) {
  if (/^\s*(?:\*|\/\/|\/\*|import|export function refuse| {2}(?:choose|usable|flow|part)\()/.test(line)) return []
  const found = [...line.matchAll(/\brefuse\(|(?:this|reader)\.(?:choose|usable)\(|\brequire[A-Z]\w+\(/g)]
    .filter(({ index }) => !/function $/.test(line.slice(0, index)))
    .map(({ 0: call, index }) => `${line.slice(0, index)}${NOTHING}(${line.slice(index + call.length)}`)
  if (file !== 'node-fields.ts') return found
  // One field of one node: whatever its use, nobody looks at it any more.
  const uses = /(\b\w+: )(flows|null|numbers|chooses\('[^']*'\)|part\('\w+'\)|known\('\w+', \w+\)|\[[^\]]*\])(?=,| \})/g
  return [
    ...found,
    ...[...line.matchAll(uses)].map(
      ({ 0: all, 1: field, index }) => `${line.slice(0, index)}${field}inert${line.slice(index + all.length)}`,
    ),
  ]
}

const word = process.argv[2] ?? ''
const wanted = readdirSync(join(root, folder))
  .flatMap((file) => {
    const text = readFileSync(join(root, folder, file), 'utf8')
    const lines = (file === 'node-fields.ts' ? text.replaceAll(/,\n {6}'/g, ", '") : text).split('\n')
    return lines.flatMap((line, at) =>
      removals(line, file).map((without) => ({
        file,
        at: at + 1,
        line,
        text: lines.with(at, without).join('\n'),
        without,
      })),
    )
  })
  .filter(({ file, line }) => `${file}: ${line}`.includes(word))

for (const part of ['packages/vitrine', 'test', 'tsconfig.base.json']) {
  const filter = (path) => !/[/\\](?:node_modules|dist)$/.test(path)
  cpSync(join(root, part), join(copy, part), { recursive: true, filter })
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
const settings = {
  root: copy,
  config: false,
  watch: false,
  bail: 1,
  reporters: [{}],
  maxWorkers: 1,
  testTimeout: 60_000,
}
const vitest = await createVitest('test', { ...settings, include: tests })
const passes = async () => {
  for (const specification of await vitest.globTestSpecifications()) {
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification])
    if (unhandledErrors.length > 0 || !testModules.every((module) => module.ok())) return false
  }
  return true
}

let unnoticed = 0
try {
  if (!(await passes())) throw new Error('the tests fail before anything is taken away')
  for (const { file, at, line, text, without } of wanted) {
    const path = join(copy, folder, file)
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, text)
    vitest.invalidateFile(path)
    const noticed = !(await passes())
    process.stderr.write(`${noticed ? '.' : '!'}`)
    writeFileSync(path, whole)
    vitest.invalidateFile(path)
    if (noticed) continue
    unnoticed += 1
    const from = [...line].findIndex((letter, index) => letter !== without[index])
    process.stdout.write(`${file}:${at}: ${line.slice(Math.max(0, from - 30), from + 90).trim()}\n`)
  }
  process.stderr.write('\n')
  process.stdout.write(`${unnoticed} of ${wanted.length} removals are noticed by no test\n`)
} finally {
  await vitest.close()
  rmSync(copy, { recursive: true, force: true })
}
process.exitCode = unnoticed === 0 ? 0 : 1
