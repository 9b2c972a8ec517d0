/** The register as text: one line per column, with the guess and its reason. Pure. `init` writes it, `register` adds to it. */
import { hasWord, keyText, quotedText, registerLine } from '../source/source-type.ts'
import { guessOf } from './guess.ts'
import type { SurveyedColumn, SurveyedTable } from './survey.ts'

/** A name comes from outside, and must not end the comment that it is written into. */
export const inComment = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '�')

/** New tables are written before the comment that begins so: of the register's one schema, or of one of several. */
export const registerEnd = (schema: string | null): string =>
  `New tables${schema === null ? '' : ` of ${inComment(schema)}`} come before this line`

export interface RegisterWords {
  /** The lines of the tables, each ended. */
  readonly text: string
  /** The words of the language that it uses. */
  readonly words: readonly string[]
  /** `table.column (type)` of the columns of unsupported types. */
  readonly opaque: readonly string[]
}

export function registerWords(tables: readonly SurveyedTable[]): RegisterWords {
  const words = new Set<string>()
  const opaque: string[] = []
  const lineOf = (table: SurveyedTable, column: SurveyedColumn): string => {
    const { privacy, why } = guessOf(column, table)
    const line = registerLine(column.column, privacy, column, column.isNullable)
    words.add(hasWord(column) ? privacy : 'opaque')
    if (hasWord(column)) return `    ${line} // guessed: ${why}\n`
    opaque.push(`${table.name}.${column.column} (${column.fullName})`)
    return `    ${line}\n`
  }
  const text = tables.map((table) => {
    const lines = table.columns.map((column) => lineOf(table, column))
    return `  ${keyText(table.name)}: {\n${lines.join('')}  },\n`
  })
  return { text: text.join(''), words: [...words], opaque }
}

/** Indented by one more level. */
export const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ')

/** The lines of each schema's tables. */
export const bySchema = (tables: readonly SurveyedTable[]): readonly (RegisterWords & { readonly schema: string })[] =>
  [...new Set(tables.map(({ schema }) => schema))].map((schema) => {
    return { schema, ...registerWords(tables.filter((table) => table.schema === schema)) }
  })

/** The extensions whose types the columns have, each with its schema. */
function extensionsOf(tables: readonly SurveyedTable[]): readonly string[] {
  const found = tables.flatMap(({ columns }) =>
    columns.flatMap((column) =>
      column.extension === null || !hasWord(column)
        ? []
        : [`${keyText(column.extension)}: ${quotedText(column.extensionSchema ?? '')}`],
    ),
  )
  return [...new Set(found)]
}

/** Of one schema, or of several by their names. */
export function registerFile(tables: readonly SurveyedTable[], command: string): RegisterWords {
  const made = bySchema(tables)
  const [words, opaque] = [[...new Set(made.flatMap((each) => each.words))], made.flatMap((each) => each.opaque)]
  const [only] = made
  const body =
    made.length === 1 && only !== undefined
      ? `${quotedText(only.schema)}, {\n${only.text}  // ${registerEnd(null)}: ${command}\n}`
      : `{\n${made.map((each) => `  ${keyText(each.schema)}: {\n${indented(each.text)}    // ${registerEnd(each.schema)}: ${command}\n  },\n`).join('')}}`
  const extensions = extensionsOf(tables)
  const options = extensions.length === 0 ? '' : `, { extensions: { ${extensions.join(', ')} } }`
  const file = `/**
 * Every column that the publication may look at, with its type and its privacy class: open, indirect (identifies with other
 * data), personal (identifies, or is free text) or secret. What is guessed is guessed strictly: read each line, correct it,
 * and remove the word "guessed" from what you have decided.
 */
import { ${[...words, 'register'].toSorted().join(', ')} } from 'vitrine'

export const source = register(${body}${options})
`
  return { text: file, words, opaque }
}
