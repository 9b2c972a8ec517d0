/** The data dictionary tells what is published, each sign in it means itself in every form, and each change is told. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { dictionaryOf } from '../../src/dictionary/dictionary.ts'
import { changesBetween } from '../../src/dictionary/dictionary-changes.ts'
import { textsIn } from '../../src/dictionary/dictionary-texts.ts'
import { earlierDictionary } from '../../src/dictionary/earlier.ts'
import { markdownOf } from '../../src/dictionary/markdown.ts'
import { pageOf } from '../../src/dictionary/page-content.ts'
import { htmlOf } from '../../src/dictionary/page-html.ts'
import type { Dictionary, DictionaryColumn } from '../../src/dictionary/schema.ts'
import { styleSheet } from '../../src/drawing/style.ts'
import { listedShop } from './listed-shop.ts'

const [english, french] = [textsIn('en'), textsIn('fr')]
const full = await dictionaryOf(listedShop)
const [team, member, ...histories] = full.tables
const columnOf = (name: string): DictionaryColumn | undefined => member?.columns.find((column) => column.name === name)

describe('what it tells', () => {
  test('of a column: origin, class, treatment, reason, closed list and range', () => {
    const origin = { table: 'member', column: 'name', privacy: 'personal', published: false }
    expect(columnOf('name')).toMatchObject({
      privacy: 'personal',
      origins: expect.arrayContaining([
        { ...origin, treatments: [{ name: 'masked', parameters: [], reason: 'Names of companies only.' }] },
      ]),
    })
    expect(columnOf('kind')).toMatchObject({
      values: ['a', 'b'],
      origins: [{ ...origin, treatments: [{ name: 'category', parameters: [2], reason: 'Two kinds.' }] }],
    })
    expect(columnOf('letters')).toMatchObject({ range: { from: 0, to: 20 }, nullable: true, minimum: 0 })
    expect(columnOf('team_id')).toMatchObject({ references: { table: 'shop_team', column: 'id' }, privacy: 'indirect' })
    expect(team).toMatchObject({
      kAnonymity: { k: 3, columns: ['name'], otherwise: 'suppress' },
      columns: [{}, { accepts: [{ pattern: 'e-mail address', reason: 'Addresses of shops.' }] }],
    })
    expect(histories[0]).toMatchObject({ history: true, columns: [{}, {}, { origins: [{ published: true }] }] })
  })

  test('of the register: what is published, only read, or left', () => {
    const uses = full.source.tables.flatMap(({ name, partly, columns }) =>
      columns.map((column) => `${name}.${column.name} ${column.use}${partly === null ? '' : ' partly'}`),
    )
    expect(uses).toEqual([
      'team.id published',
      'team.name published',
      'member.id published partly',
      'member.name published partly',
      'member.kind published partly',
      'member.born published partly',
      'member.age published partly',
      'member.token unread partly',
      'member.team_id published partly',
    ])
  })

  test('in French without an English word of the tool, each treatment with its parameters', () => {
    const page = markdownOf(pageOf(full, null, french))
    const treatments = full.tables.flatMap(({ columns }) =>
      columns.flatMap(({ origins }) => origins.flatMap(({ treatments: all }) => all)),
    )
    expect(new Set(treatments.map(({ name }) => name))).toEqual(new Set(Object.keys(english.treatment)))
    for (const { name, parameters } of treatments.filter((treatment) => treatment.parameters.length > 0)) {
      const [given, sentences] = [parameters.join(', '), Object.entries(french.parameters)]
      const [, sentence] = sentences.find(([kind]) => kind === name) ?? []
      expect(page).toContain(sentence?.(given) ?? `no sentence for ${name}`)
    }
  })
})

/** The words of the format itself and of the tool; every other text is whatever people wrote. */
const FIXED = new Set(['format', 'privacy', 'use', 'key', 'otherwise', 'treatment'])
/** The same dictionary, each text of it replaced. */
function rewritten<T>(value: T, replace: (text: string) => string, field = ''): T {
  if (typeof value === 'string') return (FIXED.has(field) ? value : replace(value)) as T // sound because a text stays one.
  if (Array.isArray(value)) return value.map((item) => rewritten(item, replace, field)) as T // sound because a list stays one.
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rewritten(item, replace, name)])) as T // sound because every field stays.
}
const texts = new Set<string>()
rewritten(full, (text) => {
  texts.add(text)
  return text
})

