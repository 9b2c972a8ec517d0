/** La CSRD publiée : le statut du rapport officiel, et l’avancement du dernier rapport. */
import { describe, expect, it, test } from 'vitest'
import { csrd, ETAPES_CSRD, etapeValideeCsrd, statutRapportCsrd } from '../../domain/csrd.ts'
import type { Resultat } from '../../domain/statuts.ts'

type Entree = Parameters<typeof csrd>[0]

const SOUMISE: Entree = {
  dateClotureExercice: '2025-12-31',
  categorieJuridique: 5710,
  codePays: null,
  estCotee: false,
  estInteretPublic: false,
  appartientGroupe: false,
  estSocieteMere: null,
  comptesConsolides: null,
  effectifSecuriteSociale: '500+',
  effectifGroupe: null,
  trancheBilan: '100M+',
  trancheChiffreAffaires: '100M+',
  trancheBilanConsolide: null,
  trancheChiffreAffairesConsolide: null,
  nombreOfficiels: 0,
  lienOfficiel: null,
  bloqueOfficiel: null,
  etapeValidee: null,
  lienDernier: null,
  nbDocumentsIa: null,
  nbEnjeuxAnalyses: null,
}
const RAPPORT: Partial<Entree> = {
  nombreOfficiels: 1,
  lienOfficiel: 'https://exemple.test/rapport.pdf',
  bloqueOfficiel: true,
  etapeValidee: 'analyse-ecart',
  lienDernier: 'https://exemple.test/rapport.pdf',
  nbDocumentsIa: 3,
  nbEnjeuxAnalyses: 41,
}
const RIEN = { etapeValidee: null, nbDocumentsIa: 0, nbIroSelectionnes: 0, lienRapport: false }

describe('le statut du rapport officiel', () => {
  test.each<[string | null, boolean | null, Resultat['statut'], Resultat['inconnu']]>([
    [null, null, 'A ACTUALISER', null],
    [null, true, 'A ACTUALISER', null],
    ['', false, 'EN COURS', null],
    ['', true, 'EN COURS', null],
    ['', null, 'EN COURS', null],
    ['https://exemple.test', false, 'EN COURS', null],
    ['https://exemple.test', true, 'A JOUR', null],
    ['https://exemple.test', null, null, 'contenu_illisible'],
  ])('lien %j, bloqué %s : %s', (lienOfficiel, bloqueOfficiel, statut, inconnu) => {
    expect(statutRapportCsrd({ nombreOfficiels: 1, lienOfficiel, bloqueOfficiel })).toEqual({
      estSoumise: true,
      statut,
      inconnu,
    })
  })
})

describe('l’étape validée', () => {
  it('est une des six étapes, ou rien', () => {
    expect(ETAPES_CSRD).toHaveLength(6)
    for (const etape of ETAPES_CSRD) expect(etapeValideeCsrd(etape)).toBe(etape)
    for (const etape of [null, '', 'Introduction', 'toString', 'Jean Dupont'])
      expect(etapeValideeCsrd(etape)).toBeNull()
  })
})

describe('la CSRD d’une entreprise', () => {
  it('soumise et sans rapport : à actualiser, rien d’autre', () => {
    expect(csrd(SOUMISE)).toEqual({
      estSoumise: true,
      statut: 'A ACTUALISER',
      inconnu: null,
      premierExercice: 2027,
      ...RIEN,
    })
  })

  it('soumise avec un rapport publié : à jour, et son avancement', () => {
    expect(csrd({ ...SOUMISE, ...RAPPORT })).toEqual({
      estSoumise: true,
      statut: 'A JOUR',
      inconnu: null,
      premierExercice: 2027,
      etapeValidee: 'analyse-ecart',
      nbDocumentsIa: 3,
      nbIroSelectionnes: 41,
      lienRapport: true,
    })
  })

  it('un brouillon personnel plus récent donne l’avancement, pas le statut', () => {
    const resultat = csrd({ ...SOUMISE, etapeValidee: 'introduction', lienDernier: '', nbDocumentsIa: 1 })
    expect([resultat.statut, resultat.etapeValidee, resultat.nbDocumentsIa, resultat.lienRapport]).toEqual([
      'A ACTUALISER',
      'introduction',
      1,
      false,
    ])
  })

  it('non soumise : l’avancement d’un rapport d’essai n’est pas publié', () => {
    expect(csrd({ ...SOUMISE, ...RAPPORT, categorieJuridique: 9220 })).toEqual({
      estSoumise: false,
      statut: null,
      inconnu: null,
      premierExercice: null,
      ...RIEN,
    })
  })

  it('indécise : ni statut, ni avancement, mais une raison', () => {
    expect(csrd({ ...SOUMISE, ...RAPPORT, categorieJuridique: null })).toEqual({
      estSoumise: null,
      statut: null,
      inconnu: 'categorie_juridique_absente',
      premierExercice: null,
      ...RIEN,
    })
    expect(csrd({ ...SOUMISE, estCotee: null }).inconnu).toBe('qualification_insuffisante')
  })

  it('une étape inconnue ne sort pas, et se signale', () => {
    const resultat = csrd({ ...SOUMISE, ...RAPPORT, etapeValidee: 'étape-perso' })
    expect([resultat.statut, resultat.etapeValidee, resultat.inconnu]).toEqual(['A JOUR', null, 'etape_inconnue'])
  })

  it('soumise à coup sûr, mais d’un exercice inconnu : le statut est publié, et le doute se signale', () => {
    const resultat = csrd({ ...SOUMISE, ...RAPPORT, estCotee: true, effectifSecuriteSociale: 'beaucoup' })
    expect([resultat.estSoumise, resultat.statut, resultat.premierExercice, resultat.inconnu]).toEqual([
      true,
      'A JOUR',
      null,
      'tranche_inconnue',
    ])
  })
})
