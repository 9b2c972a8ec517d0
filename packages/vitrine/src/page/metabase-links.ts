/** Where a question stands in Metabase: by what was recorded when it was made there. */
import type { Question } from '../publication/dashboard.ts'
import { appliedToMetabase } from '../record/applied-items.ts'
import type { PageContext } from './context.ts'

const AGAIN_MS = 60_000

/** The address of a question; null where it is not known. The record is read beside the pages, which do not wait for it. */
export function metabaseLinks({
  metabaseUrl,
  asWriter,
  publication,
  clock,
}: PageContext): (question: Question) => string | null {
  if (metabaseUrl === null || asWriter === null) return () => null
  let ids: ReadonlyMap<string, string> = new Map()
  let until = 0
  const refresh = async () => {
    const rows = await asWriter((session) => appliedToMetabase(session, publication().schema))
    ids = new Map(rows.filter(({ kind }) => kind === 'question').map(({ key, id }) => [key, id]))
  }
  return ({ key }) => {
    if (clock.monotonicMs() >= until) {
      until = clock.monotonicMs() + AGAIN_MS
      void refresh().catch(() => undefined)
    }
    const id = ids.get(key)
    return id === undefined ? null : `${metabaseUrl}/question/${encodeURIComponent(id)}`
  }
}
