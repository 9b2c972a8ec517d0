/**
 * The tests, as CI runs them. A file that fails is run once more, alone: what a crowded machine decided is green then, what is
 * broken fails twice. The last lines name both, so that neither is overlooked.
 */
import { relative } from 'node:path'
import { startVitest } from 'vitest/node'

const nameOf = (file) => relative(process.cwd(), file)
const firstLine = (error) => String(error?.message ?? error).split('\n')[0]

/** @returns the files that failed, and what failed in words; also errors that no test waited for. */
async function run(files, options = {}) {
  const vitest = await startVitest('test', files, { watch: false, ...options })
  const modules = vitest.state.getTestModules()
  const failed = modules.filter((module) => !module.ok())
  const told = failed.flatMap((module) => {
    const tests = [...module.children.allTests('failed')].map((test) => [test.fullName, test.result().errors?.[0]])
    const suites = [...module.children.allSuites()].flatMap((suite) =>
      suite.errors().map((error) => [suite.fullName, error]),
    )
    const own = module.errors().map((error) => ['the file', error])
    return [...tests, ...suites, ...own].map(
      ([name, error]) => `  ${nameOf(module.moduleId)}: ${name}: ${firstLine(error)}`,
    )
  })
  const loose = vitest.state.getUnhandledErrors()
  const from = loose.flatMap((error) => (error.VITEST_TEST_PATH === undefined ? [] : [error.VITEST_TEST_PATH]))
  await vitest.close()
  return {
    green: modules.length > 0 && failed.length + loose.length === 0,
    files: [...new Set([...failed.map(({ moduleId }) => moduleId), ...from])].map(nameOf),
    told: [
      ...told,
      ...loose.map((error) => `  outside of any test: ${error.VITEST_TEST_NAME ?? ''} ${firstLine(error)}`),
    ],
  }
}

const first = await run(process.argv.slice(2))
let { green } = first
if (!green) {
  console.log(`== once more, alone: ${first.files.join(', ')}`)
  const second = first.files.length === 0 ? first : await run(first.files, { maxWorkers: 1 })
  green = second.green
  console.log(['Failed at the first try:', ...first.told].join('\n'))
  if (!green) console.log(['Failed twice:', ...second.told].join('\n'))
}
process.exitCode = green ? 0 : 1
