/** What the tests of the documentation look for in a page: fences, links, anchors, code spans. Markdown as GitHub reads it. */

export interface Fence {
  /** The word after the backticks. */
  readonly language: string
  readonly text: string
  /** The file that the paragraph before it names at its beginning, in bold: **`path`**. */
  readonly file: string | null
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm

export function fencesOf(markdown: string): readonly Fence[] {
  return [...markdown.matchAll(FENCE)].map((match) => {
    const before = markdown.slice(0, match.index).trimEnd().split('\n').at(-1) ?? ''
    return { language: match[1] ?? '', text: match[2] ?? '', file: /^\*\*`([^`]+)`\*\*/.exec(before)?.[1] ?? null }
  })
}

const withoutFences = (markdown: string): string => markdown.replaceAll(FENCE, '')

/** The targets of links and pictures. */
export function linksOf(markdown: string): readonly string[] {
  const text = withoutFences(markdown).replaceAll(/`[^`\n]*`/g, 'code')
  return [...text.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
}

/** Inline code. */
export const spansOf = (markdown: string): readonly string[] =>
  [...withoutFences(markdown).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')

/** The names that a link may give after `#`. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutFences(markdown).matchAll(/^#{1,6} (.+)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replaceAll(' ', '-')
    // A heading that comes again gets a number.
    let name = slug
    for (let n = 1; anchors.has(name); n++) name = `${slug}-${n}`
    anchors.add(name)
  }
  return anchors
}
