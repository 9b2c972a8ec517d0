/** La BDESE : qui est soumis, quel modèle, quel statut, et ce qui reste inconnu. */
import { describe, expect, it, test } from 'vitest'
import { bdese, type EntreeBdese, ETAPES_BDESE, estSuffisammentQualifieeBdese, typeBdese } from '../../domain/bdese.ts'
import type { Resultat } from '../../domain/statuts.ts'

const etapes = (faites: number): Record<string, boolean> =>
  Object.fromEntries(ETAPES_BDESE.map((etape, rang) => [etape, rang < faites]))
const TOUTES = JSON.stringify(etapes(12))
const CERTAINES = JSON.stringify(etapes(5))
const AUCUNE = JSON.stringify(etapes(0))

const entree = (propre: Partial<EntreeBdese>): EntreeBdese => ({
  effectif: '300-499',
  bdeseAccord: false,
  accordComplet: null,
  etapes50A300: null,
  etapes300: null,
  ...propre,
})
const soumise = (statut: Resultat['statut'], inconnu: Resultat['inconnu'] = null): Resultat => ({
  estSoumise: true,
  statut,
  inconnu,
})

describe('l’assujettissement à la BDESE', () => {
  test.each<[string | null, boolean | null, Resultat['inconnu']]>([
    ['0-9', false, null],
    ['10-49', false, null],
    ['50-249', true, null],
    ['250-299', true, null],
    ['300-499', true, null],
    ['500-4999', true, null],
    ['5000-9999', true, null],
    ['10000+', true, null],
    ['0-49', null, 'tranche_inconnue'],
    ['petit', null, 'tranche_inconnue'],
    ['', null, 'tranche_inconnue'],
    [null, null, 'qualification_insuffisante'],
  ])('effectif %s : %s, %s', (effectif, estSoumise, inconnu) => {
    const resultat = bdese(entree({ effectif }))
    expect([resultat.estSoumise, resultat.inconnu]).toEqual([estSoumise, inconnu])
    expect(estSuffisammentQualifieeBdese(effectif)).toBe(effectif !== null)
  })

  it('ne donne pas de statut à qui n’est pas soumis, quels que soient ses documents', () => {
    expect(bdese(entree({ effectif: '10-49', etapes50A300: TOUTES, accordComplet: true }))).toEqual({
      estSoumise: false,
      statut: null,
      inconnu: null,
    })
  })
})

describe('le modèle de BDESE', () => {
  test.each([
    ['10-49', true, null],
    ['0-49', true, null],
    [null, null, null],
    ['50-249', true, 'avec_accord'],
    ['10000+', true, 'avec_accord'],
    ['50-249', false, '50_300'],
    ['250-299', null, '50_300'],
    ['300-499', false, '300'],
    ['10000+', null, '300'],
  ])('effectif %s, accord %s : %s', (effectif, accord, attendu) => {
    expect(typeBdese(effectif, accord)).toBe(attendu)
  })
})

describe('le statut de la BDESE', () => {
  test.each<[string, Partial<EntreeBdese>, Resultat]>([
    ['aucun document', {}, soumise('A ACTUALISER')],
    ['aucune étape faite', { etapes300: AUCUNE }, soumise('EN COURS')],
    ['quelques étapes faites', { etapes300: CERTAINES }, soumise('EN COURS')],
    ['toutes les étapes faites', { etapes300: TOUTES }, soumise('A JOUR')],
    ['étapes déjà lues', { etapes300: etapes(12) }, soumise('A JOUR')],
    ['aucune étape du tout vaut complet', { etapes300: '{}' }, soumise('A JOUR')],
    ['le document de l’autre modèle ne compte pas', { etapes50A300: TOUTES }, soumise('A ACTUALISER')],
    ['moins de 300 salariés', { effectif: '250-299', etapes50A300: TOUTES, etapes300: AUCUNE }, soumise('A JOUR')],
    ['avec accord, sans document', { bdeseAccord: true, etapes300: TOUTES }, soumise('A ACTUALISER')],
    ['avec accord, incomplet', { bdeseAccord: true, accordComplet: false }, soumise('A ACTUALISER')],
    ['avec accord, complet', { bdeseAccord: true, accordComplet: true }, soumise('A JOUR')],
    ['sans accord, un accord complet ne compte pas', { accordComplet: true }, soumise('A ACTUALISER')],
    ['texte illisible', { etapes300: '{"Configuration": tr' }, soumise(null, 'contenu_illisible')],
    ['pas un objet', { etapes300: '[true]' }, soumise(null, 'contenu_illisible')],
    ['nul', { etapes300: 'null' }, soumise(null, 'contenu_illisible')],
    ['étape sans booléen', { etapes300: '{"Configuration": "oui"}' }, soumise(null, 'contenu_illisible')],
    ['étape inconnue', { etapes300: '{"Configuration": true, "Autre": true}' }, soumise(null, 'etape_inconnue')],
    ['étape inconnue non faite', { etapes300: '{"Autre": false}' }, soumise(null, 'etape_inconnue')],
    [
      'étape inconnue, mais une connue reste à faire',
      { etapes300: '{"Autre": true, "Environnement": false}' },
      soumise('EN COURS'),
    ],
  ])('%s', (_nom, propre, attendu) => {
    expect(bdese(entree(propre))).toEqual(attendu)
  })

  it('connaît douze étapes', () => {
    expect(new Set(ETAPES_BDESE).size).toBe(12)
  })
})
