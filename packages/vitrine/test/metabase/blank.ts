/** Applications of a shop's definitions to a stand-in of their own, with a record in memory: what is killed needs no database. */
import { Secret } from '../../src/base/secret.ts'
import { Metabase } from '../../src/metabase/client.ts'
import { applyPlan, planMetabase } from '../../src/metabase/metabase-apply.ts'
import { diagnoseMetabase } from '../../src/metabase/metabase-doctor.ts'
import type { Applied } from '../../src/metabase/metabase-plan.ts'
import { probeMetabase } from '../../src/metabase/metabase-server.ts'
import { wantedFrom } from '../../src/metabase/wanted.ts'
import type { Publication } from '../../src/publication/publication.ts'
import type { metabaseShop } from './metabase-shop.ts'
import { StandIn } from './stand-in.ts'

export const KEY = 'mb_killed='
export type Shop = () => Awaited<ReturnType<typeof metabaseShop>>

/** Another publication beside one that is there already has a record of its own. */
export async function blank(shop: Shop, beside?: StandIn, sslMode = 'prefer') {
  const metabase = beside ?? (await StandIn.start())
  metabase.syncLag = 0
  if (beside === undefined) metabase.keys.push({ id: 1, name: 'Vitrine', group: { id: 2 }, unmasked_key: KEY })
  let recorded: readonly Applied[] = []
  const url = new URL(shop().environment()['METABASE_READER_URL'] ?? '')
  const source = {
    ...{ host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), user: url.username },
    ...{ password: new Secret(decodeURIComponent(url.password)), sslMode, sslRootCert: null },
  }
  const client = new Metabase({
    url: metabase.url,
    login: { header: 'X-API-KEY', value: new Secret(KEY) },
    limits: { ...shop().at.program.publication.limits, metabaseTries: 1, metabaseSyncMs: 50 },
    signal: new AbortController().signal,
  })
  const plan = (publication: Publication, force = false) =>
    planMetabase(client, wantedFrom(publication, source), recorded, force)
  const apply = async (publication: Publication, force = false) =>
    applyPlan(client, wantedFrom(publication, source), await plan(publication, force), {
      all: async (rows) => {
        recorded = rows
      },
      made: async (kind, key, id) => {
        recorded = recorded.map((row) => (row.kind === kind && row.key === key ? { ...row, id } : row))
      },
    })
  /** What the doctor finds broken, by name. */
  async function doctor(publication: Publication): Promise<Readonly<Record<string, string>>> {
    const surroundings = { server: await probeMetabase(client), recorded, operational: null }
    const found = await diagnoseMetabase(client, wantedFrom(publication, source), surroundings)
    return Object.fromEntries(found.flatMap(({ name, ok, actual }) => (ok ? [] : [[name, actual]])))
  }
  const forget = () => {
    recorded = []
  }
  return { metabase, client, plan, apply, doctor, forget }
}
