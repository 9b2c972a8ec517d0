/** The BGES file: the columns are found by name, and one thing that is not understood refuses the whole file. */
import { describe, expect, test } from 'vitest'
import { BgesFile } from '../../feeds/bges-file.ts'
import { FeedError } from '../../feeds/feed-error.ts'

const HEADER = 'Id;Date de publication;Raison sociale;SIREN principal'

interface Reading {
  readonly rows: readonly string[]
  readonly ignored: number
}

async function read(bytes: Uint8Array, step = bytes.length): Promise<Reading> {
  const file = new BgesFile(2026)
  const rows: string[] = []
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
  }
  for await (const { siren, date } of file.read(pieces())) rows.push(`${siren} ${date}`)
  return { rows, ignored: file.ignored }
}

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')

async function refusal(bytes: Uint8Array): Promise<FeedError> {
  try {
    await read(bytes)
  } catch (thrown) {
    if (thrown instanceof FeedError) return thrown
    throw thrown
  }
  throw new Error('a refusal was expected')
}

test.each([
  ['with a byte order mark', `\ufeff${HEADER}\r\n1;31/12/2025;É;000000019\r\n2;29/02/2024;"a;\nb";000000027\r\n`],
  ['without one', `${HEADER}\n1;31/12/2025;É;000000019\n2;29/02/2024;b;000000027`],
  ['with blank lines', `\n${HEADER}\r\n\r\n1;31/12/2025;É;000000019\n\n2;29/02/2024;b;000000027\n\n`],
  ['with quotes inside a text', `${HEADER}\n1;31/12/2025;a "b" 5" de plus;000000019\n2;29/02/2024;"""b""";000000027`],
  [
    'with columns elsewhere',
    '"SIREN principal";x;"Date de publication"\n000000019;;31/12/2025\n000 000 027 ;; 29/02/2024 ',
  ],
])('is read %s, in pieces of any size', async (_, text) => {
  const whole = { rows: ['000000019 2025-12-31', '000000027 2024-02-29'], ignored: 0 }
  for (const step of [1, 2, 7, 1000]) expect(await read(utf8(text), step)).toEqual(whole)
})

test('lines without a siren concern no company, while they are few', async () => {
  const lines = ['1;31/12/2025;a;000000019', '2;31/12/2025;b;', '3;;c;FR000000027', '4;01/01/2027;d;000000035']
  expect(await read(utf8([HEADER, ...lines].join('\n')))).toEqual({
    rows: ['000000019 2025-12-31', '000000035 2027-01-01'],
    ignored: 2,
  })
})

const line = (date: string, siren = '000000019') => `${HEADER}\n1;01/02/2024;a;000000027\n2;${date};b;${siren}\n`

describe('is refused', () => {
  test.each<[string, Uint8Array, string, string]>([
    [
      'without a column',
      utf8('Id;SIREN principal\n1;000000019\n'),
      'entete_inattendu',
      'without «Date de publication»',
    ],
    [
      'with a column renamed',
      utf8(line('01/02/2024').replace('SIREN principal', 'SIREN')),
      'entete_inattendu',
      'without «SIREN principal»',
    ],
    ['with a column twice', utf8(`${HEADER};SIREN principal\n`), 'entete_inattendu', '«SIREN principal» twice'],
    [
      'with another delimiter',
      utf8(line('01/02/2024').replaceAll(';', ',')),
      'entete_inattendu',
      'without «SIREN principal», without «Date de publication»',
    ],
    [
      'as a page',
      utf8('<!doctype html><html>\n'),
      'entete_inattendu',
      'without «SIREN principal», without «Date de publication»',
    ],
    [
      'in Latin-1',
      Buffer.from(line('01/02/2024').replace('b;', 'é;'), 'latin1'),
      'encodage_inattendu',
      'not UTF-8 after record 0',
    ],
    [
      'in UTF-16',
      Buffer.from(`\ufeff${line('01/02/2024')}`, 'utf16le'),
      'encodage_inattendu',
      'not UTF-8 after record 0',
    ],
    [
      'cut inside a character',
      utf8(`${line('01/02/2024')}3;01/02/2024;é`).subarray(0, -1),
      'encodage_inattendu',
      'not UTF-8 after record 3',
    ],
    ['cut inside a line', utf8(`${line('01/02/2024')}3;01/0`), 'ligne_illisible', 'record 4: 2 fields, not 4'],
    ['cut inside quotes', utf8(`${line('01/02/2024')}3;"01/0`), 'ligne_illisible', 'record 4: CSV_QUOTE_NOT_CLOSED'],
    [
      'with a record without end',
      utf8(`${line('01/02/2024')}3;${'x'.repeat(1_000_001)}`),
      'ligne_illisible',
      'record 4: CSV_MAX_RECORD_SIZE',
    ],
    [
      'with delimiters without end',
      utf8(`${line('01/02/2024')}${';'.repeat(10_000)}`),
      'ligne_illisible',
      'record 4: 2000 fields, not 4',
    ],
    ['empty', utf8(''), 'contenu_vide', 'no line'],
    ['with a header only', utf8(`${HEADER}\n`), 'contenu_vide', 'no line'],
    [
      'when most lines have no siren',
      utf8(`${HEADER}\n1;;a;\n2;;b;\n3;01/02/2024;c;000000019`),
      'siren_illisible',
      '2 of 3 lines without a siren',
    ],
    ...[
      '29/02/2023',
      '31/04/2024',
      '2024-02-01',
      '1/2/2024',
      '',
      '01/02/24',
      '01/02/0024',
      '01/02/1999',
      '01/02/2028',
      '13/13/2024',
      'inconnue',
    ].map((date): [string, Uint8Array, string, string] => [
      `with the date «${date}»`,
      utf8(line(date)),
      'date_illisible',
      'record 3: «Date de publication»',
    ]),
  ])('%s', async (_, bytes, raison, detail) => {
    const error = await refusal(bytes)
    expect(error).toMatchObject({ code: 'FEED_CONTENT_INVALID', raison, detail: `${raison}, ${detail}` })
  })
})
