/** Translates a live question into the language: the changes of one of ours, or all of one that people made. Pure. */
import type { Question } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import type { PulledPart } from '../publication/replaced.ts'
import { structuredFrom } from './from-mbql.ts'
import { columnsFrom, type Drawn, displayFrom } from './from-settings.ts'
import { mbqlOf } from './mbql.ts'
import { soundQuestion } from './sound.ts'

export interface LiveCard {
  readonly title: string
  readonly description: string
  readonly display: string
  readonly settings: Readonly<Record<string, unknown>>
  /** The query, with names in place of Metabase's numbers. */
  readonly asked: { readonly sql: string } | { readonly stages: unknown } | null
}

export interface NoteTaking {
  readonly publication: Publication
  readonly note: (text: string) => void
}

/** Settings that the language cannot express. */
export const MOVED: Readonly<Record<string, string>> = {
  collection: 'it was moved: what is shown on a dashboard is kept in its collection',
  archived: 'it was archived: remove it from the code',
  tags: 'its filters changed: write them where they are defined',
}

function queryFrom({ asked }: LiveCard, { publication, note }: NoteTaking): Question['query'] | null {
  const back =
    asked === null || 'sql' in asked
      ? { reason: 'it is SQL, and the language has no SQL as text: write it with `select`' }
      : structuredFrom(asked.stages, publication)
  if (!('reason' in back)) return back
  note(back.reason)
  return null
}

/** The parts that people changed; null when the language can express none of them. */
export function changedQuestion(
  question: Question,
  card: LiveCard,
  { byHand, ...telling }: NoteTaking & { readonly byHand: readonly string[] },
): PulledPart<Question> | null {
  const parts: { -readonly [K in keyof Question]?: Question[K] } = {}
  const query = byHand.includes('query') ? queryFrom(card, telling) : null
  if (query !== null) parts.query = query
  if (byHand.includes('name')) parts.title = card.title
  if (byHand.includes('description') && card.description !== '') parts.description = card.description
  // Without the query, its columns are not known.
  const isDrawn = byHand.includes('query') ? query !== null : byHand.includes('display') || byHand.includes('settings')
  if (isDrawn) {
    const drawn = drawnFrom(card, query ?? question.query, telling.publication, question)
    const display = displayFrom(drawn)
    if (display === null) telling.note(`the display «${drawn.display}» is none of the language`)
    else parts.display = display
    parts.columns = withWhatWeKnow(columnsFrom(drawn), question.columns)
  }
  for (const part of ['collection', 'archived', 'tags']) if (byHand.includes(part)) telling.note(MOVED[part] ?? part)
  const whole = soundQuestion({ ...question, ...parts }, telling.publication)
  if (whole.query !== question.query) parts.query = whole.query
  return Object.keys(parts).length === 0 ? null : { isNew: false, whole, parts }
}

/** Null, with a note, when it cannot be expressed. */
export function adoptedQuestion(
  card: LiveCard,
  identity: Pick<Question, 'key'> & { readonly adopted: string },
  telling: NoteTaking,
): Question | null {
  const query = queryFrom(card, telling)
  if (query === null) return null
  const drawn = drawnFrom(card, query, telling.publication)
  const display = displayFrom(drawn)
  if (display === null) telling.note(`the display «${drawn.display}» is none of the language`)
  const { title, description } = card
  const question: Question = {
    ...identity,
    title,
    description: description === '' ? title : description,
    query,
    display: display ?? { kind: 'table' },
    columns: columnsFrom(drawn),
    audience: 'team',
    previousKeys: [],
  }
  return soundQuestion(question, telling.publication)
}

function drawnFrom(card: LiveCard, query: Question['query'], publication: Publication, before?: Question): Drawn {
  const mbql = mbqlOf(query, publication)
  const names = 'names' in mbql ? mbql.names : {}
  const called = new Map(Object.entries(names).map(([name, column]) => [column, name]))
  const isGrouped = query.kind === 'structured'
  return {
    display: card.display,
    settings: card.settings,
    groups: isGrouped ? Object.keys(query.by).map((name) => names[name] ?? name) : [],
    figures: isGrouped ? Object.keys(query.measures) : namesIn(before),
    nameOf: (column) => called.get(column) ?? column,
  }
}

/** The columns that a question in SQL is known to have: those that it labels or shows. */
const namesIn = (question: Question | undefined): readonly string[] => {
  if (question === undefined) return []
  const shown = Object.entries(question.display).flatMap(([part, value]: [string, unknown]) =>
    part === 'kind' || part === 'stack' ? [] : [value].flat().filter((name) => typeof name === 'string'),
  )
  return [...new Set([...Object.keys(question.columns), ...shown])]
}

/** Adds from the definition what Metabase does not store: denominators, meanings, labels of values. */
const withWhatWeKnow = (columns: Question['columns'], before: Question['columns']): Question['columns'] =>
  Object.fromEntries(
    Object.entries(columns).map(([name, column]) => {
      const last = before[name]?.format
      const isShare = last?.kind === 'percent' && column.format?.kind === 'percent'
      const { label: _, format: __, ...ours } = before[name] ?? {}
      return [name, { ...ours, ...column, ...(isShare && { format: { ...last, ...column.format } }) }]
    }),
  )

/** A new key made of a name, different from all in `taken`. */
export function freshKey(name: string, taken: ReadonlySet<string>): string {
  const letters = name.normalize('NFD').toLowerCase().replaceAll(/\p{M}/gu, '')
  const plain = letters.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'adopted'
  let key = plain
  for (let number = 2; taken.has(key); number++) key = `${plain}-${number}`
  return key
}
