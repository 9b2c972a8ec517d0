/** The errors about Metabase: its server, its answers, what stands in it. A part of the registry. */
import { kinds, NO_RETRY, RETRY } from './error-kinds.ts'
import { command, remedy } from './remedy.ts'

export const METABASE_ERRORS = {
  ...kinds('connection', NO_RETRY, {
    METABASE_ELSEWHERE: {
      what: 'What answers at METABASE_URL is not a Metabase.',
      hint: 'Write the address under which a browser shows Metabase, https:// included; no proxy may ask for a login before it.',
    },
    METABASE_KEY_REFUSED: {
      what: 'Metabase refused the key, or the login.',
      hint: remedy`Correct METABASE_API_KEY, or have ${command('metabase setup')} make a key.`,
    },
    METABASE_TOO_OLD: {
      what: 'Metabase is older than 0.58.',
      hint: 'Upgrade Metabase: versions 0.58 to 0.65 are supported.',
    },
    METABASE_SOURCE_UNREACHABLE: {
      what: 'Metabase cannot log in to the published database.',
      hint: 'Set METABASE_SOURCE_URL to the reader’s URL as Metabase’s own machine reaches it: its host, TLS and password.',
    },
  }),
  ...kinds('connection', RETRY, {
    METABASE_UNREACHABLE: {
      what: 'Metabase could not be reached, or its answer broke off.',
      hint: 'Check that it runs and that METABASE_URL is right; what was published stays.',
    },
  }),
  ...kinds('privilege', NO_RETRY, {
    METABASE_FORBIDDEN: {
      what: 'The key may not administer Metabase.',
      hint: 'Use a key of the group Administrators.',
    },
  }),
  ...kinds('drift', NO_RETRY, {
    METABASE_TAKEN: {
      what: 'Metabase has something of the same name that is not ours.',
      hint: 'Give ours another name (metabase in the publication), or rename the other; nothing was touched.',
    },
    METABASE_NOT_BLANK: {
      what: 'Metabase is set up already.',
      hint: 'Set METABASE_API_KEY to a key of its administrators, or METABASE_ADMIN_EMAIL and METABASE_ADMIN_PASSWORD to the login of one.',
    },
    METABASE_REFUSED: {
      what: 'Metabase refused a request of the tool.',
      hint: 'Look at what is named in Metabase; if it is in order there, report it with the version of Metabase.',
    },
    METABASE_STRANGE: {
      what: 'Metabase answered in a form that is not understood.',
      hint: 'Report it with the version of Metabase; what was published stays.',
    },
    METABASE_NOT_KEPT: {
      what: 'Metabase did not keep what it was given.',
      hint: 'Report it with the version of Metabase; what was published stays.',
    },
  }),
  ...kinds('busy', RETRY, {
    METABASE_BUSY: {
      what: 'Metabase is overloaded, starting or under maintenance.',
      hint: 'Run again when it answers; what was published stays.',
    },
    METABASE_SYNC_LATE: {
      what: 'Metabase does not see all that is published.',
      hint: 'Run again when its sync has ended. If it persists: what is named is not published yet, or the reader may not read it.',
    },
  }),
}
