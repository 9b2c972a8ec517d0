/**
 * The tool's side, in its own process: `node tool.js load|sync|full|delta|follow SUBJECT SOURCE_SCHEMA`, with SOURCE_URL and
 * TARGET_URL in its environment; SUBJECT may be a point of growth, as JSON. `load` copies one table into the staging schema,
 * `sync` and `full` run and read everything, `delta` reads only changes, and `follow` does the same as between due times (its CPU
 * does not include the start of the process). Prints one line of JSON, a ToolReport.
 */
import { readFileSync } from 'node:fs'
import type { Publication } from 'vitrine'
import { connect, parseAddress, Secret, sync } from 'vitrine/run'
import { loadOneTable } from 'vitrine/testing'
import { type Grown, grown } from './growth-publication.ts'
import { publicationOf, SUBJECTS } from './publication.ts'
import { NEXT } from './reference.ts'
import type { ToolReport } from './tool-report.ts'

const addresses = () => ({
  source: parseAddress(process.env['SOURCE_URL'] ?? '', 'SOURCE_URL'),
  target: parseAddress(process.env['TARGET_URL'] ?? '', 'TARGET_URL'),
})

async function load(publication: Publication): Promise<void> {
  const [table] = publication.tables
  if (table === undefined) throw new Error('the publication has no table')
  const { limits } = publication
  const { source: from, target: to } = addresses()
  const [source, target] = await Promise.all([
    connect(from, { side: 'source', name: 'bench', limits, searchPath: [publication.source.schema] }),
    connect(to, { side: 'target', name: 'bench', limits, readOnly: false }),
  ])
  await loadOneTable({ publication, table, source, target, schema: NEXT })
  await Promise.all([source.end(), target.end()])
}

async function wholeRun(publication: Publication, trigger: 'command' | 'follow'): Promise<ToolReport['switched']> {
  let switchedAt = 0
  const report = await sync({
    publication,
    trigger,
    ...addresses(),
    pseudonymKey: new Secret(''),
    // The phase after the switch begins when the switch is committed.
    observer: (event) => {
      if (event.kind === 'phase' && event.phase === 'describe') switchedAt = performance.timeOrigin + performance.now()
    },
  })
  const { switchMilliseconds: milliseconds, switchTries: tries, phases } = report
  return { at: switchedAt, milliseconds, tries, phases }
}

/** Bytes. On Linux, /proc gives the peak since the program started; elsewhere the process's own resource usage is used. */
function peakBytes(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

function named(given: string | undefined, schema: string): Publication {
  const subject = SUBJECTS.find((name) => name === given)
  if (subject === undefined) throw new Error('there is no such publication')
  return publicationOf(subject, schema)
}

async function main(): Promise<void> {
  const [work, given, schema = ''] = process.argv.slice(2)
  const defined =
    given?.startsWith('{') === true
      ? grown(JSON.parse(given) as Grown /* sound because growth.ts wrote it */, schema)
      : named(given, schema)
  // Never a proof, which would read everything in a run of changes.
  const isFull = work !== 'delta' && work !== 'follow'
  const deltaProofNights = isFull ? 1 : 1_000_000
  const publication = { ...defined, limits: { ...defined.limits, deltaProofNights } }
  const started = work === 'follow' ? process.cpuUsage() : undefined
  const switched = work !== 'load' ? await wholeRun(publication, work === 'follow' ? 'follow' : 'command') : null
  if (work === 'load') await load(publication)
  const { user, system } = process.cpuUsage(started)
  const report: ToolReport = { peakBytes: peakBytes(), cpuSeconds: (user + system) / 1e6, switched }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

await main()
