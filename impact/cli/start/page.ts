/** Serves the dashboards in a browser while `start` runs. Called after the first publication. */
import { type Call, type PageAnswering, pageAnswering, type Serving, type Settings, servePage } from 'vitrine/cli'

export interface StartedPage {
  readonly told: readonly string[]
  close(): Promise<void>
}

/** The page's address, checked before anything is started. */
export const wantedPage = (call: Call): PageAnswering => pageAnswering(call, call.text('page'))

type Databases = Omit<Serving, 'reader'> & Pick<Settings, 'reader'>

/** Serves no page without a reader. Without a given port, uses any free one when the usual one is taken. */
export async function showPage(
  call: Call,
  answering: PageAnswering,
  { reader, ...ready }: Databases,
): Promise<StartedPage> {
  if (reader === null) return { told: [], close: () => Promise.resolve() }
  const metabaseUrl = call.settings({ metabase: 'optional' }).metabase?.url ?? null
  const page = await servePage(call, answering, { ...ready, reader, metabaseUrl }, call.text('page') === null)
  return { told: ['', `Dashboards, in a browser: ${page.url}/`], close: () => page.close() }
}