const NASTY = [
  ...[
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onclick='x",
    '&lt;b&gt;',
    '<!--',
    ']]>',
    '</style>',
  ],
  ...[
    '|',
    '\\|',
    '\\',
    '`',
    '``|``',
    '[x](javascript:alert(1))',
    '![x](http://x.y/z)',
    '**',
    '_a_',
    '~~',
    '# ',
    '1. ',
    '- ',
  ],
  ...['\n\n# x', '\r', '\0', '\u2028', '\ud800', '\u202e', '🦊', 'é', '$x$', '@team', ':fox:', 'http://x.y', 'www.x.y'],
]
const nasty = fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 6 })), {
  maxLength: 4,
})
/** As many texts as the dictionary has, none like another, none empty. */
const nastyTexts = fc.array(nasty, { minLength: texts.size, maxLength: texts.size })
const hostile = (parts: readonly (readonly string[])[]): Dictionary => {
  const names = new Map([...texts].map((text, index) => [text, `${(parts[index] ?? []).join('')} ${index}`]))
  return rewritten(full, (text) => names.get(text) ?? text)
}
const RUNS = { numRuns: 25, endOnFailure: true, seed: 7 }

describe('each sign means itself', () => {
  const changed = (dictionary: Dictionary) =>
    changesBetween({ ...dictionary, reader: 'x', tables: dictionary.tables.slice(1) }, dictionary)
  const html = (dictionary: Dictionary) => htmlOf(pageOf(dictionary, changed(dictionary), french), styleSheet)
  // Where a name may break, what keeps writings of two directions apart, and how much room a cell has, depend on the text.
  const tagsOf = (page: string) =>
    (page.match(/<[^>]*>/g) ?? [])
      .filter((tag) => !/^<\/?(?:bdi|wbr)>$/.test(tag))
      .map((tag) => tag.replace(/(?<=(?:id|href|aria-label)=")[^"]*| class="v-(?:n|short|long)"/g, ''))
  const decoded = (page: string) =>
    page
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll(
        /&(#39|quot|lt|gt|amp);/g,
        (_, name: string) => ({ '#39': "'", quot: '"', lt: '<', gt: '>', amp: '&' })[name] ?? '',
      )

  test('in HTML: no text makes, ends or changes an element, and each can be read', () => {
    const plain = tagsOf(html(hostile([])))
    fc.assert(
      fc.property(nastyTexts, (parts) => {
        const dictionary = hostile(parts)
        const page = html(dictionary)
        expect(tagsOf(page)).toEqual(plain)
        const text = decoded(page)
        const shown = (comment: string) => comment.toWellFormed().replaceAll(/[^\P{Cc}\t\n\r]/gu, '\ufffd')
        for (const { comment } of dictionary.tables) expect(text).toContain(shown(comment))
      }),
      RUNS,
    )
  })

  test('in HTML: every link leads to a place of the page, and nothing is asked of anybody', () => {
    fc.assert(
      fc.property(nastyTexts, (parts) => {
        const page = html(hostile(parts))
        const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
        const links = [...page.matchAll(/ href="([^"]*)"/g)].map(([, to]) => to)
        expect(new Set(ids).size).toBe(ids.length)
        expect(links.filter((to) => !ids.includes(to?.slice(1)))).toEqual([])
        const tags = (page.match(/<[^>]*>/g) ?? []).join('\n').replaceAll(/"[^"]*"/g, '""')
        expect(tags).not.toMatch(/<(?:script|link|img|iframe|object|form|base)|\ssrc=|\son\w+=/i)
        expect(page.slice(0, page.indexOf('</style>'))).not.toMatch(/url\(|@import|https?:/)
      }),
      { ...RUNS, numRuns: 10 },
    )
  })

  test('in Markdown: no text ends a cell or a line or begins anything, and each can be read', () => {
    const write = (dictionary: Dictionary) => markdownOf(pageOf(dictionary, changed(dictionary), english))
    // A name with a bar or a backtick is written as text, and not as code.
    const shapeOf = (page: string) =>
      page.split('\n').map((line) => [/^(?:#+ |- |\| --- )?/.exec(line)?.[0], line.match(/(?<!\\)\|/g)?.length ?? 0])
    const plain = shapeOf(write(hostile([])))
    fc.assert(
      fc.property(nastyTexts, (parts) => {
        const dictionary = hostile(parts)
        const page = write(dictionary)
        expect(shapeOf(page)).toEqual(plain)
        expect(page.replaceAll(/<br>|<a id="[^"<>]*"><\/a>/g, '')).not.toMatch(/[<>]/)
        const read = page
          .replaceAll(/\\([^a-z0-9\s])/gi, '$1')
          .replaceAll(/&(#\d+|lt|gt|amp);/g, (_, name: string) =>
            name.startsWith('#')
              ? String.fromCharCode(Number(name.slice(1)))
              : ({ lt: '<', gt: '>', amp: '&' }[name] ?? ''),
          )
        for (const { comment } of dictionary.tables) {
          expect(read).toContain(
            comment
              .toWellFormed()
              .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
              .trim(),
          )
        }
      }),
      RUNS,
    )
  })
})

/** Every place of a value: the names of its fields and the numbers of its items. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([name, item]) => placesIn(item, [...path, name]))]
}
function changedAt<T>(value: T, [name, ...rest]: readonly string[], to: (old: unknown) => unknown): T {
  if (name === undefined) return to(value) as T // sound because the tests look at what is not one, too.
  const copy: Record<string, unknown> & unknown[] = Object.assign(Array.isArray(value) ? [] : {}, value) as never
  const inside = changedAt(copy[name as never], rest, to)
  if (inside === GONE) Array.isArray(copy) ? copy.splice(Number(name), 1) : delete copy[name as never]
  else copy[name as never] = inside as never
  return copy as T // sound because only the place named is another.
}
const GONE = Symbol('gone')
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inside, name) => (inside as Record<string, unknown>)[name], value)
const IDENTITY = /^(?:format|version|publication)$/
const places = placesIn(full).filter((path) => path.length > 0 && !IDENTITY.test(path[0] ?? ''))

describe('each change is told', () => {
  test('of any fact', () => {
    const silent = places
      .filter((path) => typeof at(full, path) !== 'object')
      .filter((path) => {
        const other = (old: unknown) =>
          typeof old === 'number' ? old + 1 : typeof old === 'boolean' ? !old : `${old}x`
        return changesBetween(full, changedAt(full, path, other)).length === 0
      })
    expect(silent).toEqual([])
  })

  test('of whatever comes or goes, once', () => {
    const items = places.filter(
      (path) => /^\d+$/.test(path.at(-1) ?? '') && /^(?:tables|columns|views|functions)$/.test(path.at(-2) ?? ''),
    )
    for (const path of items.filter((each) => !each.includes('kAnonymity'))) {
      const less = changedAt(full, path, () => GONE)
      const there = changesBetween(full, less).filter(({ what }) => what === null)
      const back = changesBetween(less, full).filter(({ what }) => what === null)
      expect([path, there.map(({ change }) => change), back.map(({ change }) => change)]).toEqual([
        path,
        ['removed'],
        ['added'],
      ])
    }
  })

  test('and nothing where nothing changed, whatever the order of its fields', () => {
    const turned = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(turned)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .toReversed()
                .map(([name, item]) => [name, turned(item)]),
            )
          : value
    const file = JSON.stringify(turned({ ...full, changes: null }))
    expect(changesBetween(earlierDictionary(file, 'file', 'shop'), full)).toEqual([])
  })
})

describe('a file that is no dictionary of this publication is refused by name', () => {
  const refused = (value: unknown, publication = 'shop'): VitrineError => {
    try {
      earlierDictionary(typeof value === 'string' ? value : JSON.stringify(value), 'old.json', publication)
    } catch (error) {
      if (error instanceof VitrineError) return error
      throw error
    }
    throw new Error('it was taken')
  }
  const file = { ...full, changes: null }

  test.each(['', '{', 'null', '[]', '1', '"x"', '{}', '\ufeff{"format":"x"}'])('%j', (text) => {
    expect(refused(text)).toMatchObject({ code: 'DICTIONARY_INVALID', place: 'old.json' })
  })

  test('however deep it is', () => {
    expect(refused('['.repeat(100_000))).toMatchObject({ code: 'DICTIONARY_INVALID' })
    expect(refused(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)).toMatchObject({ code: 'DICTIONARY_INVALID' })
  })

  test('with any field missing, of another type, or one too many', () => {
    const wrong = [...places, ['version']].flatMap((path) => {
      const isItem = /^\d+$/.test(path.at(-1) ?? '')
      const value = at(file, path)
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      return [
        ...(isItem ? [] : [changedAt(file, path, () => GONE)]),
        changedAt(file, path, (old) => Object.assign({ canary: 1 }, isObject ? old : {})),
      ]
    })
    const errors = wrong.map((value) => refused(value))
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['DICTIONARY_INVALID']))
    expect(errors.map(({ detail }) => detail).join('\n')).not.toContain('canary')
  })

  test('of a newer version of the tool, whatever it holds', () => {
    expect(refused({ format: full.format, version: full.version + 1, more: 1 })).toMatchObject({
      code: 'DICTIONARY_NEWER',
    })
  })

  test('of another publication', () => {
    expect(refused(file, 'library')).toMatchObject({ code: 'DICTIONARY_OTHER_PUBLICATION' })
  })
})
