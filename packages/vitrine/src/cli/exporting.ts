/** Writes the page of a publication as files. Called by `serve --export`. */
import { resolve } from 'node:path'
import type { ExitName } from '../base/errors.ts'
import { counted } from '../base/format.ts'
import type { Language } from '../base/language.ts'
import { requireSoundDashboards } from '../dashboards/dashboard-check.ts'
import { createPage } from '../page/app.ts'
import { dashboardsPlace } from '../page/dashboards-place.ts'
import { dictionaryPlace } from '../page/dictionary-place.ts'
import { contentsPlace, exportPage } from '../page/export.ts'
import { Readers } from '../page/reader-sessions.ts'
import type { Address } from '../postgres/address.ts'
import { connect } from '../postgres/connect.ts'
import type { Audience } from '../publication/dashboard.ts'
import type { Call } from './command.ts'

/** What `serve --export --json` prints. */
export interface ExportAnswer {
  readonly folder: string
  readonly audience: Audience
  readonly files: number
}

interface Export {
  readonly reader: Address
  readonly folder: string
  readonly audience: Audience
  readonly language: Language | null
}

export async function exportFiles(call: Call, { reader, folder, audience, language }: Export): Promise<ExitName> {
  const { publication, io, names, signal } = call
  await requireSoundDashboards(publication)
  const { limits, name, theme = {} } = publication
  const readers = new Readers(() => connect(reader, { side: 'target', name: `vitrine ${name} export`, limits }))
  try {
    const app = createPage({
      publication: () => publication,
      clock: io.clock,
      names,
      prefix: '',
      language,
      theme,
      metabaseUrl: null,
      access: { kind: 'open' },
      reach: { origin: null, onLoopback: true, trustsProxy: false, framedBy: [] },
      readers,
      actions: { sync: null, rollback: null },
      watch: null,
      tell: (thrown) => call.tell(thrown),
      asWriter: null,
      places: [dashboardsPlace, dictionaryPlace, contentsPlace(audience)],
    })
    const to = resolve(io.folder, folder)
    const files = await exportPage(app, publication, audience, to, signal)
    const answer: ExportAnswer = { folder: to, audience, files }
    call.answer(
      answer,
      () => `${counted(files, 'file')} for ${audience === 'public' ? 'everybody' : 'the team'} in ${to}.\n`,
    )
    return 'ok'
  } finally {
    await readers.close()
  }
}
