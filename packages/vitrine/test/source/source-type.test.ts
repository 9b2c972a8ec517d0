import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { type ColumnType, fits, registerLine } from '../../src/source/source-type.ts'
import { type SqlType, sqlType } from '../../src/sql/sql-type.ts'

const found = (name: string, element: string | null = null, isText = false): ColumnType => ({
  name,
  element,
  isText,
  length: null,
})
const declared = (kind: SqlType['kind'], array = false) => sqlType(kind, null, array)
const varchars = found('character varying[]', 'character varying', true)

test.each([
  [found('bigint'), declared('integer'), true],
  [found('bigint'), declared('smallint'), true],
  [found('smallint'), declared('numeric'), true],
  [found('numeric'), declared('bigint'), false],
  [found('real'), declared('double precision'), true],
  [found('double precision'), declared('real'), false],
  [found('bigint'), declared('double precision'), false],
  [found('integer'), declared('real'), false],
  [found('smallint'), declared('real'), true],
  [found('text', null, true), declared('varchar'), true],
  [found('uuid'), declared('text'), false],
  [found('text', null, true), declared('uuid'), false],
  [found('json'), declared('jsonb'), true],
  [found('text', null, true), declared('jsonb'), false],
  [found('date'), declared('timestamp'), false],
  [found('timestamp with time zone'), declared('timestamp'), false],
  [found('time with time zone'), declared('time'), false],
  [varchars, declared('text', true), true],
  [varchars, declared('text'), false],
  [found('text', null, true), declared('text', true), false],
  [found('integer[]', 'integer'), declared('bigint', true), true],
  [found('numeric[]', 'numeric'), declared('integer', true), false],
] as const)('%o as %o: %s', (type, wanted, expected) => {
  expect(fits(type, wanted)).toBe(expected)
})

// Which types have which word is asked of real columns in `drift.test.ts`.
test.each([
  ['code_NAF', false, 'code_NAF: personal.smallint,'],
  ["l'âge", true, "'l\\'âge': personal.smallint.nullable,"],
  ['2fa', false, "'2fa': personal.smallint,"],
])('the line of the register of %s', (column, isNullable, line) => {
  expect(registerLine(column, 'personal', found('smallint'), isNullable)).toBe(line)
})

test('the page of types names each word', () => {
  const page = readFileSync(new URL('../../../../docs/types.md', import.meta.url), 'utf8')
  const words = Object.keys(open).filter((word) => !word.endsWith('Array'))
  expect(words.filter((word) => !page.includes(`\`${word}`))).toEqual([])
})
