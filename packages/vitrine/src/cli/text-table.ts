/** Columns of text, aligned: for results on a terminal. Pure. */

/** The title of a column. Numbers stand to the right, under each other. */
export type Title = string | { readonly right: string }

/** One line per row under a line of titles, ending in a line feed. */
export function textTable(titles: readonly Title[], rows: readonly (readonly string[])[]): string {
  const lines = [titles.map((title) => (typeof title === 'string' ? title : title.right)), ...rows]
  const sizes = titles.map((_, index) => Math.max(...lines.map((line) => [...(line[index] ?? '')].length)))
  const cell = (text: string, index: number): string => {
    const space = ' '.repeat((sizes[index] ?? 0) - [...text].length)
    return typeof titles[index] === 'string' ? text + space : space + text
  }
  return lines.map((line) => `${line.map(cell).join('  ').trimEnd()}\n`).join('')
}
