/**
 * The tests, as CI runs them. A file that fails is run once more, alone: what a crowded machine decided is green then, what is
 * broken fails twice. The last lines name both, so that neither is overlooked.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'vitrine-tests-'))

/** @returns whether all was green, and what failed by file. */
function run(name, files) {
  const output = join(folder, name)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`]
  const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', ...reporters, ...files], { stdio: 'inherit' })
  const { testResults = [] } = status === null ? {} : JSON.parse(readFileSync(output, 'utf8'))
  const failed = testResults.filter((file) => file.status === 'failed')
  return {
    green: status === 0,
    files: failed.map((file) => relative(process.cwd(), file.name)),
    told: failed.flatMap((file) => {
      const tests = file.assertionResults.filter((test) => test.status === 'failed')
      const first = (text) => String(text).split('\n')[0]
      const all = tests.map((test) => `${test.fullName}: ${first(test.failureMessages[0])}`)
      return (all.length > 0 ? all : [first(file.message)]).map(
        (line) => `  ${relative(process.cwd(), file.name)}: ${line}`,
      )
    }),
  }
}

const first = run('first.json', [])
let { green } = first
if (!green && first.files.length === 0) console.log('FAILED outside of any test: read the errors above.')
if (first.files.length > 0) {
  console.log(`== once more, alone: ${first.files.join(', ')}`)
  const second = run('second.json', ['--maxWorkers=1', ...first.files])
  green = second.green
  console.log(['Failed at the first try:', ...first.told].join('\n'))
  if (!green) console.log(['Failed twice:', ...second.told].join('\n'))
}
rmSync(folder, { recursive: true })
process.exitCode = green ? 0 : 1
