// One command of the compiled tool in a process of its own, so that it can be killed. Settings come as one JSON argument.
import * as vitrine from '../../dist/index.js'
import { parseAddress, rollback, sync } from '../../dist/run.js'
import { plainShop } from './plain-shop.mjs'

const { command = 'sync', roles, source, target, dies } = JSON.parse(process.argv[2] ?? '{}')
const request = {
  publication: plainShop(vitrine, roles),
  target: parseAddress(target, 'target'),
  observer: (event) => {
    if (event.kind !== 'phase') return
    process.stdout.write(`${event.phase}\n`)
    if (event.phase === dies?.phase) setTimeout(() => process.kill(process.pid, 'SIGKILL'), dies.afterMs).unref()
  },
}
process.stdout.write('started\n')
if (command === 'rollback') {
  await rollback(request)
} else {
  await sync({
    ...request,
    source: parseAddress(source, 'source'),
  })
}
process.stdout.write('published\n')
