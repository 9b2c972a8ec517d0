/** `dictionary`: what is published, of whom, from where and why, as a page, as Markdown or as JSON. It connects to nothing. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { dictionaryOf } from '../../dictionary/dictionary.ts'
import { changesBetween, type DictionaryChange } from '../../dictionary/dictionary-changes.ts'
import { earlierDictionary } from '../../dictionary/earlier.ts'
import type { WrittenDictionary } from '../../dictionary/schema.ts'
import type { Call, Command } from '../command.ts'
import { readText } from '../file.ts'

export const dictionaryCommand: Command = {
  name: 'dictionary',
  summary: 'write the data dictionary of the publication, for people or as JSON',
  description:
    'Writes what is published: each table and column with its meaning, its origin, the privacy class of it, what was done to ' +
    'it and why; and what of the register is not published. It needs no database. The page is one file that loads nothing ' +
    'else, to be handed to a data protection officer. With --since it begins with what changed since an earlier dictionary.',
  options: {
    '--html': 'a page for a browser or for paper',
    '--markdown': 'Markdown (the usual)',
    '--language <language>': 'en or fr, for people: the JSON has no language (default: en)',
    '--since <file>': 'what changed since this file, which dictionary --json wrote earlier',
  },
  examples: [
    { line: 'dictionary --html --language fr > dictionnaire.html', says: 'a page in French' },
    { line: 'dictionary --json > dictionary.json', says: 'to keep, and to compare with later' },
    { line: 'dictionary --since dictionary.json', says: 'what changed, and the whole' },
  ],
  run,
}

/** What `dictionary --json` prints; `docs/reference/dictionary.schema.json` describes it as JSON Schema. */
export interface DictionaryAnswer extends WrittenDictionary {
  /** Null without --since. */
  readonly changes: readonly DictionaryChange[] | null
}

async function run(call: Call): Promise<ExitName> {
  const language = call.text('language')
  const usage = (detail: string) => new VitrineError('USAGE', { place: 'dictionary', detail })
  if (language !== null && language !== 'en' && language !== 'fr') throw usage('The languages are en and fr.')
  if ([call.flag('html'), call.flag('markdown'), call.json].filter(Boolean).length > 1) {
    throw usage('Give one of --html, --markdown and --json.')
  }
  if (call.json && language !== null) throw usage('The JSON has no language: leave --language out.')
  const since = call.text('since')
  const { publication } = call
  const earlier = since === null ? null : earlierDictionary(await readText(call, since), since, publication.name)
  const found = await dictionaryOf(publication)
  const changes = earlier === null ? null : changesBetween(earlier, found)
  const answer: DictionaryAnswer = { ...found, changes }
  const { dictionaryText } = await import('../dictionary-text.ts')
  call.answer(answer, () => dictionaryText(found, changes, language ?? 'en', call.flag('html')))
  return 'ok'
}
