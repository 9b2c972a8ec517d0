/** The register as text: one line a column with what was guessed and why. Pure; written by `init`, added to by `register`. */
import { keyText, quotedText, registerLine } from '../source/source-type.ts'
import { guessOf } from './guess.ts'
import type { SurveyedTable } from './survey.ts'

/** New tables are written before the line that begins so. */
export const REGISTER_END = '  // New tables come before this line'

/** Names come from outside: one must not end the comment that it stands in. */
export const inComment = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '�')

export interface RegisterWords {
  /** The lines of the tables, each ended. */
  readonly text: string
  /** The words of the language that it uses. */
  readonly words: readonly string[]
  /** `table.column (type)` of what the language cannot say. */
  readonly leftOut: readonly string[]
}

export function registerWords(tables: readonly SurveyedTable[]): RegisterWords {
  const words = new Set<string>()
  const leftOut: string[] = []
  const text = tables.map((table) => {
    const lines: string[] = []
    const missing: string[] = []
    for (const column of table.columns) {
      const { privacy, why } = guessOf(column, table)
      const line = registerLine(column.column, privacy, column, column.isNullable)
      if (line === null) missing.push(`${column.column} (${column.fullName})`)
      else {
        words.add(privacy)
        lines.push(`    ${line} // guessed: ${why}\n`)
      }
    }
    if (missing.length > 0) words.add('partly')
    leftOut.push(...missing.map((each) => `${table.name}.${each}`))
    const reason = quotedText(`the register has no word for the type of ${missing.join(', ')}`)
    const [open, close] = missing.length > 0 ? [`partly(${reason}, {`, '})'] : ['{', '}']
    return `  ${keyText(table.name)}: ${open}\n${lines.join('')}  ${close},\n`
  })
  return { text: text.join(''), words: [...words], leftOut }
}

/** The extensions whose types the columns have, each with its schema. */
function extensionsOf(tables: readonly SurveyedTable[]): readonly string[] {
  const found = tables.flatMap(({ columns }) =>
    columns.flatMap((column) =>
      column.extension === null || registerLine('', 'open', column, false) === null
        ? []
        : [`${keyText(column.extension)}: ${quotedText(column.extensionSchema ?? '')}`],
    ),
  )
  return [...new Set(found)]
}

export function registerFile(schema: string, tables: readonly SurveyedTable[], command: string): RegisterWords {
  const { text, words, leftOut } = registerWords(tables)
  const extensions = extensionsOf(tables)
  const options = extensions.length === 0 ? '' : `, { extensions: { ${extensions.join(', ')} } }`
  const file = `/**
 * Every column that the publication may look at, with its type and its privacy class: open, indirect (identifies with other
 * data), personal (identifies, or is free text) or secret. What is guessed is guessed strictly: read each line, correct it,
 * and remove the word "guessed" from what you have decided.
 */
import { ${[...words, 'register'].toSorted().join(', ')} } from 'vitrine'

export const source = register(${quotedText(schema)}, {
${text}${REGISTER_END}: ${command}
}${options})
`
  return { text: file, words, leftOut }
}
