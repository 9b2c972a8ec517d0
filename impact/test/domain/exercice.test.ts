/** Les exercices comptables autour de leur clôture, du 31 décembre et du 29 février. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  anneeCivile,
  anneeDeClotureOuvertEn,
  anneePrecedente,
  anneeSixMoisApres,
  dernierExerciceClos,
  exerciceClosEn,
} from '../../domain/exercice.ts'
import { dansAnnee, lendemain, lireJour, texteDuJour } from '../../domain/jour.ts'

describe('un jour', () => {
  test.each([
    ['2024-02-29', 20240229],
    ['2023-02-29', null],
    ['1900-02-29', null],
    ['2000-02-29', 20000229],
    ['0001-01-01', 10101],
    ['9999-12-31', 99991231],
    ['0000-01-01', null],
    ['2024-13-01', null],
    ['2024-00-10', null],
    ['2024-04-31', null],
    ['2024-04-00', null],
    ['2024-4-1', null],
    ['10000-01-01', null],
    ['2024-04-1a', null],
    ['2024/04/01', null],
    ['2024-04-01T00:00:00Z', null],
    ['infinity', null],
    ['', null],
  ])('%s se lit %s', (texte, jour) => {
    expect(lireJour(texte)).toBe(jour)
  })

  it('a le lendemain que dit le calendrier', () => {
    const jours = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-30'), noInvalidDate: true })
    fc.assert(
      fc.property(jours, (date) => {
        const jour = lireJour(date.toISOString().slice(0, 10))
        const suivant = new Date(date.getTime() + 86_400_000).toISOString().slice(0, 10)
        expect(jour === null ? null : texteDuJour(lendemain(jour))).toBe(suivant)
      }),
    )
  })

  it('ramène le 29 février au 28 les années communes, et lui seul', () => {
    expect(dansAnnee(20240229, 2023)).toBe(20230228)
    expect(dansAnnee(20240229, 2028)).toBe(20280229)
    expect(dansAnnee(20230228, 2024)).toBe(20240228)
    expect(dansAnnee(20240331, 2023)).toBe(20230331)
  })
})

describe('le dernier exercice clos', () => {
  test.each([
    ['2023-12-31', '2026-01-01', 2025],
    ['2023-12-31', '2026-12-31', 2025],
    ['2023-06-30', '2026-06-29', 2025],
    ['2023-06-30', '2026-06-30', 2025],
    ['2023-06-30', '2026-07-01', 2026],
    ['2024-02-29', '2025-02-27', 2024],
    ['2024-02-29', '2025-02-28', 2024],
    ['2024-02-29', '2025-03-01', 2025],
    ['2024-02-29', '2028-02-28', 2027],
    ['2024-02-29', '2028-02-29', 2027],
    ['2024-02-29', '2028-03-01', 2028],
    [null, '2026-01-01', 2025],
    [null, '2026-12-31', 2025],
    ['2023-02-29', '2026-01-01', null],
    ['infinity', '2026-01-01', null],
    ['2023-12-31', 'hier', null],
    [null, '', null],
  ])('clôture %s, le %s : %s', (cloture, aujourdhui, attendu) => {
    expect(dernierExerciceClos(cloture, aujourdhui)).toBe(attendu)
  })
})

describe('l’exercice d’une année de clôture', () => {
  test.each([
    [2024, '2020-12-31', '2024-01-01', '2024-12-31', '2024'],
    [2024, null, '2024-01-01', '2024-12-31', '2024'],
    [2025, '2020-06-30', '2024-07-01', '2025-06-30', '2024-2025'],
    [2025, '2020-01-31', '2024-02-01', '2025-01-31', '2024-2025'],
    [2025, '2024-02-29', '2024-03-01', '2025-02-28', '2024-2025'],
    [2024, '2024-02-29', '2023-03-01', '2024-02-29', '2023-2024'],
    [2025, '2023-02-28', '2024-02-29', '2025-02-28', '2024-2025'],
    [2025, '2023-12-30', '2024-12-31', '2025-12-30', '2024-2025'],
  ])('%s, clôture %s : du %s au %s, dit %s', (annee, date, ouverture, cloture, libelle) => {
    expect(exerciceClosEn(annee, date)).toEqual({ ouverture, cloture, libelle })
  })

  test.each([
    [2024, 'n’importe quoi'],
    [1, null],
    [0, null],
    [10_000, null],
    [2024.5, null],
    [Number.NaN, null],
  ])('%s, clôture %s : aucun', (annee, date) => {
    expect(exerciceClosEn(annee, date)).toBeNull()
  })
})

describe('les années des réglementations', () => {
  it('l’année civile et la précédente suivent le jour donné, pas l’exercice', () => {
    expect([anneeCivile('2026-01-01'), anneePrecedente('2026-01-01')]).toEqual([2026, 2025])
    expect([anneeCivile('2026-12-31'), anneePrecedente('2026-12-31')]).toEqual([2026, 2025])
    expect([anneeCivile(''), anneePrecedente('')]).toEqual([null, null])
  })

  test.each([
    ['2023-12-31', 2024, 2025],
    ['2023-11-30', 2025, 2026],
    ['2023-07-31', 2025, 2026],
    ['2023-06-30', 2025, 2025],
    ['2023-01-31', 2025, 2025],
    ['2024-02-29', 2025, 2025],
    [null, 2024, 2025],
    ['2024-13-01', null, null],
  ])('ouvert en 2024, clôture %s : clos en %s, six mois après en %s', (date, clos, apres) => {
    expect(anneeDeClotureOuvertEn(2024, date)).toBe(clos)
    expect(anneeSixMoisApres(2024, date)).toBe(apres)
  })
})
