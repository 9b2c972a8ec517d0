/** The dictionary as people read it. Loaded when it is asked for: its page brings the style sheet of everything that is drawn. */
import type { Language } from '../base/language.ts'
import type { DictionaryChange } from '../dictionary/dictionary-changes.ts'
import { textsIn } from '../dictionary/dictionary-texts.ts'
import { markdownOf } from '../dictionary/markdown.ts'
import { pageOf } from '../dictionary/page-content.ts'
import { htmlOf } from '../dictionary/page-html.ts'
import type { Dictionary } from '../dictionary/schema.ts'
import { styleSheet } from '../drawing/style.ts'

export function dictionaryText(
  found: Dictionary,
  changes: readonly DictionaryChange[] | null,
  language: Language,
  isHtml: boolean,
): string {
  const page = pageOf(found, changes, textsIn(language))
  return isHtml ? htmlOf(page, styleSheet) : markdownOf(page)
}
