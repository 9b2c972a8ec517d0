/**
 * What to do about an error. A command of the tool is named as data, because each program calls its commands in its own
 * way; the program that prints makes text of it.
 */

/** A command of the tool with its options: `command('migrate', '--new-source')`. */
export interface CommandLine {
  readonly command: string
  readonly options: string
}

export type Remedy = string | CommandLine | { readonly parts: readonly Remedy[] }

/** How a program calls a command of the tool, such as `impact sync_metabase` for `sync`. */
export type CommandNames = (command: string) => string

export const plainCommandNames: CommandNames = (command) => `vitrine ${command}`

export const command = (name: string, options = ''): CommandLine => Object.freeze({ command: name, options })

/** A tag: remedy`Run ${command('migrate')}.` Commands stand in backquotes. */
export const remedy = (texts: TemplateStringsArray, ...values: readonly (string | CommandLine)[]): Remedy => ({
  parts: texts.flatMap((text, index) => {
    const value = values[index] ?? ''
    return typeof value === 'string' ? [text, value] : [text, '`', value, '`']
  }),
})

/** Several remedies, one a line. */
export const remedyLines = (remedies: readonly Remedy[]): Remedy =>
  remedies.every((remedy) => typeof remedy === 'string')
    ? remedies.join('\n')
    : { parts: remedies.flatMap((remedy, index) => (index === 0 ? [remedy] : ['\n', remedy])) }

/** The text for a person. */
export function remedyText(remedy: Remedy, names: CommandNames = plainCommandNames): string {
  if (typeof remedy === 'string') return remedy
  if ('command' in remedy) return `${names(remedy.command)} ${remedy.options}`.trimEnd()
  return remedy.parts.map((part) => remedyText(part, names)).join('')
}
