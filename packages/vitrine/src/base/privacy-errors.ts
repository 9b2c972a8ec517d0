/** The errors about personal data in the target: what was to be erased, and pseudonyms. A part of the registry. */
import { kinds, NO_RETRY, RETRY } from './error-kinds.ts'
import { command, remedy } from './remedy.ts'

export const PRIVACY_ERRORS = {
  ...kinds('left', NO_RETRY, {
    VALUE_LEFT: {
      what: 'The value still stands in the target, or could not be looked for everywhere.',
      hint: remedy`Erase it in the application, run ${command('sync')}, then ${command('erase')}.`,
    },
  }),
  ...kinds('data', NO_RETRY, {
    ERASURE_EARLY: {
      what: 'The published version still holds what is to be erased.',
      hint: remedy`Erase it in the application and run ${command('sync')} first; nothing was touched.`,
    },
    ERASURE_OF_HISTORY: {
      what: 'Recorded days hold what is to be erased, and they cannot be computed again.',
      hint: remedy`Keep a copy of the other figures with ${command('history', 'export')}, then run ${command('erase', '--history')}, which forgets these days; nothing was touched.`,
    },
  }),
  ...kinds('drift', NO_RETRY, {
    VERSION_ERASED: {
      what: 'The version before is from before an erasure, and does not come back.',
      hint: remedy`Correct the cause and run ${command('sync')}; the present version stays.`,
    },
  }),
  ...kinds('busy', RETRY, {
    ERASURE_BLOCKED: {
      what: 'A version that holds what is to be erased could not be removed.',
      hint: 'Do what stands beside each, then run it again; a rollback to it is refused already.',
    },
  }),
  ...kinds('usage', NO_RETRY, {
    PSEUDONYM_KEY_WEAK: {
      what: 'The key of the pseudonyms can be guessed.',
      hint: 'Make one with: openssl rand -hex 32',
    },
    PSEUDONYM_KEY_OTHER: {
      what: 'The published pseudonyms were made with another key.',
      hint: remedy`Set VITRINE_PSEUDONYM_KEY to the former key. If it is lost or known to others, run ${command('sync', '--rotate-key')} once: everybody gets other pseudonyms, and nothing joins with those of before. Nothing was touched.`,
    },
  }),
}
