/** The errors of the page. A part of the registry. */
import { kinds, NO_RETRY, RETRY } from './error-kinds.ts'

export const PAGE_ERRORS = {
  ...kinds('busy', RETRY, {
    PAGE_BUSY: {
      what: 'Too many readers ask the page at once.',
      hint: 'Load the page again; if it persists, let it answer fewer people at a time.',
    },
  }),
  ...kinds('usage', NO_RETRY, {
    PAGE_OPEN: {
      what: 'The page would answer other machines without asking who they are.',
      hint: 'Set VITRINE_PAGE_PASSWORD, or VITRINE_PAGE_USER_HEADER behind a proxy that asks; or listen on 127.0.0.1.',
    },
  }),
}
