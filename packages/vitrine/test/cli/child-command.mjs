// One command of the compiled tool in a process of its own, so that it can be killed. Settings come as one JSON argument.
import { processIo } from '../../dist/cli/process-io.js'
import { runProgram } from '../../dist/cli/program.js'
import { vitrine } from '../../dist/cli/vitrine.js'
import * as language from '../../dist/index.js'
import { plainShop } from '../run/plain-shop.mjs'

const { roles, line } = JSON.parse(process.argv[2] ?? '{}')
process.exitCode = await runProgram(
  { ...vitrine, publication: plainShop(language, roles) },
  line.split(' '),
  processIo(),
)
