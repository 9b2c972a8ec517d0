/** The errors about files of the data dictionary. A part of the registry. */
import { kinds, NO_RETRY } from './error-kinds.ts'
import { command, remedy } from './remedy.ts'

export const DICTIONARY_ERRORS = kinds('usage', NO_RETRY, {
  DICTIONARY_INVALID: {
    what: 'The file is no dictionary.',
    hint: remedy`Give a file that ${command('dictionary', '--json')} wrote.`,
  },
  DICTIONARY_NEWER: {
    what: 'The dictionary was written by a newer version of the tool.',
    hint: 'Use that version or a later one.',
  },
  DICTIONARY_OTHER_PUBLICATION: {
    what: 'The dictionary is that of another publication.',
    hint: 'Give a file of the same publication.',
  },
})
