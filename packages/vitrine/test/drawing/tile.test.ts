/** What each display says, in words: the figure first, its change, its counts, its unit, its names; and why a card is empty. */
import { describe, expect, test } from 'vitest'
import { withCounts } from '../../src/drawing/counted.ts'
import { drawSkeleton } from '../../src/drawing/tile.ts'
import {
  answer,
  asked,
  drawn,
  ENGLISH,
  FRENCH,
  LINKS as HREFS,
  MONTH,
  PERCENT,
  structured,
  WHOLE,
  words,
} from './asked.ts'

const LINKS = 'Tableau CSV Ouvrir dans Metabase'
const front = (html: string) => words(html).replace('Title What it means. ', '').replace(` ${LINKS}`, '')
const share = { kind: 'percent', decimals: 1, of: 'known' } as const
const labelled = {
  month: { label: 'Mois', format: MONTH },
  n: { label: 'Inscrites', format: WHOLE },
  p: { label: 'Part', format: share },
  known: { label: 'Connues', format: WHOLE },
  s: { label: 'Statut' },
  x: { label: 'Étape' },
}
const months = answer('month:date n', ['2026-10-01', 1106], ['2026-09-01', 109], ['2026-08-01', null])

describe('a card', () => {
  test('begins with its title and its meaning, and ends with its table, its file and the way to Metabase', async () => {
    const html = await drawn(asked({ kind: 'number', value: 'n' }), answer('n', [691]))
    expect(words(html)).toBe(`Title What it means. 691 ${LINKS}`)
    expect(html).toContain('<caption>Title</caption>')
    expect(html).toContain('href="/c"')
  })

  test.each([
    ['no rows', 'Aucune ligne ne répond à cette question.'],
    ['filtered away', 'Aucune ligne pour ces filtres : élargissez-les.'],
    ['unknown', 'La valeur n’est pas connue.'],
    ['small groups', 'Les groupes sont trop petits pour être montrés.'],
    ['nothing published', 'Rien n’a encore été publié.'],
  ] as const)('that is empty for the reason %s says it', async (why, text) => {
    expect(words(await drawn(asked({ kind: 'table' }), { kind: 'empty', why }))).toContain(text)
  })

  test('that is unknown says why, in how many rows', async () => {
    const reasons = { 'source externe en panne': 1600, 'tranche inconnue': 2000 }
    const state = { kind: 'empty', why: 'unknown', reasons } as const
    expect(words(await drawn(asked({ kind: 'table' }), state))).toContain(
      'Raisons notées : tranche inconnue (lignes : 2\u202f000), source externe en panne (lignes : 1\u202f600).',
    )
  })

  test.each([
    ['CONNECTION_LOST', 'ne répond pas'],
    ['QUERY_TIMEOUT', 'a pris trop de temps'],
    ['EXPRESSION_FAILED', 'n’a pas reçu de réponse'],
  ] as const)('that failed with %s says so in words, and by its code', async (code, text) => {
    const told = words(await drawn(asked({ kind: 'table' }), { kind: 'failed', code }))
    expect(told).toContain(text)
    expect(told).toContain(code)
  })

  test('that comes later says that it is being read, and leads to its table', () => {
    const html = String(drawSkeleton(asked({ kind: 'table' }), ENGLISH, HREFS))
    expect(words(html)).toContain('Being read')
    expect(html).toContain(`href="${HREFS.table}"`)
  })

  test('of a cut answer leads to all rows', async () => {
    const html = await drawn(asked({ kind: 'table' }), { ...answer('n', [1], [2]), isCut: true }, ENGLISH)
    expect(words(html)).toContain('The first 2 rows; there are more. See all')
  })
})

