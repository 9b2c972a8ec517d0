import { describe, expect, test } from 'vitest'
import { isRegisteredAs, registerLine } from '../../src/source/registered-type.ts'

const type = (name: string, isEnum = false) => ({ name, isEnum })

test.each([
  ['character varying(20)', 'character varying(20)', true],
  ['character varying(20)', 'character varying(9)', false],
  ['character varying(20)', 'text', false],
  ['character varying', 'text', true],
  ['character(9)', 'character varying(9)', true],
  ['name', 'text', true],
  ['numeric(10,2)', 'numeric', true],
  ['timestamp(3) with time zone', 'timestamp with time zone', true],
  ['time(0) without time zone', 'time without time zone', true],
  ['timestamp without time zone', 'timestamp with time zone', false],
  ['json', 'jsonb', true],
  ['smallint[]', 'integer[]', true],
  ['character varying(9)[]', 'text[]', true],
  ['integer', 'bigint', false],
])('%s may be registered as %s: %s', (source, registered, expected) => {
  expect(isRegisteredAs(type(source), registered)).toBe(expected)
})

test('an enumeration is registered as text', () => {
  expect(isRegisteredAs(type('humeur', true), 'text')).toBe(true)
  expect(isRegisteredAs(type('humeur'), 'text')).toBe(false)
})

describe('the line of the register', () => {
  test.each([
    ['telephone', 'character varying(20)', true, 'telephone: personal.varchar(20).nullable,'],
    ['code', 'character(3)', false, 'code: personal.varchar(3),'],
    ['vu_le', 'timestamp with time zone', false, 'vu_le: personal.timestamptz,'],
    ['taux', 'numeric(5,2)', true, 'taux: personal.numeric.nullable,'],
    ['x', 'double precision', false, 'x: personal.doublePrecision,'],
    ['ids', 'bigint[]', false, 'ids: personal.bigintArray,'],
    ['code_NAF', 'text', false, 'code_NAF: personal.text,'],
    ["l'âge", 'smallint', false, "'l\\'âge': personal.smallint,"],
    ['2fa', 'boolean', false, "'2fa': personal.boolean,"],
  ])('of %s %s', (column, name, nullable, line) => {
    expect(registerLine(column, 'personal', type(name), nullable)).toBe(line)
  })

  test('there is none for a type that the register has no word for', () => {
    expect(registerLine('adresse', 'personal', type('inet'), false)).toBeNull()
  })
})
