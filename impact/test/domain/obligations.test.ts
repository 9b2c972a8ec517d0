/** Les obligations d’une entreprise prises ensemble : un inconnu n’est ni à jour, ni en retard, ni zéro. */
import { expect, test } from 'vitest'
import { type EntreeObligations, obligations } from '../../domain/obligations.ts'
import { SECTIONS_NAF, sectionNaf } from '../../domain/section-naf.ts'

const RIEN: EntreeObligations = {
  effectif: null,
  bdeseAccord: null,
  accordComplet: null,
  etapes50A300: null,
  etapes300: null,
  etatEgapro: null,
  joursDepuisReleve: null,
  effectifOutreMer: null,
  etatBges: null,
  anneeDernierBilan: null,
  aujourdhui: '2026-07-22',
  dateClotureExercice: null,
  categorieJuridique: null,
  codePays: null,
  estCotee: null,
  estInteretPublic: null,
  appartientGroupe: null,
  estSocieteMere: null,
  comptesConsolides: null,
  effectifSecuriteSociale: null,
  effectifGroupe: null,
  trancheBilan: null,
  trancheChiffreAffaires: null,
  trancheBilanConsolide: null,
  trancheChiffreAffairesConsolide: null,
  nombreOfficiels: 0,
  lienOfficiel: null,
  bloqueOfficiel: null,
}

test.each<[string, Partial<EntreeObligations>, readonly unknown[]]>([
  ['sans effectif, rien n’est évalué', {}, [null, null, null, null]],
  ['trop petite', { effectif: '0-9' }, [0, 0, 0, null]],
  ['tranche d’un ancien questionnaire', { effectif: '0-49' }, [0, 0, 0, null]],
  ['à jour de rien', { effectif: '50-249', etatEgapro: 'absent' }, [2, 0, 0, 'aucune']],
  ['à jour d’une partie', { effectif: '50-249', etatEgapro: 'connu' }, [2, 1, 0, 'partie']],
  [
    'à jour de toutes',
    { effectif: '50-249', etatEgapro: 'connu', bdeseAccord: true, accordComplet: true },
    [2, 2, 0, 'toutes'],
  ],
  [
    'une source en panne',
    { effectif: '50-249', etatEgapro: 'inconnu', bdeseAccord: true, accordComplet: true },
    [2, 1, 1, 'inconnue'],
  ],
  [
    'un BGES de plus',
    { effectif: '500-4999', effectifOutreMer: '0-249', etatEgapro: 'connu', etatBges: 'absent' },
    [3, 1, 0, 'partie'],
  ],
])('%s', (_, entree, attendu) => {
  expect(Object.values(obligations({ ...RIEN, ...entree }))).toEqual(attendu)
})

test('la section vient de la division ; hors de la nomenclature, elle est vide', () => {
  expect(['01.11Z', '10.71A', '99.00Z', '04.00Z', '', 'AB', null].map(sectionNaf)).toEqual([
    'A Agriculture',
    'C Industrie manufacturière',
    'U Activités extraterritoriales',
    ...Array(4).fill(null),
  ])
  expect(SECTIONS_NAF.map((nom) => nom[0]).join('')).toBe('ABCDEFGHIJKLMNOPQRSTU')
})
