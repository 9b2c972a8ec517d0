// One command of the compiled tool in a process of its own, so that it can be killed. Settings come as one JSON argument.
import { COMMANDS, processIo, runProgram } from '../../dist/cli.js'
import * as language from '../../dist/index.js'
import { plainShop } from '../run/plain-shop.mjs'

const { roles, line } = JSON.parse(process.argv[2] ?? '{}')
process.exitCode = await runProgram(
  { name: 'vitrine', summary: 'The tool.', commands: COMMANDS, publication: plainShop(language, roles) },
  line.split(' '),
  processIo(),
)
