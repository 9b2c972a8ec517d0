/** A page of what only the role that writes can read; where it cannot be read, what to do about that. */
import { asVitrineError } from '../base/errors.ts'
import { command } from '../base/remedy.ts'
import { heading, paragraph } from '../dictionary/wording.ts'
import type { Session } from '../postgres/connect.ts'
import type { Html, PageCall, PageContext, PageFacts } from './context.ts'
import { failureParts } from './failure-text.ts'
import { type Telling, tellingOf } from './telling.ts'

interface RecordPage<T> {
  readonly title: string
  readonly place: 'runs' | 'state'
  readonly read: (session: Session) => Promise<T>
  /** Null: there is no such page. */
  readonly content: (found: T, telling: Telling) => { readonly html: Html; readonly again?: number } | null
}

/** Null where there is no such page. */
export async function showRecord<T>(
  context: PageContext,
  call: PageCall,
  page: RecordPage<T>,
): Promise<Response | null> {
  const { title, place, read, content } = page
  const telling = tellingOf(context, call.var.visitor.reading)
  const { asWriter } = context
  if (asWriter === null) {
    const { text } = await context.freshness(call.var.visitor.reading)
    const parts = [paragraph(text), paragraph(telling.say('noWriter')), paragraph({ code: 'METABASE_DATABASE_URL' })]
    return context.show(call, telling.html([heading(1, 'top', title), ...parts]), { title, place })
  }
  let facts: PageFacts = { title, place }
  let shown: Html
  try {
    const found = content(await asWriter(read), telling)
    if (found === null) return null
    if (found.again !== undefined) facts = { ...facts, again: found.again }
    shown = found.html
  } catch (thrown) {
    const { code, place: where } = asVitrineError(thrown)
    shown = telling.html([heading(1, 'top', title), ...failureParts(code, where ?? null, [command('status')], telling)])
    facts = { ...facts, status: 503 }
  }
  return context.show(call, shown, facts)
}
