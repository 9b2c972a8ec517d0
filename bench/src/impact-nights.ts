/**
 * Impact's runs that read only changes against runs that read everything, from the same source into two targets: CPU of both
 * servers and of the tool, and time. Before each pair, a thousandth of the rows of every source table of the publication changes: out of
 * ten, eight are updated, one moves to another company or report, and one is removed and added again under another key.
 */
import type { EmbeddedServer } from '@vitrine/embedded-postgres'
import type { Publication } from 'vitrine'
import type { Figure } from './report.ts'
import { spreadOf } from './rounds.ts'
import { cpuOf } from './server-cpu.ts'
import { withClient } from './servers.ts'

/** Each table, its column that refers to a company or report (or null), and a column that every change updates. */
const TABLES = [
  ['entreprises_entreprise', null, 'updated_at'],
  ['entreprises_caracteristiquesannuelles', null, 'updated_at'],
  ['users_user', null, 'updated_at'],
  ['habilitations_habilitation', 'user_id', 'updated_at'],
  ['invitations_invitation', 'entreprise_id', 'updated_at'],
  ['reglementations_bdese_300', null, 'updated_at'],
  ['reglementations_bdese_50_300', null, 'updated_at'],
  ['reglementations_rapportcsrd', null, 'updated_at'],
  ['reglementations_enjeu', null, 'updated_at'],
  ['vsme_indicateur', null, 'updated_at'],
  ['analyseia_analyseia', null, 'updated_at'],
] as const
const EVERY = 1_000
const SIDES = ['source', 'target', 'tool'] as const

interface NightsRequest {
  readonly servers: readonly [EmbeddedServer, EmbeddedServer]
  readonly publication: Publication
  readonly source: string
  /** URLs of two targets, each with a published version. */
  readonly full: string
  readonly delta: string
  readonly rounds: number
  /** Runs once. Returns milliseconds. */
  readonly publish: (publication: Publication, source: string, target: string) => Promise<number>
  readonly say: (text: string) => void
}

async function change(source: string, round: number): Promise<void> {
  await withClient(source, async (client) => {
    for (const [table, attached, written] of TABLES) {
      const some = `id % ${EVERY} = ${round}`
      await client.query(`update ${table} set ${written} = ${written} + interval '1 second' where ${some}`)
      if (attached === null) continue
      const other = `(select o.${attached} from ${table} o where o.id > t.id order by o.id limit 1)`
      const free =
        table === 'habilitations_habilitation'
          ? `and not exists (select from ${table} h where h.entreprise_id = t.entreprise_id and h.user_id = ${other})`
          : ''
      await client.query(
        `update ${table} t set ${attached} = ${other} where ${some} and (id / ${EVERY}) % 10 = 8 and ${other} is not null ${free}`,
      )
      await client.query(
        `delete from ${table} where ${some} and (id / ${EVERY}) % 10 = 9 and not exists (select from habilitations_habilitation h where h.invitation_id = ${table}.id)`,
      )
    }
    await client.query('analyze')
  })
}

export async function compareNights(request: NightsRequest): Promise<readonly Figure[]> {
  const { publication, source, publish, say } = request
  const [whole, changed] = [1, 1_000_000].map((deltaProofNights) => ({
    ...publication,
    limits: { ...publication.limits, deltaProofNights },
  })) as [Publication, Publication] // sound because two go in.
  for (let night = 0; night < 2; night++) await publish(changed, source, request.delta)
  const used = async () => {
    const [source = 0, target = 0] = await Promise.all(
      request.servers.map((server) => withClient(server.url('postgres'), cpuOf)),
    )
    const { user, system } = process.cpuUsage()
    return [source, target, (user + system) / 1e6] as const
  }
  const night = async (definition: Publication, target: string) => {
    const before = await used()
    const milliseconds = await publish(definition, source, target)
    const sides = (await used()).map((seconds, side) => seconds - (before[side] ?? 0))
    return { sides, cpu: sides.reduce((sum, seconds) => sum + seconds, 0), milliseconds }
  }
  const pairs: {
    readonly full: Awaited<ReturnType<typeof night>>
    readonly delta: Awaited<ReturnType<typeof night>>
  }[] = []
  for (let round = 0; round < request.rounds; round++) {
    await change(source, round)
    const full = await night(whole, request.full)
    const delta = await night(changed, request.delta)
    pairs.push({ full, delta })
    say(
      `${delta.cpu.toFixed(2)} of ${full.cpu.toFixed(2)} s of CPU, ${Math.round(delta.milliseconds)} of ${Math.round(full.milliseconds)} ms`,
    )
  }
  const common = { bench: 'impact', unit: 'ratio', goal: 0.35 } as const
  const middle = (of: (pair: (typeof pairs)[number]) => number) => spreadOf(pairs.map(of)).median.toFixed(1)
  return [
    {
      ...common,
      what: '0.1 % of all rows changed, CPU against a night that reads everything',
      spread: spreadOf(pairs.map(({ full, delta }) => delta.cpu / full.cpu)),
      orientation: SIDES.map(
        (side, index) =>
          `${side} ${middle(({ delta }) => delta.sides[index] ?? 0)} of ${middle(({ full }) => full.sides[index] ?? 0)} s`,
      ).join(', '),
    },
    {
      ...common,
      what: 'the same, time',
      spread: spreadOf(pairs.map(({ full, delta }) => delta.milliseconds / full.milliseconds)),
      orientation: `${middle(({ delta }) => delta.milliseconds / 1000)} of ${middle(({ full }) => full.milliseconds / 1000)} s`,
    },
  ]
}
