/** EgaPro et BGES : une source en panne, absente ou incompréhensible ne fait jamais dire « à jour ». */
import { describe, expect, it, test } from 'vitest'
import { bges, type EntreeBges, estSuffisammentQualifieeBges } from '../../domain/bges.ts'
import {
  declarationPubliee,
  estSuffisammentQualifieeIndexEgapro,
  indexEgapro,
  VALIDITE_ABSENCE_JOURS,
} from '../../domain/index-egapro.ts'
import type { Resultat } from '../../domain/statuts.ts'

const resultat = (
  estSoumise: boolean | null,
  statut: Resultat['statut'],
  inconnu: Resultat['inconnu'] = null,
): Resultat => ({ estSoumise, statut, inconnu })

describe('l’index EgaPro', () => {
  test.each<[string | null, string | null, Resultat]>([
    [null, 'connu', resultat(null, null, 'qualification_insuffisante')],
    ['0-49', 'connu', resultat(null, null, 'tranche_inconnue')],
    ['0-9', 'connu', resultat(false, null)],
    ['10-49', 'inconnu', resultat(false, null)],
    ['50-249', 'connu', resultat(true, 'A JOUR')],
    ['50-249', 'absent', resultat(true, 'A ACTUALISER')],
    ['50-249', 'inconnu', resultat(true, null, 'source_externe_en_panne')],
    ['50-249', null, resultat(true, null, 'source_externe_non_relevee')],
    ['10000+', 'autre chose', resultat(true, null, 'source_externe_en_panne')],
    ['10000+', '', resultat(true, null, 'source_externe_en_panne')],
  ])('effectif %s, source %s', (effectif, etatSource, attendu) => {
    expect(indexEgapro({ effectif, etatSource, joursDepuisReleve: 1 })).toEqual(attendu)
    expect(estSuffisammentQualifieeIndexEgapro(effectif)).toBe(effectif !== null)
  })

  test.each<[string, number | null, Resultat]>([
    ['absent', -1, resultat(true, 'A ACTUALISER')],
    ['absent', VALIDITE_ABSENCE_JOURS, resultat(true, 'A ACTUALISER')],
    ['absent', VALIDITE_ABSENCE_JOURS + 1, resultat(true, null, 'source_externe_perimee')],
    ['connu', VALIDITE_ABSENCE_JOURS + 1, resultat(true, 'A JOUR')],
    ['inconnu', VALIDITE_ABSENCE_JOURS + 1, resultat(true, null, 'source_externe_en_panne')],
  ])('%s depuis %s jours', (etatSource, joursDepuisReleve, attendu) => {
    expect(indexEgapro({ effectif: '50-249', etatSource, joursDepuisReleve })).toEqual(attendu)
  })

  test.each([
    ['{"déclaration": {"index": 88}}', true],
    ['{"d\\u00e9claration": null}', true],
    ['{"de\\u0301claration": {}}', true],
    ['{"entreprise": {"siren": "000000001"}}', false],
    ['{}', false],
    [{ déclaration: {} }, true],
    ['[]', null],
    ['null', null],
    ['', null],
    ['<html>', null],
    [null, null],
    [undefined, null],
  ])('la réponse %j annonce une déclaration : %s', (reponse, attendu) => {
    expect(declarationPubliee(reponse)).toBe(attendu)
  })
})

const entree = (propre: Partial<EntreeBges>): EntreeBges => ({
  effectif: '500-4999',
  effectifOutreMer: '0-249',
  etatSource: 'connu',
  anneeDernierBilan: 2025,
  aujourdhui: '2026-07-22',
  ...propre,
})

describe('l’assujettissement au BGES', () => {
  test.each<[string | null, string | null, boolean | null]>([
    ['0-9', '0-249', false],
    ['300-499', '0-249', false],
    ['500-4999', '0-249', true],
    ['5000-9999', '0-249', true],
    ['10000+', '250+', true],
    ['0-9', '250+', true],
    ['0-49', '250+', true],
    ['500-4999', '250-499', true],
    ['0-49', '0-249', null],
    ['0-9', '250-499', null],
    [null, '250+', null],
    ['10000+', null, null],
  ])('effectif %s, outre-mer %s : %s', (effectif, effectifOutreMer, attendu) => {
    const { estSoumise, inconnu } = bges(entree({ effectif, effectifOutreMer }))
    expect(estSoumise).toBe(attendu)
    const suffisante = effectif !== null && effectifOutreMer !== null
    expect(estSuffisammentQualifieeBges(effectif, effectifOutreMer)).toBe(suffisante)
    expect(inconnu).toBe(attendu !== null ? null : suffisante ? 'tranche_inconnue' : 'qualification_insuffisante')
  })
})

describe('le statut du BGES', () => {
  test.each<[string, Partial<EntreeBges>, Resultat]>([
    ['bilan de l’année', { anneeDernierBilan: 2026 }, resultat(true, 'A JOUR')],
    ['bilan de trois ans', { anneeDernierBilan: 2023 }, resultat(true, 'A JOUR')],
    ['bilan de quatre ans', { anneeDernierBilan: 2022 }, resultat(true, 'A ACTUALISER')],
    ['bilan daté de l’avenir', { anneeDernierBilan: 2031 }, resultat(true, 'A JOUR')],
    ['le 31 décembre compte encore', { anneeDernierBilan: 2023, aujourdhui: '2026-12-31' }, resultat(true, 'A JOUR')],
    ['le 1er janvier, non', { anneeDernierBilan: 2023, aujourdhui: '2027-01-01' }, resultat(true, 'A ACTUALISER')],
    ['source lue, aucun bilan', { anneeDernierBilan: null }, resultat(true, 'A ACTUALISER')],
    ['source : absent', { etatSource: 'absent', anneeDernierBilan: null }, resultat(true, 'A ACTUALISER')],
    ['source en panne', { etatSource: 'inconnu' }, resultat(true, null, 'source_externe_en_panne')],
    ['source jamais relevée', { etatSource: null }, resultat(true, null, 'source_externe_non_relevee')],
    ['année illisible', { anneeDernierBilan: Number.NaN }, resultat(true, null, 'contenu_illisible')],
    ['jour illisible', { aujourdhui: 'demain' }, resultat(true, null, 'date_illisible')],
    ['non soumise, source en panne', { effectif: '0-9', etatSource: 'inconnu' }, resultat(false, null)],
  ])('%s', (_nom, propre, attendu) => {
    expect(bges(entree(propre))).toEqual(attendu)
  })

  it('n’est jamais à jour quand la source n’a pas répondu', () => {
    for (const etatSource of [null, 'inconnu', 'erreur', '']) {
      for (const anneeDernierBilan of [null, 2020, 2026]) {
        expect(bges(entree({ etatSource, anneeDernierBilan })).statut).toBeNull()
      }
    }
  })
})
