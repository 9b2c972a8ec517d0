/** The rules by which a dashboard is refused, each with what it says and what to write instead. Called by the check. */
interface Rule {
  says(...words: readonly string[]): string
  readonly remedy: string
}

const OTHER = 'Correct the name.'

export const DASHBOARD_RULES = {
  // What a query names.
  table: { says: (name) => `the table «${name}» is not published`, remedy: 'Publish it, or correct its name.' },
  column: {
    says: (path, table) => `«${path}» is no column of «${table}», nor behind one of its foreign keys`,
    remedy: 'Publish that column, or correct its name.',
  },
  value: {
    says: (path) => `a value compared with «${path}» is not in its closed list`,
    remedy: 'Take one of the values of the column.',
  },
  moment: {
    says: (path) => `a time compared with «${path}» is no date such as 2026-01-31`,
    remedy: 'Write the date, or count from the data: within, before, complete.',
  },
  operator: { says: (name) => `«${name}» compares nothing`, remedy: 'Use a word of the language.' },
  steps: {
    says: (name) => `the bands of «${name}» do not ascend`,
    remedy: 'Give their lowest values in ascending order.',
  },
  kind: { says: (path, kind) => `«${path}» is no ${kind}`, remedy: 'Take a column of that kind.' },
  measures: { says: () => 'it measures nothing', remedy: 'Give it a measure.' },
  other: {
    says: (name, table) => `the indicator «${name}» is one of the table «${table}»`,
    remedy: 'Ask the table of the indicator, or define another.',
  },
  meaning: {
    says: (name) => `the indicator «${name}» has no title, definition or unit`,
    remedy: 'Say what is counted, and in what unit.',
  },
  order: { says: (name) => `it is ordered by «${name}», which is no column of the answer`, remedy: OTHER },
  cumulative: {
    says: () => 'a cumulative measure needs one time that it follows, and every group',
    remedy: 'Group by one time first, and leave `smallest` out.',
  },
  text: { says: () => 'its query cannot be written as SQL', remedy: 'Write complete SQL with plain values.' },
  sql: { says: (problem) => problem, remedy: 'Write it otherwise.' },
  clock: {
    says: () => 'it asks for the time of now: a missed night would look like a fall',
    remedy: 'Use `day(table)` or `moment(table)`: those of the data.',
  },
  // What a figure hides.
  denominator: {
    says: (name) => `«${name}» is a rate without its denominator`,
    remedy: 'Say `of`: of which rows, or in SQL the column with their number.',
  },
  unknown: {
    says: (name) => `«${name}» sums «unknown» as zero`,
    remedy: "Say `unknown: 'left out'`; in SQL, filter the sum by `is not null`, or write the coalesce.",
  },
  unlabelled: {
    says: (name) => `«${name}» may be NULL, and that group has no name`,
    remedy: 'Name it: `unknown: "…"`; in SQL, coalesce it.',
  },
  progress: {
    says: (name) => `«${name}» ends with a period that is still in progress, which looks like a fall`,
    remedy: "Add the condition [column, 'complete', unit].",
  },
  bands: {
    says: (name) => `«${name}» is text without an order: bands would be in that of the alphabet`,
    remedy: 'Give the list in its order, say `order`, or publish a closed list.',
  },
  smallest: {
    says: (least) => `groups of fewer than ${least} persons could be seen`,
    remedy: 'Give `smallest`; in SQL, a `having` on the number of rows.',
  },
  persons: { says: () => 'it lists persons one by one', remedy: 'Ask for figures over groups.' },
  'persons in a view': {
    says: (view, least) => `the view «${view}» may show groups of fewer than ${least} persons`,
    remedy: 'Name it in `persons.tables`; or let its query have a `having` on the number of rows.',
  },
  limit: { says: () => 'a table has no limit', remedy: 'Give it a limit.' },
  slices: {
    says: () => 'a pie may have more than six parts',
    remedy: 'Use rows, a closed list of at most six, or a limit of six.',
  },
  // How it is shown.
  display: { says: (kind) => `the display «${kind}» does not exist`, remedy: 'Use one of the language.' },
  shown: { says: (name) => `it shows «${name}», which is no column of the answer`, remedy: OTHER },
  means: {
    says: (word, name) => `«${word}» is no meaning of «${name}»`,
    remedy: 'Say done, doing, todo or unknown.',
  },
  called: {
    says: (value, name) => `it gives «${value}» of «${name}» no name`,
    remedy: 'Give it one, or leave it out.',
  },
  labelled: { says: (name) => `it labels «${name}», which is no column of the answer`, remedy: OTHER },
  pivot: { says: () => 'a pivot needs a structured query', remedy: 'Write it as `query`, or show a table.' },
  trend: { says: () => 'a trend needs a time', remedy: 'Group by one time and show it, or show a number.' },
  untold: { says: () => 'it has no title or description', remedy: 'Say what it shows and what to read beside it.' },
  long: { says: () => 'its title has more than 254 characters, which Metabase does not take', remedy: 'Shorten it.' },
  key: { says: (key) => `the key «${key}» is not made of small letters, digits and dashes`, remedy: OTHER },
  twice: { says: (key) => `two are called «${key}»`, remedy: 'Give each its own.' },
  // Where it stands.
  empty: { says: (tab) => `its tab «${tab}» shows nothing`, remedy: 'Add tiles.' },
  overflow: { says: (tile) => `${tile} leaves the grid of 24 columns`, remedy: 'Correct the spans of its row.' },
  overlap: { says: (one, other) => `${one} overlaps ${other}`, remedy: 'Correct their places.' },
  public: {
    says: (question) => `the question «${question}» is for the team, and the dashboard is public`,
    remedy: 'Move the question, or say that it is public.',
  },
  // What a filter does.
  'filter column': {
    says: (filter, path, table) => `the filter «${filter}» names «${path}», which is no column of «${table}»`,
    remedy: OTHER,
  },
  unmapped: {
    says: (filter, question) => `the filter «${filter}» does not change the question «${question}»`,
    remedy: 'Give the column it filters in that table, or say `without` on the tile.',
  },
  useless: { says: (filter) => `the filter «${filter}» changes no question`, remedy: 'Map it, or remove it.' },
  'no filter': {
    says: (filter, question) => `the question «${question}» names the filter «${filter}», which the dashboard lacks`,
    remedy: 'Add the filter, or remove it from the question.',
  },
  option: { says: (filter) => `the default of the filter «${filter}» is none of its options`, remedy: OTHER },
  linked: {
    says: (filter, other) => `the filter «${filter}» is linked to «${other}», which does not exist`,
    remedy: OTHER,
  },
} as const satisfies Readonly<Record<string, Rule>>

export type DashboardRule = keyof typeof DASHBOARD_RULES

/** Reports a broken rule; `remedy` replaces that of the rule. */
export type Say = (rule: DashboardRule, words?: readonly string[], remedy?: string) => void

/** Of a title, in characters, as Metabase’s own database takes it. */
export const LONGEST_TITLE = 254
