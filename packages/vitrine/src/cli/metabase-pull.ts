/** `metabase pull`: what people changed or made in Metabase as a module, into a new file or on stdout. It changes nothing else. */
import { moduleText } from '../dashboards/typescript.ts'
import type { Metabase } from '../metabase/client.ts'
import { pulledFrom } from '../metabase/pull.ts'
import type { Call } from './command.ts'
import { newFile } from './file.ts'
import { type MetabaseWish, recordedIn, wantedOf } from './metabase-steps.ts'
import { reading } from './sessions.ts'

/** Throws USAGE where the file is there already. */
export async function pull(call: Call, wish: MetabaseWish, client: Metabase) {
  const { publication } = call
  const output = call.text('output')
  const pulled = await reading(call, 'target', wish.target, async (session) =>
    pulledFrom(client, wantedOf(call, wish), await recordedIn(session, publication), call.texts('adopt')),
  )
  const { notes } = pulled
  const [questions, dashboards] = [pulled.questions, pulled.dashboards].map((list) =>
    list.map(({ whole }) => whole.key),
  )
  for (const note of notes) call.say(`note: ${note}`)
  const isEmpty = pulled.questions.length + pulled.dashboards.length === 0
  const text = isEmpty
    ? null
    : moduleText(pulled, publication.dashboards, call.text('from') ?? './publication/index.ts')
  if (text !== null && output !== null) {
    const file = await newFile(call, output)
    await file.writeFile(text).finally(() => file.close())
  }
  return { questions: questions ?? [], dashboards: dashboards ?? [], notes, module: output === null ? text : null }
}
