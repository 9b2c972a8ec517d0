/** What may not be published never reaches the target's socket: each pattern, type and path, however the network cuts the bytes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asVitrineError } from '../../src/base/errors.ts'
import { Blocks } from '../../src/copy/blocks.ts'
import { copyRows } from '../../src/copy/copy.ts'
import { rowsThrough } from '../../src/copy/row-rewrite.ts'
import { MESSAGE } from '../../src/copy/wire.ts'
import * as vitrine from '../../src/index.ts'
import { held, holdsPattern, PATTERNS } from '../../src/publication/pattern.ts'
import { projectionOf } from '../../src/publication/select-text.ts'
import { inText, PLANTED } from './planted-values.ts'
import { bytesOf, chunksOf, speaker } from './spoken.ts'

const { open, text, varchar, textArray, jsonb, bigint } = vitrine
const columns = {
  id: open.bigint,
  plain: open.text,
  short: open.varchar(2000),
  code: open.varchar(9),
  list: open.textArray,
  tree: open.jsonb,
}
const source = vitrine.register('public', { thing: { ...columns, closed: open.text } })
type Name = 'plain' | 'short' | 'code' | 'list' | 'tree' | 'made'

/** A table whose rows are passed on as they come, and one whose rows a rule reads; each accepts a pattern, or none. */
function thing(rewritten: boolean, accepted?: vitrine.PatternName) {
  const watch = <N extends 'not null' | 'nullable'>(column: vitrine.Column<N>) =>
    accepted === undefined ? column : column.accept(accepted, 'made up')
  return vitrine.from(source.selectFrom('thing as t')).publish('thing', 'A thing.', ({ ref }) => ({
    id: bigint(ref('t.id'), 'Key').primaryKey(),
    plain: watch(text(ref('t.plain'), 'Text')),
    short: watch(varchar(2000, ref('t.short'), 'Text')),
    code: watch(varchar(9, ref('t.code'), 'Code')),
    list: watch(textArray(ref('t.list'), 'Texts')),
    tree: watch(jsonb(ref('t.tree'), 'JSON')),
    ...(rewritten
      ? {
          made: watch(
            text(
              vitrine.compute({ given: ref('t.closed') }, ({ given }) => given.trim()),
              'Made',
            ),
          ),
        }
      : {}),
  }))
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const fieldOf = (bytes: Buffer | null): Buffer =>
  bytes === null ? word(-1) : Buffer.concat([word(bytes.length), bytes])
const listOf = (texts: readonly string[]): Buffer =>
  Buffer.concat([
    word(1),
    word(0),
    word(25),
    word(texts.length),
    word(1),
    ...texts.map((value) => fieldOf(Buffer.from(value))),
  ])

type Row = Readonly<Record<Name, string>>
function bytesOfRow(row: Row, index: number, rewritten: boolean, missing: number | null): Buffer {
  const id = Buffer.alloc(8)
  id.writeBigInt64BE(BigInt(index))
  const passed: (Buffer | null)[] = [
    id,
    Buffer.from(row.plain),
    Buffer.from(row.short),
    Buffer.from(row.code),
    listOf(['x', '', row.list, 'y']),
    Buffer.from(`\u0001${JSON.stringify({ a: ['b', { c: row.tree }] })}`),
  ]
  if (missing !== null) passed[missing] = null
  const fields = rewritten ? [Buffer.from(`${row.made} `), ...passed] : passed
  return Buffer.concat([Buffer.from([0, fields.length]), ...fields.map(fieldOf)])
}

async function copied(
  rows: readonly Row[],
  cuts: readonly number[],
  rewritten: boolean,
  accepted?: vitrine.PatternName,
  missing: { readonly row: number; readonly field: number } | null = null,
) {
  const table = thing(rewritten, accepted)
  const [from, to] = [speaker(), speaker()]
  const done = copyRows({
    source: from.client,
    target: to.client,
    select: 'select',
    into: 'thing',
    freeze: false,
    rows: rowsThrough(table, projectionOf(table, null, rewritten ? [25] : []), null),
  }).then(
    () => null,
    (error: unknown) => asVitrineError(error),
  )
  const frame = (type: number, body: Buffer) => bytesOf({ type, body })
  const end = Buffer.concat([
    frame(MESSAGE.commandComplete, Buffer.from(`COPY ${rows.length}\0`)),
    frame(MESSAGE.ready, Buffer.from('I')),
  ])
  to.say(frame(MESSAGE.copyIn, Buffer.from([1, 0, 0])))
  const stream = [
    Buffer.concat([Buffer.from('5047434f50590aff0d0a00', 'hex'), Buffer.alloc(8)]),
    ...rows.map((row, index) => bytesOfRow(row, index, rewritten, missing?.row === index ? missing.field : null)),
    Buffer.from([0xff, 0xff]),
  ].map((body) => frame(MESSAGE.copyData, body))
  await new Promise((resolve) => setImmediate(resolve))
  for (const chunk of chunksOf(Buffer.concat([...stream, end]), cuts)) from.say(chunk)
  await new Promise((resolve) => setImmediate(resolve))
  to.say(end)
  const error = await done
  return { error, heard: Buffer.concat(to.heard).toString('latin1') }
}

const harmless = fc.constantFrom('', 'SIRET 732 829 320 00074', 'été', 'du 01/02/2024 08:30', 'St. Jean', '$ 12')
const row: fc.Arbitrary<Row> = fc.record({
  plain: harmless,
  short: harmless,
  code: fc.constant('10-49'),
  list: harmless,
  tree: harmless,
  made: harmless,
})
const cuts = fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 20 })
const place = fc.constantFrom<Name>('plain', 'short', 'list', 'tree', 'made')

