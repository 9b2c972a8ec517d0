/** The errors of the page. A part of the registry. */
import { kinds, NO_RETRY, RETRY } from './error-kinds.ts'
import { command, remedy } from './remedy.ts'

export const PAGE_ERRORS = {
  ...kinds('busy', RETRY, {
    PAGE_BUSY: {
      what: 'Too many readers ask the page at once.',
      hint: 'Load the page again; if it persists, let it answer fewer people at a time.',
    },
  }),
  ...kinds('drift', RETRY, {
    EXPORT_INCOMPLETE: {
      what: 'A page of the export could not be made, so nothing was written.',
      hint: remedy`See the page named with ${command('serve')}, then export again.`,
    },
  }),
  ...kinds('usage', NO_RETRY, {
    EXPORT_REFUSED: {
      what: 'The folder is not one for an export.',
      hint: 'Name a folder that does not exist, that is empty, or that an earlier export filled; nothing was touched.',
    },
    PAGE_OPEN: {
      what: 'The page would answer other machines without asking who they are.',
      hint: 'Set VITRINE_PAGE_PASSWORD, or VITRINE_PAGE_USER_HEADER behind a proxy that asks; or listen on 127.0.0.1.',
    },
  }),
}
