/** Makes the page of a publication and listens for it. Called by `serve`, and by systems that serve it beside their schedule. */

import { createPage } from '../page/app.ts'
import type { Theme } from '../page/context.ts'
import { dashboardsPlace } from '../page/dashboards-place.ts'
import { Readers } from '../page/readers.ts'
import { type Listening, listenForPages } from '../page/server.ts'
import type { Address } from '../postgres/address.ts'
import { connect } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import type { Call } from './command.ts'
import type { PageAnswering } from './page-settings.ts'
import { reading } from './sessions.ts'

export interface Serving {
  readonly reader: Address
  /** For the record of the runs; null without the writer. */
  readonly target: Address | null
  readonly metabaseUrl: string | null
  readonly theme?: Theme
  readonly publication?: () => Publication
}

/** How long a question may take. */
const QUESTION_MS = 5_000

/** Throws SETTINGS_INVALID when the address cannot be had. */
export async function servePage(call: Call, answering: PageAnswering, serving: Serving): Promise<Listening> {
  const { io, publication: given } = call
  const { reader, target, metabaseUrl, theme = {}, publication = () => given } = serving
  const limits = { ...given.limits, statementTimeoutMs: QUESTION_MS }
  const readers = new Readers(() =>
    connect(reader, { side: 'target', name: `vitrine ${given.name} page`, limits, readOnly: true, searchPath: [] }),
  )
  const page = createPage({
    publication,
    clock: io.clock,
    ...answering,
    theme,
    metabaseUrl,
    readers,
    asWriter: target === null ? null : (work) => reading(call, 'target', target, work),
    places: [dashboardsPlace],
  })
  const listening = await listenForPages(answering.address, page)
  return {
    url: `${listening.url}${answering.prefix}`,
    close: async () => {
      await listening.close()
      await readers.close()
    },
  }
}
