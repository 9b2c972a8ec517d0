/** Un texte est un jour du calendrier, ou n’en est pas un. */
import { expect, it, test } from 'vitest'
import { anneeCivile, estJour } from '../../domain/jour.ts'

test.each([
  ['2024-02-29', true],
  ['2023-02-29', false],
  ['1900-02-29', false],
  ['2000-02-29', true],
  ['0001-01-01', true],
  ['9999-12-31', true],
  ['0000-01-01', false],
  ['2024-13-01', false],
  ['2024-00-10', false],
  ['2024-04-31', false],
  ['2024-04-00', false],
  ['2024-4-1', false],
  ['10000-01-01', false],
  ['2024-04-1a', false],
  ['2024/04/01', false],
  ['2024-04-01T00:00:00Z', false],
  ['infinity', false],
  ['', false],
])('%s est un jour : %s', (texte, attendu) => {
  expect(estJour(texte)).toBe(attendu)
})

it('l’année civile est celle du jour donné', () => {
  expect(['2026-01-01', '2026-12-31', ''].map(anneeCivile)).toEqual([2026, 2026, null])
})
