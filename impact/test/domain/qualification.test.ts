/** La qualification complète : chaque réponse manquante suffit à la refuser. */
import { describe, expect, it, test } from 'vitest'
import { estEntierementQualifiee, groupeEstQualifie, type Qualification } from '../../domain/qualification.ts'

const COMPLETE: Qualification = {
  dateClotureExercice: '2025-12-31',
  effectif: '50-249',
  effectifSecuriteSociale: '50-249',
  effectifOutreMer: '0-249',
  trancheChiffreAffaires: '900k-50M',
  trancheBilan: '450k-25M',
  trancheConsommationEnergieFinale: '0-2.75GWh',
  estCotee: false,
  estInteretPublic: false,
  bdeseAccord: false,
  codeNaf: '62.01Z',
  modifieeLe: '2025-03-01T10:00:00.000000Z',
  appartientGroupe: true,
  effectifGroupe: '250-499',
  effectifGroupeFrance: '50-249',
  estSocieteMere: false,
  societeMereEnFrance: true,
  comptesConsolides: true,
  trancheBilanConsolide: '30M-43M',
  trancheChiffreAffairesConsolide: '60M-100M',
}
// sound because the keys of a literal object are its keys.
const CHAMPS = Object.keys(COMPLETE) as (keyof Qualification)[]

describe('la qualification complète', () => {
  it('accepte un questionnaire entièrement rempli', () => {
    expect(estEntierementQualifiee(COMPLETE)).toBe(true)
  })

  test.each(CHAMPS)('refuse sans %s', (champ) => {
    expect(estEntierementQualifiee({ ...COMPLETE, [champ]: null })).toBe(false)
  })

  test.each(CHAMPS.filter((champ) => typeof COMPLETE[champ] === 'string'))('refuse un texte vide : %s', (champ) => {
    expect(estEntierementQualifiee({ ...COMPLETE, [champ]: '' })).toBe(false)
  })

  test.each([
    ['2024-11-14T23:59:59.999999Z', false],
    ['2024-11-15T00:00:00.000000Z', false],
    ['2024-11-15', false],
    ['2024-11-15T00:00:00.001000Z', true],
    ['2024-11-16', true],
    ['infinity', false],
    ['2024-11-16T00:00:00', false],
    ['2024-99-99', false],
  ])('modifiée le %s : %s', (modifieeLe, attendu) => {
    expect(estEntierementQualifiee({ ...COMPLETE, modifieeLe })).toBe(attendu)
  })
})

describe('la qualification du groupe', () => {
  const sans = { ...COMPLETE, effectifGroupe: null, effectifGroupeFrance: null, estSocieteMere: null }

  test.each([
    ['hors d’un groupe, rien n’est demandé', { ...sans, appartientGroupe: false }, true],
    ['sans réponse sur le groupe, jamais', { ...COMPLETE, appartientGroupe: null }, false],
    ['dans un groupe, tout', sans, false],
    [
      'sans comptes consolidés, pas de tranches consolidées',
      { ...COMPLETE, comptesConsolides: false, trancheBilanConsolide: null, trancheChiffreAffairesConsolide: null },
      true,
    ],
    ['avec comptes consolidés, les deux', { ...COMPLETE, trancheChiffreAffairesConsolide: null }, false],
  ])('%s', (_nom, groupe, attendu) => {
    expect(groupeEstQualifie(groupe)).toBe(attendu)
  })
})
