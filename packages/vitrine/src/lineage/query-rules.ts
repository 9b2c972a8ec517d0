/**
 * The rules by which a query is refused, each with its message and what to write instead. A problem is never a guess: what
 * no rule allows is refused by name. No message quotes a value of the query, and the parser's own messages are not used.
 */
interface Rule {
  says(...words: readonly string[]): string
  readonly remedy: string
}

const OTHERWISE = 'Write it otherwise, or compute it in a view that the register names.'
const QUALIFY = 'Write the alias of its table before it.'

export const QUERY_RULES = {
  characters: {
    says: () => 'its text holds a zero byte or half a character',
    remedy: 'Correct the text of its values.',
  },
  length: { says: () => 'its text is too long to be analysed', remedy: 'Split the table, or let a rule decide.' },
  syntax: {
    says: () => 'it is not SQL that PostgreSQL 18 reads, or is nested too deeply',
    remedy: 'Use plain names, literals of text, number or boolean, and raw SQL that is complete by itself.',
  },
  statement: { says: () => 'it is not one SELECT', remedy: 'Write one query.' },
  comment: { says: () => 'it holds a comment or a semicolon', remedy: 'Move the comment into TypeScript.' },
  'long name': { says: () => 'a name in it is longer than 63 bytes', remedy: 'Shorten it: PostgreSQL would cut it.' },
  'escaped name': { says: () => 'a name in it is spelled with escapes', remedy: 'Write the name itself.' },
  'open treatment': {
    says: () => 'raw SQL reaches out of a treatment, or binds to what stands around it',
    remedy: 'Close what it opens, and put the treatment into parentheses.',
  },
  'other columns': { says: () => 'raw SQL adds columns of its own', remedy: 'Give one expression for each column.' },
  union: { says: () => 'its query is a union', remedy: 'Put the union into a subquery with an alias.' },
  node: { says: (type) => `a ${type} is not analysed`, remedy: OTHERWISE },
  field: { says: (type, field) => `a ${type} with ${field} is not analysed`, remedy: OTHERWISE },
  value: { says: (field, value) => `${field} is ${value}, which is not analysed`, remedy: OTHERWISE },
  operator: { says: (name) => `the operator «${name}» is not known to be harmless`, remedy: OTHERWISE },
  type: { says: (name) => `the type «${name}» is not one that a publication uses`, remedy: 'Cast to another type.' },
  function: {
    says: (name) => `the function «${name}» is not known to be harmless`,
    remedy: 'Use another, or name it in the register with a reason: { functions: { name: reason } }.',
  },
  clock: {
    says: (name) => `«${name}» is another time in every run, and in every table of one`,
    remedy: 'Write the instant of the data: runInstant(), runDay(zone) or runYear(zone).',
  },
  table: { says: (name, where) => `the table «${name}» is not ${where}`, remedy: '' },
  column: { says: (name, where) => `the column «${name}» is not ${where}`, remedy: '' },
  opaque: {
    says: (column) => `the column ${column} is registered as opaque`,
    remedy: 'Read a view that converts it to a type that has a word.',
  },
  'unknown alias': { says: (name) => `«${name}» is no table at that place`, remedy: 'Correct the alias.' },
  'alias twice': { says: (name) => `the alias «${name}» stands for two tables`, remedy: 'Give each its own.' },
  'no alias': { says: () => 'a subquery has no alias', remedy: 'Give it one with `.as(…)`.' },
  endless: {
    says: (name) => `the subquery «${name}» treats its own rows again and again`,
    remedy: 'Treat what comes out of it.',
  },
  'named twice': { says: (name) => `the subquery «${name}» has the name of another relation`, remedy: 'Rename it.' },
  'renamed columns': {
    says: (name) => `the columns of «${name}» are renamed`,
    remedy: 'Use the names of the register.',
  },
  rows: { says: () => 'rows come from what is no plain function', remedy: OTHERWISE },
  everything: { says: () => 'an expression selects everything', remedy: 'Name each column.' },
  'three parts': { says: (name) => `the column «${name}» is named with a schema`, remedy: 'Name it by its alias.' },
  'bare name': { says: (name) => `the column «${name}» is not one column alone`, remedy: QUALIFY },
  'bare partly': {
    says: (name, table) => `the column «${name}» may be one of «${table}» that is not registered`,
    remedy: QUALIFY,
  },
  width: { says: () => 'the parts of a union, or of VALUES, differ in width', remedy: 'Give each as many columns.' },
  unnamed: { says: (clause) => `${clause} may name a column that has no name`, remedy: 'Name each column.' },
  constant: { says: (clause) => `${clause} has a constant that is no position`, remedy: 'Name a column.' },
  limit: { says: () => 'a limit is not a whole number', remedy: 'Write the number.' },
  chooses: {
    says: (clause, privacy, column) => `${clause} looks at the ${privacy} column ${column}`,
    remedy: 'Choose rows by open or indirect columns, or by `present(…)`.',
  },
  treatment: { says: (name, fault) => `«${name}»: ${fault}`, remedy: 'Correct the treatment.' },
  expression: {
    says: (name, column) => `«${name}» treats an expression over the personal column ${column}`,
    remedy: 'Give the treatment the column itself.',
  },
  'constant mask': {
    says: () => 'a part of the condition of a mask is the same in every row',
    remedy: 'Say by which columns the value is hidden.',
  },
  'nested mask': {
    says: () => 'the condition of a mask holds a subquery',
    remedy: 'Join what it reads, and decide by a column.',
  },
  'silent mask': {
    says: (column) => `the condition of a mask may be false where ${column} is NULL`,
    remedy: 'Hide where it is NULL: add `or … is null`.',
  },
  'personal mask': {
    says: (column) => `the condition of a mask looks at the personal column ${column}`,
    remedy: 'Decide by open or indirect columns.',
  },
} as const satisfies Readonly<Record<string, Rule>>

export type QueryRule = keyof typeof QUERY_RULES

/** A part of a query that cannot be proved harmless, with what to write instead. */
export class LineageProblem extends Error {
  readonly remedy: string
  constructor(detail: string, remedy: string) {
    super(detail)
    this.remedy = remedy
  }
}

/** `remedy` replaces that of the rule. */
export function refuse(
  rule: QueryRule,
  words: readonly string[] = [],
  remedy: string = QUERY_RULES[rule].remedy,
): never {
  const { says }: Rule = QUERY_RULES[rule]
  throw new LineageProblem(says(...words), remedy)
}
