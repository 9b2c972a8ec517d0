/**
 * Switches two ready versions back and forth, in its own process: `node switches.js SOURCE_SCHEMA COUNT`, with
 * TARGET_URL in its environment. Each switch is a rollback without the comparison that usually follows.
 * Prints one line of JSON, a SwitchesReport.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { definePublication } from 'vitrine'
import { parseAddress, rollback, VitrineError } from 'vitrine/run'
import { publicationOf } from './publication.ts'
import type { OneSwitch, SwitchesReport } from './tool-report.ts'

/** Long enough for readers to begin many statements between two switches. */
const PAUSE_MS = 100

const [schema = '', count = '1'] = process.argv.slice(2)
const plain = publicationOf('readers', schema)
const publication = definePublication({ ...plain, limits: { ...plain.limits, differenceRows: 0 } })
const target = parseAddress(process.env['TARGET_URL'] ?? '', 'TARGET_URL')
const switches: OneSwitch[] = []
let givenUp = 0
while (switches.length + givenUp < Number(count)) {
  let at = 0
  try {
    const { switchMilliseconds: milliseconds, switchTries: tries } = await rollback({
      publication,
      target,
      // The phase after the switch begins when the switch is committed.
      observer: (event) => {
        if (event.kind === 'phase' && event.phase === 'describe') at = performance.timeOrigin + performance.now()
      },
    })
    switches.push({ at, milliseconds, tries })
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== 'SWITCH_BLOCKED') throw error
    givenUp += 1
  }
  await sleep(PAUSE_MS)
}
const report: SwitchesReport = { switches, givenUp }
process.stdout.write(`${JSON.stringify(report)}\n`)
