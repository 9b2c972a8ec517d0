/** The errors about the data: values, keys, counts, space. A part of the registry. */
import { kinds, NO_RETRY, RETRY } from './error-kinds.ts'

export const DATA_ERRORS = {
  ...kinds('data', NO_RETRY, {
    SOURCE_FULL: {
      what: 'The source has no space left for a query.',
      hint: 'Free space on the source, or make the query of the table cheaper; the previous version stays.',
    },
    HISTORY_FILE_INVALID: {
      what: 'The file of a history table has problems.',
      hint: 'Correct each line listed; nothing was imported.',
    },
    VALUE_TOO_LONG: {
      what: 'Values are longer than their column.',
      hint: 'Widen the column in the publication, or shorten the values in the source; the previous version stays.',
    },
    VALUE_NULL: {
      what: 'Values are missing in a not-null column.',
      hint: 'Declare the column nullable, or complete the source; the previous version stays.',
    },
    VALUE_OUT_OF_RANGE: {
      what: 'Values do not fit the type of their column.',
      hint: 'Declare a wider type, or correct the source; the previous version stays.',
    },
    EXPRESSION_FAILED: {
      what: 'The query of a table fails on some values.',
      hint: 'Correct the values in the column named, or leave their rows out by the query of the table; the previous version stays.',
    },
    ENCODING_MISMATCH: {
      what: 'Texts cannot be written in the encoding of the other side.',
      hint: 'Correct the texts of the column named. A target should have the encoding UTF8; a source in SQL_ASCII may hold any bytes. The previous version stays.',
    },
    VALUE_OUTSIDE_CATEGORY: {
      what: 'A rule gave values outside its closed list.',
      hint: 'Add the category to the list, or correct the rule; the previous version stays.',
    },
    RULE_FAILED: {
      what: 'A TypeScript rule failed.',
      hint: 'Make the rule total: it must give a value for every input, at once and not as a promise; the previous version stays.',
    },
    RULE_INPUT_UNREADABLE: {
      what: 'A TypeScript rule was to receive values that rules cannot.',
      hint: 'Give the rule another input, made by SQL, or correct the source; the previous version stays.',
    },
    KEY_DUPLICATE: {
      what: 'A key is not unique.',
      hint: 'Correct the source query or the source; the previous version stays.',
    },
    REFERENCE_BROKEN: {
      what: 'Rows refer to rows that are not published.',
      hint: 'Correct the source query or the source; the previous version stays.',
    },
    PRIVACY_VIOLATION: {
      what: 'Values of a pattern were found that must not be published.',
      hint: 'Treat the column in the publication, or accept the pattern there with a reason; the previous version stays.',
    },
    K_ANONYMITY: {
      what: 'Columns tell together of fewer rows than the definition allows.',
      hint: 'Publish these columns less exactly, or let small groups be suppressed; the previous version stays.',
    },
    DELTA_DIFFERS: {
      what: 'What was told to have changed in a table is not all that changed.',
      hint: 'It was found by reading the table whole, and those rows are published: nothing wrong is there now. Set limits.deltaProofNights to 1, so that every night reads every table whole, and report what the source is and what was done to it.',
    },
    TABLE_SHRANK: {
      what: 'A table lost more rows than allowed.',
      hint: 'If the loss is real, run again with --allow-shrink; the previous version stays.',
    },
    SOURCE_EMPTY: {
      what: 'No published table would have a row.',
      hint: 'Check that DATABASE_URL names the right database. If it is really empty, run again with --allow-shrink; the previous version stays.',
    },
    COPY_FAILED: {
      what: 'Rows could not be copied.',
      hint: 'See the table and the state; the previous version stays.',
    },
    TARGET_FULL: {
      what: 'The target has no space left.',
      hint: 'Free space on the target; the previous version stays.',
    },
  }),
  ...kinds('data', RETRY, {
    COUNT_MISMATCH: {
      what: 'The staged rows are not as many as the rows read.',
      hint: 'Run again; if it persists, report it. The previous version stays.',
    },
    QUERY_TIMEOUT: {
      what: 'A query took longer than allowed.',
      hint: 'Raise the limit, or make the query cheaper; the previous version stays.',
    },
  }),
}
