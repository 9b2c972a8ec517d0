/**
 * `delta`: runs that read only changes against runs that read everything, alternating, of one table of 1 M rows and 25
 * columns. Measures CPU of both servers and of the tool, and the WAL that the target writes. Before each run of changes, a share
 * of the rows changes, spread over the table: out of ten, eight are updated, one is removed and one added. Rounds of `follow` are
 * measured in the same way.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { type BenchContext, migrateTool, runTool, sourceOf } from './bench.ts'
import { PUBLISHED } from './publication.ts'
import type { Figure } from './report.ts'
import { spreadOf } from './rounds.ts'
import { withClient } from './servers.ts'

/** Rows of all source tables, so that `company` has 1 M. Not the number of the other benches, whose rows must not change. */
const FULL_ROWS = 5_999_940

/** Share of changed rows, and the goals for CPU and WAL as ratios to a run that reads everything; `log: null` stands for 1.05. */
const SHARES = [
  { work: 'delta', share: 0, cpu: 0.2, log: 0.01 },
  { work: 'delta', share: 0.001, cpu: 0.3, log: 0.01 },
  { work: 'delta', share: 0.01, cpu: 0.4, log: null },
  { work: 'follow', share: 0, cpu: 0.2, log: 0.01 },
  { work: 'follow', share: 0.001, cpu: 0.3, log: 0.01 },
  { work: 'delta', share: 0.05, cpu: 1.05, log: null },
  { work: 'delta', share: 0.2, cpu: 1.05, log: null },
] as const

/** Seconds of CPU of a server's processes on this machine, ended ones included; 100 ticks of /proc are a second. */
async function serverSeconds(url: string): Promise<number> {
  const [row] = await withClient(url, async (client) => {
    const found = await client.query<{ file: string }>("select pg_read_file('postmaster.pid') as file")
    return found.rows
  })
  const leader = Number(row?.file.split('\n')[0])
  let ticks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(pid)
    if (Number(pid) === leader) ticks += sum(fields.slice(11, 15))
    else if (Number(fields[1]) === leader) ticks += sum(fields.slice(11, 13))
  }
  return ticks / 100
}

const sum = (fields: readonly string[]): number => fields.reduce((total, field) => total + Number(field), 0)

/** The fields of /proc/PID/stat after the program's name; none for a process that has just ended. */
function statOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return []
  }
}

/** `source`, `target` and `tool` are seconds of CPU. */
interface Cost {
  readonly seconds: number
  readonly source: number
  readonly target: number
  readonly tool: number
  /** Bytes of WAL on the target. */
  readonly log: number
}

const cpuOf = ({ source, target, tool }: Cost): number => source + target + tool

async function night(context: BenchContext, work: 'full' | 'delta' | 'follow', schema: string): Promise<Cost> {
  const { servers } = context
  await servers.settle()
  const [source, target] = [servers.sourceUrl(), servers.superuserUrl('tool')]
  const written = () =>
    withClient(target, async (client) => {
      const { rows } = await client.query<{ bytes: number }>(
        "select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes",
      )
      return rows[0]?.bytes ?? 0
    })
  const before = [await serverSeconds(source), await serverSeconds(target), await written()] as const
  const { seconds, cpuSeconds } = await runTool(context, work, 'pass', schema)
  const after = [await serverSeconds(source), await serverSeconds(target), await written()] as const
  return {
    seconds,
    source: after[0] - before[0],
    target: after[1] - before[1],
    tool: cpuSeconds,
    log: after[2] - before[2],
  }
}