test.each(PATTERNS.map(({ name, told }) => [name, told] as const))(
  '%s: stops before the target',
  async (name, told) => {
    // Now and then the digits of an account hold a card number.
    const alone = (value: string) =>
      PATTERNS.every(
        (pattern) => pattern.name === name || !holdsPattern(pattern, Buffer.from(value).toString('latin1')),
      )
    const planted = PLANTED[name]
      .filter(alone)
      .chain((value) => fc.tuple(fc.constant(value), inText(fc.constant(value))))
    const cases = fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      place,
      planted,
      cuts,
      async (rows, at, column, [value, around], cut) => {
        const rewritten = column === 'made' || at % 2 === 0
        const spoilt = rows.with(at % rows.length, { ...(rows[at % rows.length] as Row), [column]: around })
        const { error, heard } = await copied(spoilt, cut, rewritten)
        expect(error).toMatchObject({ code: 'PRIVACY_VIOLATION', problems: [{ place: column, detail: held(1, told) }] })
        expect(JSON.stringify(error)).not.toContain(value)
        expect(heard).not.toContain(Buffer.from(value).toString('latin1'))
        expect((await copied(spoilt, cut, rewritten, name)).error).toBeNull()
      },
    )
    await fc.assert(cases, { numRuns: 100 })
  },
)

const paper = vitrine
  .from(source.selectFrom('thing as t'))
  .publish('paper', 'What another system wrote.', ({ ref }) => ({
    id: bigint(ref('t.id'), 'Key').primaryKey(),
    sheet: jsonb(
      vitrine.compute({ given: ref('t.closed') }, ({ given }) => given),
      'JSON',
    ),
  }))

/** What is found when a rule gives this JSON, and the bytes that are sent. */
function given(json: string) {
  const sent: Buffer[] = []
  const blocks = new Blocks((bytes) => sent.push(Buffer.from(bytes)))
  const rows = rowsThrough(paper, projectionOf(paper, null, [25]), null)?.(blocks)
  const body = Buffer.concat([Buffer.from([0, 2]), fieldOf(Buffer.from(json)), fieldOf(Buffer.alloc(8))])
  rows?.frames(bytesOf({ type: MESSAGE.copyData, body }))
  rows?.end()
  blocks.flush()
  return { problems: rows?.violations.map(({ code, detail }) => detail ?? code), sent: Buffer.concat(sent) }
}

