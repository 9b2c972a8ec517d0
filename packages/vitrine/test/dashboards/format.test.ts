/** Values as people read them: in French, numbers, shares, dates and local times, whatever the zone of the process. */
import { expect, test } from 'vitest'
import { formatted } from '../../src/dashboards/value-format.ts'
import type { Format } from '../../src/publication/dashboard.ts'

test.each<[string | null, Format | undefined, string]>([
  ['12345.678', { kind: 'number', decimals: 1 }, '12 345,7'],
  ['21.6', { kind: 'number', decimals: 1, suffix: ' h' }, '21,6 h'],
  ['39.6', { kind: 'percent', decimals: 1 }, '39,6 %'],
  ['-0.5', { kind: 'percent', decimals: 0 }, '-1 %'],
  ['1200', { kind: 'currency', currency: 'EUR', decimals: 0 }, '1 200 €'],
  ['2026-07-01', { kind: 'date', style: 'day' }, '1 juil. 2026'],
  ['2026-07-01', { kind: 'date', style: 'month' }, 'juillet 2026'],
  ['2026-07-22 00:04:59.123', { kind: 'date', style: 'instant' }, '22 juil. 2026, 00:04'],
  ['BDESE', undefined, 'BDESE'],
  [null, { kind: 'number' }, '–'],
])('%s as %o', (value, format, text) => {
  expect(formatted(value, format, 'fr-FR').replaceAll(/[\u00a0\u202f]/g, ' ')).toBe(text)
})
