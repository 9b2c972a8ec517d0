/** The page of `start`: the dashboards in a browser while it runs. Called once something is published. */
import { type Call, type PageAnswering, pageAnswering, type Serving, type Settings, servePage } from 'vitrine/cli'

export interface StartedPage {
  readonly told: readonly string[]
  close(): Promise<void>
}

/** Where the page would be: refused before anything is started, if it cannot be. */
export const wantedPage = (call: Call): PageAnswering => pageAnswering(call, call.text('page'))

type Databases = Omit<Serving, 'reader'> & Pick<Settings, 'reader'>

/** None without the reader. At any free port where nobody has named one, and the usual one is taken. */
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