describe('figures', () => {
  test('a trend says the period, the change with its sign, and what it was', async () => {
    const html = await drawn(asked({ kind: 'trend', time: 'month', value: 'n' }, labelled), months)
    expect(front(html)).toMatchInlineSnapshot(`"1 106 octobre 2026 · +997 depuis septembre 2026 (109)"`)
    expect(html).toContain('v-good')
    const bad = asked({ kind: 'trend', time: 'month', value: 'n', decreaseIsGood: true }, labelled)
    expect(await drawn(bad, months)).toContain('v-bad')
  })

  test('a trend of percentages changes in points, and has its counts', async () => {
    const question = asked({ kind: 'trend', time: 'month', value: 'p' }, labelled)
    const rows = answer('month:date p known', ['2026-10-01', 39.6, 3663], ['2026-09-01', 38, 3600])
    expect(front(await drawn(question, rows))).toMatchInlineSnapshot(
      `"39,6 % octobre 2026 · +1,6 point depuis septembre 2026 (38,0 %) · sur 3 663"`,
    )
  })

  test('a percentage of the language is asked with its counts, and says them', async () => {
    const plain = asked(
      { kind: 'progress', value: 'p', goal: 60 },
      { p: { label: 'Part', format: PERCENT } },
      structured({ measures: { p: { percent: [['s', '=', 'A']], of: [['s', 'is not null']] } } }),
    )
    const question = withCounts(plain, FRENCH)
    expect('measures' in question.query && question.query.measures).toMatchObject({
      'counted 0': {
        count: 'rows',
        where: [
          ['s', '=', 'A'],
          ['s', 'is not null'],
        ],
      },
      'among 0': { count: 'rows', where: [['s', 'is not null']] },
    })
    const rows = answer('p c a', [39.6, 1450, 3663])
    const columns = ['p', 'counted 0', 'among 0'].map((name) => ({ name, kind: 'number' as const }))
    expect(front(await drawn(question, { ...rows, columns }))).toMatchInlineSnapshot(
      `"39,6 % 1 450 sur 3 663 · objectif 60,0 %"`,
    )
  })

  test('a gauge names the segment that the figure is in', async () => {
    const segments = [
      { from: 0, to: 26, label: 'à temps' },
      { from: 26, to: 48, label: 'en retard' },
    ]
    const html = await drawn(asked({ kind: 'gauge', value: 'n', segments }), answer('n', [30]))
    expect(html).toContain('<b>en retard 26–48</b>')
  })

  test('an unknown figure is no zero', async () => {
    expect(front(await drawn(asked({ kind: 'number', value: 'n' }), answer('n', [null])))).toBe('–')
  })
})