test.each(PATTERNS.map(({ name, told }) => [name, told] as const))(
  '%s: found in the JSON of a rule, however it is escaped',
  (name, told) => {
    const code = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    const escaped = (text: string, every: number) =>
      text.replace(/./gs, (character, at: number) =>
        at % every === 0 ? code(character) : JSON.stringify(character).slice(1, -1).replace('/', '\\/'),
      )
    const cases = fc.property(inText(PLANTED[name]), fc.integer({ min: 1, max: 3 }), (text, every) => {
      const json = `{"a": ["${escaped(text, every)}"]}`
      expect(JSON.parse(json)).toEqual({ a: [text] })
      const { problems, sent } = given(json)
      expect(problems).toContain(told)
      expect(sent).toHaveLength(0)
    })
    fc.assert(cases, { numRuns: 200 })
  },
)

test('JSON that PostgreSQL would refuse, and quote in its log, stays here', () => {
  for (const json of ['"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '{"\\udc00": 1}'])
    expect(given(json)).toEqual({ problems: ['VALUE_OUT_OF_RANGE'], sent: Buffer.alloc(0) })
  const whole = String.raw`{"a\"b\\u0000\n": "\ud83d\ude00\u0022\u005c\u000a"}`
  const { problems, sent } = given(whole)
  expect(problems).toEqual([])
  const [, json = ''] = sent.toString('utf8').split('\u0001')
  expect(JSON.parse(json)).toEqual(JSON.parse(whole))
})

test('what is harmless passes byte by byte', async () => {
  const cases = fc.asyncProperty(fc.array(row, { maxLength: 6 }), cuts, fc.boolean(), async (rows, cut, rewritten) => {
    const { error, heard } = await copied(rows, cut, rewritten)
    expect(error).toBeNull()
    for (const { list, tree } of rows)
      for (const value of [list, tree]) expect(heard).toContain(Buffer.from(value).toString('latin1'))
  })
  await fc.assert(cases, { numRuns: 100 })
})

test('a row that has no value where one must be stays here', async () => {
  const names = ['id', 'plain', 'short', 'code', 'list', 'tree']
  const cases = fc.asyncProperty(
    fc.array(row, { minLength: 1, maxLength: 6 }),
    fc.nat(),
    fc.nat({ max: names.length - 1 }),
    cuts,
    fc.boolean(),
    fc.constantFrom(undefined, 'e-mail address' as const),
    async (rows, at, field, cut, rewritten, accepted) => {
      const missing = { row: at % rows.length, field }
      const { error, heard } = await copied(rows, cut, rewritten, accepted, missing)
      const detail = '1 row: no value in a not-null column'
      expect(error).toMatchObject({ code: 'VALUE_NULL', problems: [{ place: names[field], detail }] })
      const spoilt = bytesOfRow(rows[missing.row] as Row, missing.row, false, field)
      expect(heard).not.toContain(spoilt.toString('latin1'))
    },
  )
  await fc.assert(cases, { numRuns: 100 })
})

test('after a finding of one session, nothing of the table is sent by another', async () => {
  const table = thing(false)
  const [first, second, to] = [speaker(), speaker(), speaker()]
  const request = {
    source: first.client,
    target: to.client,
    select: ['select 1', 'select 2'],
    into: 'thing',
    freeze: false,
    rows: rowsThrough(table, projectionOf(table, null), null),
    reads: (help: (source: typeof second.client) => Promise<void>) => void help(second.client),
  }
  const done = copyRows(request).catch(asVitrineError)
  const frame = (type: number, body: Buffer) => bytesOf({ type, body })
  const header = Buffer.concat([Buffer.from('5047434f50590aff0d0a00', 'hex'), Buffer.alloc(8)])
  const rowsOf = (plain: string) => {
    const row = bytesOfRow({ plain, short: '', code: '', list: '', tree: '', made: '' }, 1, false, null)
    return [header, row, Buffer.from([0xff, 0xff])].map((body) => frame(MESSAGE.copyData, body))
  }
  const end = [frame(MESSAGE.commandComplete, Buffer.from('COPY 1\0')), frame(MESSAGE.ready, Buffer.from('I'))]
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  to.say(frame(MESSAGE.copyIn, Buffer.from([1, 0, 0])))
  await turn()
  first.say(Buffer.concat([...rowsOf('jo@exemple.fr'), ...end]))
  await turn()
  second.say(Buffer.concat([...rowsOf('harmless '.repeat(40_000)), ...end]))
  expect(await done).toMatchObject({ code: 'PRIVACY_VIOLATION' })
  expect(Buffer.concat(to.heard).toString('latin1')).not.toContain('harmless')
})

test('rows are counted to the end, and one pattern that is accepted hides no other', async () => {
  const spoilt = (plain: string): Row => ({ plain, short: '', code: '', list: '', tree: '', made: '' })
  const rows = ['jo@exemple.test', 'x', 'jo@exemple.test, 06 12 34 56 78', '06.12.34.56.78'].map(spoilt)
  const details = async (accepted?: vitrine.PatternName) =>
    (await copied(rows, [1_000_000], false, accepted)).error?.problems.map(({ detail }) => detail)
  expect(await details()).toEqual(['2 rows hold an e-mail address', '2 rows hold a French telephone number'])
  expect(await details('e-mail address')).toEqual(['2 rows hold a French telephone number'])
  expect(await details('NIR')).toHaveLength(2)
})

test('a value anywhere in a long text, of broken bytes too, also where it is cut for decoding', async () => {
  const filling = Buffer.from('é ij\xff'.repeat(40_000), 'latin1').toString('latin1')
  for (const at of [0, 60_000, 61_430, 61_440, 61_448, 65_526, 65_530, 65_535, 126_960, filling.length]) {
    for (const value of ['0612345678', 'jo@exemple.fr']) {
      const plain = `${filling.slice(0, at)} ${value} ${filling.slice(at)}`
      const { error } = await copied([{ plain, short: '', code: '', list: '', tree: '', made: '' }], [8192], false)
      expect(error?.code, `${value} at ${at}`).toBe('PRIVACY_VIOLATION')
    }
    // Fourteen digits of which the cut leaves ten.
    const plain = `${filling.slice(0, at)} 73280612345678 06123456780000 ${filling.slice(at)}`
    const { error } = await copied([{ plain, short: '', code: '', list: '', tree: '', made: '' }], [8192], false)
    expect(error, `a number at ${at}`).toBeNull()
  }
})

test('an address at the beginning of a long text without spaces, wherever that is cut', async () => {
  for (const before of ['', 'x', 'xx']) {
    const plain = `${before}jo@exemple.fr${'.ab'.repeat(60_000)}`
    const { error } = await copied([{ plain, short: '', code: '', list: '', tree: '', made: '' }], [8192], false)
    expect(error?.code, before).toBe('PRIVACY_VIOLATION')
  }
})

test('an address that is all of a short text, among numbers that look like one', async () => {
  const characters = fc.constantFrom(...'@@..ab é\t\u0001@')
  const code = fc.oneof(fc.string({ unit: characters, maxLength: 8 }), fc.constantFrom('a@b.fr', 'a@.b.fr', 'é@b..cd'))
  const [pattern] = PATTERNS
  const cases = fc.asyncProperty(
    fc.array(code, { maxLength: 8 }),
    cuts,
    fc.boolean(),
    async (codes, cut, rewritten) => {
      const table = codes.map((value): Row => ({ plain: '', short: '', code: value, list: '', tree: '', made: '' }))
      const spoilt = codes.filter(
        (value) => pattern !== undefined && holdsPattern(pattern, Buffer.from(value).toString('latin1')),
      )
      const { error } = await copied(table, cut, rewritten)
      expect(error?.problems.map(({ detail }) => detail) ?? []).toEqual(
        spoilt.length === 0 ? [] : [held(spoilt.length, 'an e-mail address')],
      )
    },
  )
  await fc.assert(cases, { numRuns: 150 })
})
