/** Columns of text, aligned: for results on a terminal. Pure. */

export interface TextColumn {
  readonly title: string
  /** Numbers stand to the right, under each other. */
  readonly right?: boolean
}

const width = (text: string): number => [...text].length

function padded(text: string, size: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, size - width(text)))
  return right ? space + text : text + space
}

/** One line a row under a line of titles, ending in a line feed. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows]
  const sizes = columns.map((_, index) => Math.max(...lines.map((line) => width(line[index] ?? ''))))
  const text = lines.map((line) =>
    columns
      .map((column, index) => padded(line[index] ?? '', sizes[index] ?? 0, column.right === true))
      .join('  ')
      .trimEnd(),
  )
  return `${text.join('\n')}\n`
}