/** Changes a share of the companies, spread over the table: out of ten, eight are updated, one is removed and one added. */
export async function changeRows(
  { servers }: BenchContext,
  schema: string,
  share: number,
  round: number,
): Promise<void> {
  if (share === 0) return
  const every = Math.round(1 / share)
  const some = (tenths: string) => `id % ${every} = ${round % every} and (id / ${every}) % 10 ${tenths}`
  await withClient(servers.sourceUrl(), async (client) => {
    await client.query(
      `update ${schema}.company set updated_at = updated_at + interval '1 second' where ${some('< 8')}`,
    )
    const columns = await client.query<{ list: string }>(
      `select string_agg(attname, ', ' order by attnum) as list from pg_attribute
       where attrelid = '${schema}.company'::regclass and attnum > 1 and not attisdropped`,
    )
    const list = columns.rows[0]?.list ?? ''
    await client.query(
      `with gone as (delete from ${schema}.company where ${some('= 8')} returning *)
       insert into ${schema}.company (id, ${list}) select (select max(id) from ${schema}.company) + row_number() over (), ${list} from gone`,
    )
    await client.query(`vacuum ${schema}.company`)
  })
}

/** Throws when the published rows differ from those of the source. */
async function requireSame({ servers }: BenchContext, schema: string): Promise<void> {
  const hash = (url: string, table: string) =>
    withClient(url, async (client) => {
      const { rows } = await client.query(
        `select count(*), sum(hashtextextended(concat_ws('|', id, updated_at, siren, name), 0)) from ${table}`,
      )
      return JSON.stringify(rows)
    })
  const [published, source] = await Promise.all([
    hash(servers.targetUrl('tool'), `${PUBLISHED}.company`),
    hash(servers.sourceUrl(), `${schema}.company`),
  ])
  if (published !== source) throw new Error(`published ${published}, the source has ${source}`)
}

export async function benchDelta(context: BenchContext): Promise<readonly Figure[]> {
  const { servers, rounds, say } = context
  const schema = await sourceOf(context, FULL_ROWS)
  await servers.emptyTarget('tool')
  await migrateTool(context, 'pass', schema)
  await night(context, 'full', schema)
  await night(context, 'full', schema)
  await night(context, 'delta', schema)
  const figures: Figure[] = []
  let turn = 0
  for (const { work, share, cpu, log } of SHARES) {
    const pairs: { readonly full: Cost; readonly delta: Cost }[] = []
    for (let round = 0; round < rounds; round++) {
      const full = await night(context, 'full', schema)
      // Different rows each round: PostgreSQL stores rows that changed together next to each other.
      await changeRows(context, schema, share, turn++)
      const delta = await night(context, work, schema)
      await requireSame(context, schema)
      pairs.push({ full, delta })
    }
    const name = `${work === 'follow' ? 'a round of follow, ' : ''}${share * 100} % changed`
    const median = (of: (pair: (typeof pairs)[number]) => number) => spreadOf(pairs.map(of)).median
    const part = (side: 'source' | 'target' | 'tool') =>
      `${side} ${median(({ delta }) => delta[side]).toFixed(2)} of ${median(({ full }) => full[side]).toFixed(2)} s`
    const common = { bench: 'delta', unit: 'ratio' } as const
    figures.push({
      ...common,
      what: `CPU, ${name}`,
      goal: cpu,
      spread: spreadOf(pairs.map(({ full, delta }) => cpuOf(delta) / cpuOf(full))),
      orientation: `${part('source')}, ${part('target')}, ${part('tool')}; ${median(({ delta }) => delta.seconds).toFixed(1)} of ${median(({ full }) => full.seconds).toFixed(1)} s`,
    })
    const megabytes = (of: (pair: (typeof pairs)[number]) => Cost) =>
      (median((pair) => of(pair).log) / 2 ** 20).toFixed(2)
    figures.push({
      ...common,
      what: `log of the target, ${name}`,
      goal: log ?? 1.05,
      spread: spreadOf(pairs.map(({ full, delta }) => delta.log / full.log)),
      orientation: `${megabytes(({ delta }) => delta)} of ${megabytes(({ full }) => full)} MB`,
    })
    say(
      `${name}: ${figures
        .slice(-2)
        .map(({ spread, orientation }) => `${spread.median.toFixed(3)} (${orientation})`)
        .join('; ')}`,
    )
  }
  return figures
}