describe('charts', () => {
  const steps = answer('x:text n', ['Connues', 5000], ['Inscrites', 3502], ['À jour', 49])

  test('a funnel says what is left of the step before', async () => {
    expect(front(await drawn(asked({ kind: 'funnel', step: 'x', value: 'n' }, labelled), steps))).toMatchInlineSnapshot(
      `"à droite, la part de l’étape d’avant Connues 5 000 Inscrites 3 502 70 % de l’étape d’avant À jour 49 1,4 % de l’étape d’avant De 5 000 (Connues) à 49 (À jour)."`,
    )
  })

  test('a ring says each part, its share and the total', async () => {
    expect(front(await drawn(asked({ kind: 'pie', label: 'x', value: 'n' }, labelled), steps))).toMatchInlineSnapshot(
      `"8 551 Total Connues 58 % 5 000 Inscrites 41 % 3 502 À jour 0,6 % 49 Connues : 58 %. Inscrites : 41 %. À jour : 0,6 %."`,
    )
  })

  test('rows say each figure with what it is a share of', async () => {
    const rows = answer('x:text p known', ['EgaPro', 72, 1623], [null, 1.4, 707])
    expect(front(await drawn(asked({ kind: 'row', x: 'x', y: ['p'] }, labelled), rows))).toMatchInlineSnapshot(
      `"EgaPro 72,0 % sur 1 623 inconnu 1,4 % sur 707 Part : au plus 72,0 % (EgaPro), au moins 1,4 % (inconnu)."`,
    )
  })

  test('a line goes from the first date to the last, whatever the order of the answer, and says where it begins and ends', async () => {
    const html = await drawn(asked({ kind: 'line', x: 'month', y: ['n'] }, labelled), months, FRENCH, {
      columns: 3,
      height: 7,
    })
    expect(front(html)).toMatchInlineSnapshot(
      `"0 500 1 000 1 500 août 2026 oct. 2026 1 106 Inscrites : de 109 à 1 106 ; au plus 1 106 (octobre 2026), au moins 109 (septembre 2026). De août 2026 à octobre 2026."`,
    )
    expect(html).toContain('role="img" aria-labelledby="q-asked-title q-asked-said"')
    expect(html).toMatch(/<figure role="figure" aria-label="Title\. Inscrites : de 109 à 1.106 ;/)
  })

  test('each width has a drawing of its own, and no text in it is smaller than 12 pixels', async () => {
    const html = await drawn(
      asked({ kind: 'combo', x: 'month', y: ['n', 'p'], lines: ['p'] }, labelled),
      answer('month:date n p', ['2026-09-01', 3, 4], ['2026-10-01', 5, 6]),
    )
    expect([...html.matchAll(/viewBox="0 0 (\d+)/g)].map(([, width]) => width)).toEqual(['244', '544'])
    expect([...html.matchAll(/font-size="(\d+)/g)].every(([, size]) => Number(size) >= 12)).toBe(true)
  })

  test('bars whose names do not fit side by side are rows', async () => {
    const html = await drawn(
      asked({ kind: 'bar', x: 'x', y: ['n'] }, labelled),
      answer('x:text n', ['Soumises à une réglementation', 4], ['b', 2], ['c', 1]),
    )
    expect(html).toContain('<div class="v-to-544"><ol class="v-rows">')
    expect(html.match(/class="v-plot/g)?.length).toBe(1)
    const two = await drawn(
      asked({ kind: 'bar', x: 'x', y: ['n'], series: 's', stack: 'stacked' }, labelled),
      answer('x:text s:text n', ['Soumises à une réglementation', 'u', 4], ['b', 'u', 2], ['c', 'v', 1]),
    )
    expect(two).toMatch(/<div class="v-to-544"><ul class="v-legend">(?:<li>.*?<\/li>){2}<\/ul><ol class="v-rows">/)
  })

  test('what means something has its colour, the unknown its own, and a code its name, whatever the order', async () => {
    const question = asked(
      { kind: 'row', x: 'month', y: ['n'], series: 's', stack: 'stacked' },
      {
        ...labelled,
        s: { label: 'Statut', means: { 'A JOUR': 'done', 'en cours': 'doing' }, names: { 'A JOUR': 'à jour' } },
      },
    )
    const html = await drawn(
      question,
      answer('month:text s:text n', ['a', null, 1], ['a', 'en cours', 1], ['a', 'A JOUR', 1], ['a', 'autre', 1]),
    )
    expect(
      [...html.matchAll(/fill="var\(--v-([a-z0-9]+)\)"\/><\/svg>([^<]*)<\/li>/g)].map(
        ([, token, name]) => `${name} ${token}`,
      ),
    ).toEqual(['inconnu unknown', 'en cours doing', 'à jour done', 'autre accent'])
    expect(html).not.toContain('A JOUR')
  })

  test('a month without a row is a gap between bars', async () => {
    const question = asked(
      { kind: 'bar', x: 'month', y: ['n'] },
      labelled,
      structured({ by: { month: { time: 't', unit: 'month' } } }),
    )
    const html = await drawn(question, answer('month:date n', ['2026-05-01', 1], ['2026-07-01', 2]), FRENCH, {
      columns: 3,
      height: 7,
    })
    expect([...html.matchAll(/>([a-zéû.]+(?: 2026)?)<\/text>/g)].map(([, name]) => name)).toEqual([
      'mai 2026',
      'juin',
      'juil.',
    ])
  })

  test('a single row of many columns is read downwards', async () => {
    const html = await drawn(asked({ kind: 'table' }, labelled), answer('x:text s:text n known', ['A', 'b', 1, 2]))
    expect([html.includes('<thead>'), words(html)]).toEqual([
      false,
      expect.stringContaining('Étape A Statut b Inscrites 1 Connues 2'),
    ])
  })

  test.each(['bar', 'line'] as const)('a group may have any name: %s', async (kind) => {
    const rows = ['__proto__', 'constructor', 'toString', 'A'].map((name, at) => [name, at] as const)
    const draw = () => drawn(asked({ kind, x: 'x', y: ['n'] }, labelled), answer('x:text n', ...rows))
    const [one, other] = [await draw(), await draw()]
    const added = []
    for (const name in {}) added.push(name)
    expect([added, Object.hasOwn(Object, 'prev'), one === other]).toEqual([[], false, true])
    expect(one).toContain('__proto__')
  })

  test('bars that say their figures take all of the height', async () => {
    const html = await drawn(
      asked({ kind: 'bar', x: 'x', y: ['n'] }, labelled),
      answer('x:text n', ['A', 10], ['B', 11]),
      FRENCH,
    )
    const tops = [...html.matchAll(/translate\([\d.]+ ([\d.]+)\)"[^>]*>(?:10|11)</g)].map(([, y]) => Number(y))
    expect(Math.min(...tops)).toBeLessThan(30)
  })

  test('a sign that French keeps apart, and the thousands of a number, begin no line', async () => {
    const html = await drawn(
      asked({ kind: 'row', x: 'x', y: ['n'] }, labelled),
      answer('x:text n', ['500 à 4 999', 1], ['« oui » ?', 2]),
    )
    expect(html).toContain('500 à 4\u202f999')
    expect(html).toContain('«\u00a0oui\u00a0»\u00a0?')
  })

  test('a pivot of more columns than anybody reads is its rows', async () => {
    const rows = Array.from({ length: 2_000 }, (_, at) => [`row ${at}`, `column ${at}`, at] as const)
    const pivot = asked({ kind: 'pivot', rows: ['x'], columns: ['s'], values: ['n'] }, labelled)
    const html = await drawn(pivot, answer('x:text s:text n', ...rows))
    expect(html.match(/<t[dh]/g)?.length).toBeLessThan(3 * 410)
    expect(words(html)).toContain('400 lignes sur 2\u202f000')
  })

  test('a pivot leaves empty what no row says, and names the unknown', async () => {
    const html = await drawn(
      asked({ kind: 'pivot', rows: ['x'], columns: ['s'], values: ['n'] }, labelled),
      answer('x:text s:text n', ['A', 'b', 1], ['C', null, 0]),
    )
    expect(words(html)).toContain('Étape b inconnu A 1 C 0')
  })
})
