/**
 * L’assujettissement à la CSRD, comparé pour toutes les combinaisons de tranches et de réponses à une seconde écriture : une
 * table de cas lue dans l’ordre, sans rien partager avec la règle.
 */
import { describe, expect, it, test } from 'vitest'
import { estSuffisammentQualifieeCsrd, type QualificationCsrd } from '../../domain/csrd-criteres.ts'
import { assujettissementCsrd } from '../../domain/csrd-exercice.ts'
import { CONSOLIDES, combinaisons, GRANDE, HORS_GROUPE, PETITE, SANS_COMPTES } from './csrd-combinaisons.ts'
import { CAS_CSRD, premierExerciceSelonLaTable } from './csrd-table.ts'

describe('la règle et la table disent la même chose', () => {
  it('pour les 232 000 combinaisons de tranches et de réponses', () => {
    let nombre = 0
    const ecarts: QualificationCsrd[] = []
    const casVus = new Set<number | null>()
    for (const q of combinaisons([HORS_GROUPE, ...CONSOLIDES])) {
      nombre += 1
      const attendu = premierExerciceSelonLaTable(q)
      const { estSoumise, premierExercice, inconnu } = assujettissementCsrd(q)
      casVus.add(attendu.cas)
      if (premierExercice !== attendu.exercice || estSoumise !== (attendu.exercice !== null) || inconnu !== null) {
        ecarts.push(q)
      }
    }
    expect(nombre).toBe(232_000)
    expect(ecarts).toEqual([])
    expect(casVus.size).toBe(CAS_CSRD.length + 1)
  })

  it('pour les 3 200 combinaisons de groupes sans comptes consolidés', () => {
    let nombre = 0
    const ecarts: QualificationCsrd[] = []
    for (const q of combinaisons(SANS_COMPTES)) {
      nombre += 1
      if (assujettissementCsrd(q).premierExercice !== premierExerciceSelonLaTable(q).exercice) ecarts.push(q)
    }
    expect(nombre).toBe(3_200)
    expect(ecarts).toEqual([])
  })
})

describe('le champ de la CSRD', () => {
  test.each([
    [3119, false],
    [3120, true],
    [3121, false],
    [5099, false],
    [5100, true],
    [5499, true],
    [6199, true],
    [6200, false],
    [6299, false],
    [6300, true],
    [6499, true],
    [6500, false],
    [8099, false],
    [8100, true],
    [8299, true],
    [8300, false],
    [1000, false],
    [0, false],
  ])('forme juridique %s d’une grande entreprise : soumise %s', (categorieJuridique, attendu) => {
    expect(assujettissementCsrd({ ...GRANDE, categorieJuridique }).estSoumise).toBe(attendu)
    expect(assujettissementCsrd({ ...GRANDE, categorieJuridique, estInteretPublic: true }).estSoumise).toBe(true)
  })

  test.each([
    [null, 2028],
    [99101, 2028],
    [99103, 2028],
    [99254, 2028],
    [99132, null],
    [99140, null],
    [99115, null],
    [99999, null],
  ])('petite entreprise cotée du pays %s : premier exercice %s', (codePays, attendu) => {
    expect(assujettissementCsrd({ ...PETITE, estCotee: true, codePays }).premierExercice).toBe(attendu)
  })

  it('compte vingt-neuf pays de l’Espace économique européen, la France sans code', () => {
    const codes = Array.from({ length: 1000 }, (_, rang) => 99_000 + rang)
    const dansEee = codes.filter((codePays) => assujettissementCsrd({ ...PETITE, estCotee: true, codePays }).estSoumise)
    expect(dansEee).toEqual([
      99101, 99102, 99103, 99104, 99105, 99106, 99107, 99108, 99109, 99110, 99111, 99112, 99113, 99114, 99116, 99117,
      99119, 99122, 99126, 99127, 99131, 99134, 99135, 99136, 99137, 99139, 99144, 99145, 99254,
    ])
  })
})

describe('une qualification insuffisante', () => {
  const groupe: QualificationCsrd = { ...GRANDE, ...(CONSOLIDES[0] ?? HORS_GROUPE) }

  test.each<[keyof QualificationCsrd, boolean, boolean]>([
    ['dateClotureExercice', false, false],
    ['estCotee', false, false],
    ['estInteretPublic', false, false],
    ['effectifSecuriteSociale', false, false],
    ['trancheBilan', false, false],
    ['trancheChiffreAffaires', false, false],
    ['appartientGroupe', false, false],
    ['comptesConsolides', true, false],
    ['effectifGroupe', true, false],
    ['trancheBilanConsolide', true, false],
    ['trancheChiffreAffairesConsolide', true, false],
    ['categorieJuridique', true, true],
    ['codePays', true, true],
    ['estSocieteMere', true, true],
  ])('sans %s : suffisante seule %s, en groupe %s', (champ, seule, enGroupe) => {
    for (const [q, attendu] of [
      [PETITE, seule],
      [groupe, enGroupe],
    ] as const) {
      const sans = { ...q, [champ]: null }
      expect(estSuffisammentQualifieeCsrd(sans)).toBe(attendu)
      if (!attendu) {
        expect(assujettissementCsrd(sans)).toEqual({
          estSoumise: null,
          premierExercice: null,
          inconnu: 'qualification_insuffisante',
        })
      }
    }
  })

  it('sans comptes consolidés, le groupe n’a pas de tranches à donner', () => {
    const sansComptes = { ...PETITE, ...(SANS_COMPTES[0] ?? HORS_GROUPE) }
    expect(estSuffisammentQualifieeCsrd(sansComptes)).toBe(true)
  })
})
