/** The public sources of the demonstration: a server of our own on this machine that speaks their formats. */
import type { Call } from 'vitrine/cli'
import { withSession } from 'vitrine/cli'
import type { Address } from 'vitrine/run'
import { sampleFacts } from '../../feeds/demo-facts.ts'
import { startDemoServer } from '../../feeds/demo-server.ts'
import publication from '../../publication/index.ts'

export interface DemonstrationSources {
  /** For EGAPRO_URL and BGES_URL. */
  readonly url: string
  stop(): Promise<void>
}

/** Answers with the facts of the sample, so that a first `sync_egapro` or `sync_bges` finds what is published already. */
export async function startSources(call: Call, operational: Address): Promise<DemonstrationSources> {
  const wish = { side: 'source', address: operational, readOnly: true } as const
  const facts = await withSession(call, publication, wish, ({ client }) => sampleFacts(client))
  return startDemoServer({ facts })
}
