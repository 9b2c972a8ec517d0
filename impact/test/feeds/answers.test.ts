/** Pure parts of the feeds: what an EgaPro answer says, where a redirect may lead, how long to wait, what settings are. */
import { describe, expect, test } from 'vitest'
import { egaproFact, egaproUrl, estSiren } from '../../feeds/egapro-answer.ts'
import { FeedError } from '../../feeds/feed-error.ts'
import { redirectTarget, retryAfterMs } from '../../feeds/http.ts'
import { raisonDuStatut } from '../../feeds/raisons.ts'
import { parseBges, parseEgapro } from '../../feeds/settings.ts'

const UNREADABLE = { etat: 'inconnu', raison: 'contenu_illisible' }
const SIREN = '000000019'

describe('an answer of EgaPro', () => {
  test.each<[number, string, object]>([
    [200, '{"déclaration":{"index":88}}', { etat: 'connu', reponse: '{"déclaration":{"index":88}}' }],
    [200, '{"de\\u0301claration":null}', { etat: 'connu', reponse: '{"de\u0301claration":null}' }],
    [
      200,
      `{"entreprise":{"siren":"${SIREN}"},"déclaration":{}}`,
      { etat: 'connu', reponse: `{"entreprise":{"siren":"${SIREN}"},"déclaration":{}}` },
    ],
    [
      200,
      '{"entreprise":null,"déclaration":1e999}',
      { etat: 'connu', reponse: '{"entreprise":null,"déclaration":null}' },
    ],
    [200, '{"entreprise":{"siren":"000000027"},"déclaration":{}}', UNREADABLE],
    [200, '{"entreprise":{"siren":"000000027"}}', UNREADABLE],
    [200, '{}', { etat: 'absent' }],
    [200, '[]', UNREADABLE],
    [200, '"déclaration"', UNREADABLE],
    [200, 'null', UNREADABLE],
    [200, '', UNREADABLE],
    [200, '{"déclaration":', UNREADABLE],
    [200, '<!doctype html>', UNREADABLE],
    [200, '{"déclaration":"\\u0000"}', UNREADABLE],
    [200, '{"déclaration":"\\ud83c"}', UNREADABLE],
    [200, '{"déclaration":"\\ud83c\\udf0d"}', { etat: 'connu', reponse: '{"déclaration":"🌍"}' }],
    [200, `{"déclaration":${'['.repeat(80)}${']'.repeat(80)}}`, UNREADABLE],
    [200, `{"déclaration":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, UNREADABLE],
    [404, '{"error":"Déclaration non trouvée"}', { etat: 'absent' }],
    [404, '<html><h1>404</h1></html>', UNREADABLE],
    [404, '', UNREADABLE],
  ])('%i %j', (status, text, fact) => {
    expect(egaproFact(SIREN, status, text)).toEqual(fact)
  })

  test('is asked for nine digits only', () => {
    expect(
      ['000000019', '+12345678', ' 1234567', '1_2345678', '12345678', '../../etc', '１２３４５６７８９'].filter(
        estSiren,
      ),
    ).toEqual(['000000019'])
    expect(egaproUrl('https://example.org/source', SIREN, 2025).href).toBe(
      'https://example.org/source/api/public/declaration/000000019/2025',
    )
  })
})

test.each([
  [200, null],
  [204, 'statut_inattendu'],
  [304, 'statut_inattendu'],
  [404, 'statut_404'],
  [418, 'statut_inattendu'],
  [429, 'statut_429'],
  [503, 'statut_503'],
  [599, 'statut_inattendu'],
])('status %i is %s', (status, raison) => {
  expect(raisonDuStatut(status)).toBe(raison)
})

test.each([
  ['https://a.example/x', '/y', 'https://a.example/y'],
  ['https://a.example/x', 'https://a.example/z?q', 'https://a.example/z?q'],
  ['http://a.example/x', 'https://a.example/x', 'https://a.example/x'],
  ['https://a.example/x', 'http://a.example/x', null],
  ['https://a.example/x', 'https://b.example/x', null],
  ['https://a.example/x', '//b.example/x', null],
  ['https://a.example/x', 'https://a.example:8443/x', null],
  ['https://a.example/x', 'https://u:p@a.example/x', null],
  ['https://a.example/x', 'file:///etc/passwd', null],
  ['https://a.example/x', 'http://[', null],
  ['https://a.example/x', null, null],
])('from %s a redirect to %s leads to %s', (from, location, expected) => {
  expect(redirectTarget(new URL(from), location)?.href ?? null).toBe(expected)
})

const NOW = Date.parse('2026-07-22T10:00:00Z')
test.each([
  ['0', 0],
  [' 12 ', 12_000],
  ['Wed, 22 Jul 2026 10:00:30 GMT', 30_000],
  ['Wed, 22 Jul 2026 09:00:00 GMT', 0],
  ['-5', null],
  ['1.5', null],
  ['soon', null],
  ['9999999999', null],
  ['', null],
  [null, null],
])('Retry-After %j is %s ms', (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected)
})

describe('settings', () => {
  test('default to the public sources, politely', () => {
    expect(parseEgapro({})).toMatchObject({
      baseUrl: 'https://egapro.travail.gouv.fr',
      annee: null,
      parallel: 8,
      perSecond: 20,
      tries: 3,
    })
    expect(parseBges({})).toMatchObject({ baseUrl: 'https://bilans-ges.ademe.fr', maxLossShare: 0.2, dryRun: false })
    expect(Object.isFrozen(parseBges({}))).toBe(true)
  })

  test('are taken as text, as a flag or a variable gives them', () => {
    const given = { baseUrl: 'http://127.0.0.1:8080/', annee: '2024', perSecond: '2.5', onlyMissing: true, tries: null }
    expect(parseEgapro(given)).toMatchObject({
      baseUrl: 'http://127.0.0.1:8080',
      annee: 2024,
      perSecond: 2.5,
      onlyMissing: true,
      tries: 3,
    })
  })

  test('are refused all at once', () => {
    const given = {
      baseUrl: 'ftp://x',
      annee: '1999',
      parallel: 0,
      tries: 2.5,
      perSecond: 'vite',
      dryRun: 'yes',
      userAgent: 'a\r\nx: y',
      autre: 1,
    }
    const refused = (() => {
      try {
        return parseEgapro(given)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(refused).toBeInstanceOf(FeedError)
    expect(refused).toMatchObject({
      code: 'FEED_SETTINGS_INVALID',
      problems: [
        { place: 'autre', detail: 'It is not an option of this feed.' },
        { place: '--dry-run', detail: 'It takes no value.' },
        { place: '--tries', detail: 'It is a whole number from 1 to 10.' },
        { place: 'FEEDS_USER_AGENT', detail: 'It is 1 to 200 ASCII characters.' },
        { place: '--url', detail: 'It begins with https:// or http://.' },
        { place: '--annee', detail: 'It is a whole number from 2018 to 2100.' },
        { place: '--parallel', detail: 'It is a whole number from 1 to 64.' },
        { place: '--per-second', detail: 'It is a number from 0.1 to 1000.' },
      ],
    })
  })

  test.each(['https://user:pass@example.org', 'https://example.org/?a=1', 'nowhere', ''])(
    'the URL %j is refused',
    (baseUrl) => {
      expect(() => parseBges({ baseUrl })).toThrow('FEED_SETTINGS_INVALID')
    },
  )
})
