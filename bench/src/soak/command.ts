/**
 * One command of the tool in a process of its own, to be killed: `node command.js sync|rollback`, with SOURCE_URL and
 * TARGET_URL in its environment, and SOAK_DELTA=1 for nights that read what changed. Prints `started`, each phase as it is
 * entered, the way of each table, and `done`.
 */
import { parseAddress, rollback, sync } from 'vitrine/run'
import { deltaPublication, publication as whole } from './publication.ts'

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const publication = process.env['SOAK_DELTA'] === '1' ? deltaPublication : whole
const request = {
  publication,
  target: parseAddress(process.env['TARGET_URL'] ?? '', 'TARGET_URL'),
  observer: (event: { readonly kind: string; readonly phase?: string }) =>
    event.kind === 'phase' && say(event.phase ?? ''),
}

say('started')
if (process.argv[2] === 'rollback') {
  await rollback(request)
} else {
  const report = await sync({
    ...request,
    source: parseAddress(process.env['SOURCE_URL'] ?? '', 'SOURCE_URL'),
  })
  for (const { table, way, warnings } of report.tables) {
    say(`way ${table} ${way}`)
    for (const { code } of warnings) if (code !== undefined) throw new Error(`${code} of ${table}`)
  }
}
say('done')
