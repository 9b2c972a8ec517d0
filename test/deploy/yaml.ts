/**
 * Reads the part of YAML that `compose.yaml` keeps to, and throws at anything else: block mappings indented by two, block
 * sequences of plain values, flow sequences written as JSON, empty mappings, plain and double-quoted scalars, comments on
 * lines of their own. What it takes means the same to every YAML parser.
 */
export type Yaml = string | readonly Yaml[] | { readonly [key: string]: Yaml }

interface Line {
  readonly indent: number
  readonly text: string
}

export function parseYaml(text: string): Yaml {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
    .map((line) => {
      if (/\t| $/.test(line)) throw new Error(`a tab, or a blank at the end: ${line}`)
      return { indent: line.length - line.trimStart().length, text: line.trim() }
    })
  const [value, rest] = blockOf(lines, 0)
  if (rest.length > 0) throw new Error(`not understood: ${rest[0]?.text}`)
  return value
}

function blockOf(lines: readonly Line[], indent: number): [Yaml, readonly Line[]] {
  if (lines[0]?.text.startsWith('- ')) {
    const items = lines.slice(0, lines.findIndex((line) => line.indent !== indent || !line.text.startsWith('- ')) >>> 0)
    return [items.map(({ text }) => scalarOf(text.slice(2))), lines.slice(items.length)]
  }
  const mapping: Record<string, Yaml> = {}
  let rest = lines
  while (rest[0]?.indent === indent) {
    const [, key = '', value = ''] = /^([\w-]+):(?: (.+))?$/.exec(rest[0].text) ?? []
    if (key === '' || key in mapping) throw new Error(`not understood, or twice: ${rest[0].text}`)
    rest = rest.slice(1)
    if (value !== '') mapping[key] = scalarOf(value)
    else if (rest[0]?.indent !== indent + 2) throw new Error(`nothing under it: ${key}`)
    else [mapping[key], rest] = blockOf(rest, indent + 2)
  }
  return [mapping, rest]
}

function scalarOf(text: string): Yaml {
  if (text === '{}') return {}
  if (/^["[]/.test(text)) {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string')))
      return value
    throw new Error(`not a text or a list of texts: ${text}`)
  }
  if (/^(?:[1-9]\d*|true|false)$/.test(text)) return text
  // These mean something else in YAML, or something else to one parser than to another.
  if (/^[{&*!|>%@`'#?-]|: |:$| #|^(?:y|n|yes|no|on|off|true|false|null|~|[\d.:]+)$/i.test(text)) {
    throw new Error(`quote it: ${text}`)
  }
  return text
}
