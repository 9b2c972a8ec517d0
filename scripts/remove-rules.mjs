// Takes every rule of the lineage away once, and names the removals that no test notices. On demand, in seconds:
// `node scripts/remove-rules.mjs [WORD]`, where the word picks the lines that hold it. The tests of the lineage that need no
// server are run in this process, against a copy of the source in which each rule asks whether it is there. A test that does
// not come to a rule cannot notice that it is gone, and is not run again for it.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../', import.meta.url))
const copy = mkdtempSync(join(root, '.vitrine/rules-'))
const sources = 'packages/vitrine/src/lineage'
const tests = ['rules', 'bounds', 'lineage', 'attacks'].map((name) => `packages/vitrine/test/lineage/${name}.test.ts`)
const removals = []

/** The line in which each of its rules is there only while its number is not the one that is taken away. */
function guarded(line, at, file) {
  if (/^\s*(?:\*|\/\/|\/\*|import )|function refuse|^ {2}(?:choose|usable)\(/.test(line)) return line
  const guard = (what, nothing, text = line.trim()) => {
    removals.push({ file, at, text })
    // A line that began with a parenthesis would call the line before it.
    const begins = line.trim().startsWith(`${what}(`) ? 'void ' : ''
    return `${begins}(globalThis.isRemoved(${removals.length}) ? ${nothing} : ${what})`
  }
  const calls = line.replaceAll(/(?<!function |\.)\b(?:refuse|require[A-Z]\w+)(?=\()/g, (call) =>
    guard(call, '(() => undefined)'),
  )
  const rows = calls.replaceAll(/(?:this|reader)\.(?:choose|usable)(?=\()/g, (call) => {
    const owner = call.split('.')[0]
    return `${guard(call, '(() => undefined)')}.bind(${owner})`
  })
  if (file !== 'node-fields.ts') return rows
  // One field of one node: whatever its use, nobody looks at it any more.
  const use =
    /(?<=[{,] |^ {4})(\w+): (flows|null|numbers|chooses\('[^']*'\)|part\('\w+'\)|known\('\w+', \w+\)|\[[^\]]*\])(?=,| \}|$)/g
  return rows.replaceAll(
    use,
    (_, field, what) =>
      `get ${field}() { return ${guard(what, 'inert', `${line.trim().split(':')[0]} … ${field}: ${what}`)} }`,
  )
}

const joined = (text) => text.replaceAll(/,\n {6}(?=')/g, ', ').replaceAll(/\n {4}(?=[a-zA-Z]+: )/g, ' ')
for (const part of ['packages/vitrine/src', 'packages/vitrine/test']) {
  cpSync(join(root, part), join(copy, part), { recursive: true })
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
for (const file of readdirSync(join(copy, sources))) {
  const path = join(copy, sources, file)
  const text = readFileSync(path, 'utf8')
  const start = text.indexOf('const USES')
  const whole = start < 0 ? text : text.slice(0, start) + joined(text.slice(start))
  const lines = whole.split('\n').map((line, index) => guarded(line, index + 1, file))
  // Asked for at each use, and not once.
  const asked = lines
    .join('\n')
    .replace('new Map(Object.entries(uses))', '{ get: (field: string) => uses[field as never] } as never')
  writeFileSync(path, asked)
}

/** What the test files see instead of Vitest: their tests, in a list. */
const VITEST = `
  import { isDeepStrictEqual } from 'node:util'
  export const vi = { hoisted: (make) => make(), mock: () => undefined, resetModules: () => undefined }
  export const afterAll = () => undefined
  const filled = (name, row) => name.replaceAll(/%\\w/g, () => String(row[0]))
  const eachOf = (work) => (rows) => (name, given, more) => {
    const run = typeof given === 'function' ? given : more
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row]
      work(filled(name, values), () => run(...values))
    }
  }
  export const describe = Object.assign((_, define) => define(), { each: eachOf((_, define) => define()) })
  const add = (name, run) => globalThis.tests.push({ name, run })
  export const test = Object.assign(add, { each: eachOf(add) })
  const thrownBy = (run) => { try { run() } catch (error) { return String(error) } }
  const holds = {
    toEqual: isDeepStrictEqual, toBe: Object.is, toContain: (a, b) => a.includes(b),
    toMatch: (a, b) => new RegExp(b).test(a), toBeTypeOf: (a, b) => typeof a === b, toBeGreaterThan: (a, b) => a > b,
    toThrow: (run, words = '') => thrownBy(run)?.includes(words) === true,
  }
  const matchers = (actual, wanted) => Object.fromEntries(Object.entries(holds).map(([name, holdsFor]) => [name, (...given) => {
    if (holdsFor(actual, ...given) !== wanted) throw new Error(name)
  }]))
  export const expect = (actual) => ({ ...matchers(actual, true), not: matchers(actual, false) })
`
writeFileSync(join(copy, 'vitest.mjs'), VITEST)
writeFileSync(join(copy, 'all.ts'), tests.map((path) => `import './${path}'`).join('\n'))

const passes = async ({ run }) => {
  try {
    await run()
    return true
  } catch {
    return false
  }
}
const isNoticed = async (sound) => {
  for (const test of sound) if (!(await passes(test))) return true
  return false
}
let removed = 0
let asked = new Set()
globalThis.isRemoved = (number) => {
  asked.add(number)
  return number === removed
}

try {
  const alias = { vitest: join(copy, 'vitest.mjs') }
  const bundle = await rolldown({
    input: join(copy, 'all.ts'),
    platform: 'node',
    external: /^(?:kysely|libpg-query|pg)$/,
    resolve: { alias },
  })
  await bundle.write({ file: join(copy, 'all.mjs'), format: 'esm' })
  globalThis.tests = []
  await import(pathToFileURL(join(copy, 'all.mjs')).href)
  // Those of Vitest's own mocks fail here, and say nothing.
  const sound = []
  for (const test of globalThis.tests) {
    asked = new Set()
    if (await passes(test)) sound.push({ ...test, asked })
  }
  process.stdout.write(`${sound.length} of ${globalThis.tests.length} tests run\n`)
  let [tried, unnoticed] = [0, 0]
  for (const [index, { file, at, text }] of removals.entries()) {
    if (!`${file}: ${text}`.includes(process.argv[2] ?? '')) continue
    removed = index + 1
    tried += 1
    if (await isNoticed(sound.filter((test) => test.asked.has(removed)))) continue
    unnoticed += 1
    process.stdout.write(`${file}:${at}: ${text}\n`)
  }
  process.stdout.write(`${unnoticed} of ${tried} removals are noticed by no test\n`)
  process.exitCode = unnoticed === 0 ? 0 : 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}
