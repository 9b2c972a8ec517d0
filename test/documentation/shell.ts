/** The commands of a `sh` block, as far as the guides need a shell: words, quotes, variables, comments, `&&`, `||`, `>`, `<`. */

export interface ShellCommand {
  /** Whether it runs: always, or only after the success or failure of the one before it. */
  readonly after: 'anything' | 'success' | 'failure'
  /** `NAME=value` in front of it. */
  readonly environment: Readonly<Record<string, string>>
  readonly words: readonly string[]
  /** The file that takes what it writes. */
  readonly into: string | null
  /** The file that is its standard input. */
  readonly from: string | null
}

const TOKEN = /\s*(?:(#.*)|(&&|\|\||;|\||\d?>{1,2}|<)|((?:'[^']*'|"[^"]*"|[^\s'"|&;<>#]|\b#)+))/y

export function commandsIn(block: string): readonly ShellCommand[] {
  return block
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => commandsOfLine(line.trim()))
}

function commandsOfLine(line: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = []
  let after: ShellCommand['after'] = 'anything'
  let words: string[] = []
  const files: Record<'into' | 'from', string | null> = { into: null, from: null }
  let redirects: keyof typeof files | null = null
  const end = () => {
    if (words.length > 0) commands.push({ ...commandOf(words, after), ...files })
    words = []
    files.into = files.from = null
  }
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < line.length) {
    const [whole, comment, operator, word] = TOKEN.exec(line) ?? []
    if (whole === undefined) throw new Error(`not understood: ${line}`)
    if (comment !== undefined) break
    if (word !== undefined) {
      if (redirects === null) words.push(word)
      else files[redirects] = word
      redirects = null
    } else if (operator?.endsWith('>') || operator === '<') {
      redirects = operator === '<' ? 'from' : 'into'
    } else {
      end()
      after = operator === '&&' ? 'success' : operator === '||' ? 'failure' : 'anything'
    }
  }
  end()
  return commands
}

const unquoted = (word: string): string => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, a, b) => a ?? b)

function commandOf(words: readonly string[], after: ShellCommand['after']): Omit<ShellCommand, 'into' | 'from'> {
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word))
  const assigned = first === -1 ? words : words.slice(0, first)
  const environment = Object.fromEntries(
    assigned.map((word) => {
      const at = word.indexOf('=')
      return [word.slice(0, at), unquoted(word.slice(at + 1))]
    }),
  )
  return { after, environment, words: first === -1 ? [] : words.slice(first).map(unquoted) }
}
