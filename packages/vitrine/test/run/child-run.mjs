// One run of the compiled tool in a process of its own, so that it can be killed. Settings come as one JSON argument.
import * as vitrine from '../../dist/index.js'
import { parseAddress } from '../../dist/postgres/address.js'
import { sync } from '../../dist/run/sync.js'
import { plainShop } from './plain-shop.mjs'

const { roles, source, target } = JSON.parse(process.argv[2] ?? '{}')
process.stdout.write('started\n')
await sync({
  publication: plainShop(vitrine, roles),
  source: parseAddress(source, 'source'),
  target: parseAddress(target, 'target'),
  only: null,
  dryRun: false,
  allowShrink: false,
  at: null,
  pseudonymKey: null,
  trigger: 'command',
  observer: (event) => event.kind === 'phase' && process.stdout.write(`${event.phase}\n`),
  signal: new AbortController().signal,
})
process.stdout.write('published\n')
