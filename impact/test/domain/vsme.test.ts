/** L’avancement des rapports VSME : chaque règle d’applicabilité, les arrondis, et ce qu’une donnée illisible laisse savoir. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { type AvancementVsme, avancementExigence, avancementVsme } from '../../domain/vsme.ts'
import { estApplicable, type IndicateursRemplis } from '../../domain/vsme-applicabilite.ts'
import { EXIGENCES_VSME, INDICATEURS_VSME, type IndicateurVsme } from '../../domain/vsme-indicateurs.ts'

const TOUS: readonly IndicateurVsme[] = EXIGENCES_VSME.flatMap((exigence) => [...INDICATEURS_VSME[exigence]])
const DU_MODULE_BASE = TOUS.filter((indicateur) => indicateur.startsWith('B'))
const remplit = (indicateurs: readonly string[], contenus: IndicateursRemplis = {}): IndicateursRemplis => ({
  ...Object.fromEntries(indicateurs.map((indicateur) => [indicateur, {}])),
  ...contenus,
})
const avancement = (remplis: IndicateursRemplis): AvancementVsme => avancementVsme(JSON.stringify(remplis))
const sansApplication = (remplis: IndicateursRemplis): readonly IndicateurVsme[] =>
  TOUS.filter((indicateur) => estApplicable(remplis, indicateur) === false)

const COOPERATIVES: readonly IndicateurVsme[] = ['B2-26-p1', 'B2-26-p2', 'B2-26-p3']
const PRATIQUES = {
  declaration_durabilite: { eau: { pratiques: false }, personnel: { pratiques: true, cibles: false } },
}
const RISQUES = { aleas_et_risques_climatiques: [{ id_risque: 1 }] }
/** Tout ce qui rend chacun des 61 indicateurs applicable. */
const TOUT_APPLICABLE: IndicateursRemplis = {
  'B1-24-a': { choix_module: 'complet' },
  'B1-24-c': { type_perimetre: 'consolidee' },
  'B1-24-e-i': { coopérative: true },
  'B1-24-e-vi': { pays: ['FRA', 'DEU'] },
  'B2-26': PRATIQUES,
  'C4-57': RISQUES,
}

describe('la norme', () => {
  it('a 61 indicateurs en vingt exigences', () => {
    expect(new Set(TOUS).size).toBe(61)
    expect(EXIGENCES_VSME.map((exigence) => `${exigence} ${INDICATEURS_VSME[exigence].length}`).join(', ')).toBe(
      'B1 12, B2 4, B3 4, B4 3, B5 2, B6 2, B7 3, B8 4, B9 2, B10 4, B11 2, C1 4, C2 1, C3 3, C4 2, C5 2, C6 2, C7 2, C8 2, C9 1',
    )
  })

  it('range chaque indicateur sous l’exigence de son nom', () => {
    for (const exigence of EXIGENCES_VSME) {
      for (const indicateur of INDICATEURS_VSME[exigence]) expect(indicateur.split('-')[0]).toBe(exigence)
    }
  })
})

describe('un indicateur ne s’applique pas', () => {
  it('jamais, quand tout ce qui décide le permet', () => {
    expect(sansApplication(TOUT_APPLICABLE)).toEqual([])
  })

  it('par défaut : filiales, coopératives, pays, pratiques et risques', () => {
    expect(sansApplication({})).toEqual(['B1-24-d', ...COOPERATIVES, 'B8-39-c', 'C2-48', 'C4-58'])
  })

  test.each<[string, IndicateursRemplis, readonly IndicateurVsme[]]>([
    ['module de base', { 'B1-24-a': { choix_module: 'base' } }, TOUS.filter((nom) => nom.startsWith('C'))],
    ['module complet', { 'B1-24-a': { choix_module: 'complet' } }, []],
    ['module non déclaré', { 'B1-24-a': {} }, []],
    ['module nul', { 'B1-24-a': { choix_module: null } }, []],
    ['périmètre individuel', { 'B1-24-c': { type_perimetre: 'individuelle' } }, ['B1-24-d']],
    ['périmètre absent', { 'B1-24-c': {} }, ['B1-24-d']],
    ['périmètre sans contenu', { 'B1-24-c': null }, ['B1-24-d']],
    ['pas une coopérative', { 'B1-24-e-i': { coopérative: false, forme_juridique: '57' } }, COOPERATIVES],
    ['forme 51', { 'B1-24-e-i': { coopérative: false, forme_juridique: '51' } }, []],
    ['forme 63', { 'B1-24-e-i': { forme_juridique: '63' } }, []],
    ['forme sans contenu', { 'B1-24-e-i': null }, COOPERATIVES],
    ['un seul pays', { 'B1-24-e-vi': { pays: ['FRA'] } }, ['B8-39-c']],
    ['aucun pays', { 'B1-24-e-vi': { pays: [] } }, ['B8-39-c']],
    ['pays absents', { 'B1-24-e-vi': {} }, ['B8-39-c']],
    ['trois pays', { 'B1-24-e-vi': { pays: ['FRA', 'DEU', 'ITA'] } }, []],
    ['pratiques non pertinentes', { 'B2-26': { non_pertinent: true, ...PRATIQUES } }, ['C2-48']],
    ['aucune pratique', { 'B2-26': { declaration_durabilite: { eau: { pratiques: false } } } }, ['C2-48']],
    ['déclaration vide', { 'B2-26': { declaration_durabilite: {} } }, ['C2-48']],
    ['thème vide', { 'B2-26': { declaration_durabilite: { eau: null } } }, ['C2-48']],
    ['déclaration absente', { 'B2-26': { non_pertinent: false } }, ['C2-48']],
    [
      'scope 3 publié, cibles non pertinentes',
      { 'B3-30-p2': { non_pertinent: false }, 'C3-54-p1': { non_pertinent: true } },
      ['C3-54-p2'],
    ],
    ['scope 3 publié, cibles pertinentes', { 'B3-30-p2': {}, 'C3-54-p1': { non_pertinent: false } }, []],
    ['scope 3 publié, cibles non remplies', { 'B3-30-p2': {} }, []],
    ['scope 3 non publié : toujours applicable', { 'C3-54-p1': { non_pertinent: true } }, []],
    [
      'scope 3 non pertinent : toujours applicable',
      { 'B3-30-p2': { non_pertinent: true }, 'C3-54-p1': { non_pertinent: true } },
      [],
    ],
    ['risques non pertinents', { 'C4-57': { non_pertinent: true, ...RISQUES } }, ['C4-58']],
    ['aucun risque', { 'C4-57': { aleas_et_risques_climatiques: [] } }, ['C4-58']],
    ['risques absents', { 'C4-57': {} }, ['C4-58']],
    ['49 salariés', { 'B1-24-e-v': { nombre_salaries: 49 } }, ['C5-59', 'C5-60']],
    ['49,5 salariés, en texte', { 'B1-24-e-v': { nombre_salaries: '49.5' } }, ['C5-59', 'C5-60']],
    ['50 salariés', { 'B1-24-e-v': { nombre_salaries: 50 } }, []],
    ['50 salariés, en texte', { 'B1-24-e-v': { nombre_salaries: '50.0' } }, []],
    ['effectif absent', { 'B1-24-e-v': {} }, []],
    ['effectif vide', { 'B1-24-e-v': { nombre_salaries: '' } }, []],
  ])('%s', (_nom, contenus, attendus) => {
    expect(sansApplication({ ...TOUT_APPLICABLE, ...contenus })).toEqual(attendus)
  })
})

describe('une donnée illisible rend inconnus ses seuls dépendants', () => {
  test.each<[string, IndicateursRemplis, readonly IndicateurVsme[]]>([
    ['périmètre', { 'B1-24-c': [] }, ['B1-24-d']],
    ['type de périmètre', { 'B1-24-c': { type_perimetre: 3 } }, ['B1-24-d']],
    ['forme juridique', { 'B1-24-e-i': 'SCOP' }, COOPERATIVES],
    ['case coopérative', { 'B1-24-e-i': { coopérative: 'oui' } }, COOPERATIVES],
    ['code de forme', { 'B1-24-e-i': { forme_juridique: 57 } }, COOPERATIVES],
    ['pays', { 'B1-24-e-vi': { pays: 'FRA,DEU' } }, ['B8-39-c']],
    ['pays entiers', { 'B1-24-e-vi': 12 }, ['B8-39-c']],
    ['pratiques', { 'B2-26': { declaration_durabilite: { eau: { pratiques: 'oui' } } } }, ['C2-48']],
    ['thème', { 'B2-26': { declaration_durabilite: { eau: true } } }, ['C2-48']],
    ['déclaration', { 'B2-26': { declaration_durabilite: [] } }, ['C2-48']],
    ['B2-26 entier', { 'B2-26': true }, ['C2-48']],
    ['scope 3', { 'B3-30-p2': 'x', 'C3-54-p1': { non_pertinent: true } }, ['C3-54-p2']],
    ['cibles', { 'B3-30-p2': {}, 'C3-54-p1': [] }, ['C3-54-p2']],
    ['risques', { 'C4-57': { aleas_et_risques_climatiques: 'inondation' } }, ['C4-58']],
    ['C4-57 entier', { 'C4-57': [] }, ['C4-58']],
    ['effectif', { 'B1-24-e-v': { nombre_salaries: 'cinquante' } }, ['C5-59', 'C5-60']],
    ['B1-24-e-v entier', { 'B1-24-e-v': 42 }, ['C5-59', 'C5-60']],
    ['module', { 'B1-24-a': { choix_module: 'premium' } }, TOUS.filter((nom) => nom.startsWith('C'))],
    ['B1-24-a entier', { 'B1-24-a': 'base' }, TOUS.filter((nom) => nom.startsWith('C'))],
  ])('%s', (_nom, contenus, attendus) => {
    const remplis = { ...TOUT_APPLICABLE, ...contenus }
    expect(TOUS.filter((indicateur) => estApplicable(remplis, indicateur) === null)).toEqual(attendus)
    expect(sansApplication(remplis)).toEqual([])
    const { statut, progression, inconnu } = avancement(remplis)
    expect([statut, progression]).toEqual([null, null])
    expect(inconnu).toBe('B1-24-a' in contenus ? 'module_inconnu' : 'contenu_illisible')
  })

  it('sans toucher aux autres exigences, ni au nombre d’indicateurs', () => {
    const resultat = avancement(remplit(DU_MODULE_BASE, { ...TOUT_APPLICABLE, 'B1-24-c': 7 }))
    expect([resultat.progression_B1, resultat.progression_B2, resultat.progression_C1]).toEqual([null, 100, 0])
    expect([resultat.nbIndicateursCompletes, resultat.choixModule]).toEqual([43, 'complet'])
  })

  it('un doute ne compte pas s’il ne change rien', () => {
    const base = { 'B1-24-a': { choix_module: 'base' }, 'C4-57': 'illisible', 'B1-24-e-v': 'illisible' }
    expect(avancement(base).inconnu).toBeNull()
    const pratiquante = { eau: { pratiques: 'oui' }, personnel: { pratiques: true } }
    expect(estApplicable({ 'B2-26': { declaration_durabilite: pratiquante } }, 'C2-48')).toBe(true)
    expect(estApplicable({ 'B1-24-e-i': { coopérative: true, forme_juridique: 12 } }, 'B2-26-p1')).toBe(true)
  })
})

describe('l’avancement', () => {
  const progressions = (resultat: AvancementVsme) =>
    EXIGENCES_VSME.map((exigence) => resultat[`progression_${exigence}`])

  test.each([null, undefined, '{}', 'null', {}])('sans indicateur (%j), tout vaut 0', (indicateurs) => {
    const resultat = avancementVsme(indicateurs)
    expect(progressions(resultat)).toEqual(EXIGENCES_VSME.map(() => 0))
    expect(resultat).toMatchObject({
      estSoumise: true,
      statut: 'EN COURS',
      inconnu: null,
      choixModule: null,
      nbIndicateursCompletes: 0,
      progression: 0,
    })
  })

  test.each(['', '[]', '"B1"', '{"B1-24-a": ', '3', [], 3])('illisible (%j), rien n’est dit', (indicateurs) => {
    const resultat = avancementVsme(indicateurs)
    expect(progressions(resultat)).toEqual(EXIGENCES_VSME.map(() => null))
    expect(resultat).toMatchObject({
      estSoumise: true,
      statut: null,
      inconnu: 'contenu_illisible',
      nbIndicateursCompletes: null,
      progression: null,
    })
  })

  it('un seul indicateur : les exigences sans rien d’applicable sont à 100', () => {
    const resultat = avancement({ 'B9-41a': {} })
    expect(progressions(resultat)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0])
    expect([resultat.progression, resultat.nbIndicateursCompletes, resultat.choixModule]).toEqual([1, 1, null])
  })

  it('le module de base rempli est à jour, et ses exigences C valent 100', () => {
    const resultat = avancement(remplit(DU_MODULE_BASE, { 'B1-24-a': { choix_module: 'base' } }))
    expect(progressions(resultat)).toEqual(EXIGENCES_VSME.map(() => 100))
    expect(resultat).toMatchObject({
      statut: 'A JOUR',
      progression: 100,
      choixModule: 'base',
      nbIndicateursCompletes: 42,
    })
  })

  it('le module complet veut les deux', () => {
    expect(avancement(remplit(DU_MODULE_BASE)).statut).toBe('EN COURS')
    expect(avancement(remplit(TOUS, TOUT_APPLICABLE))).toMatchObject({ statut: 'A JOUR', nbIndicateursCompletes: 61 })
  })

  it('arrondit vers le bas : un indicateur manquant n’est jamais 100', () => {
    const resultat = avancement(remplit(TOUS.slice(0, 60), TOUT_APPLICABLE))
    expect([resultat.progression, resultat.progression_C9, resultat.statut]).toEqual([98, 0, 'EN COURS'])
    expect(avancement(remplit(['B4-32-p1', 'B4-32-p2'])).progression_B4).toBe(66)
  })

  it('est le quotient entier, pour chaque nombre d’indicateurs remplis', () => {
    const contenus = {
      'B1-24-e-v': { nombre_salaries: 10 },
      'B3-30-p2': {},
      'C3-54-p1': { non_pertinent: true },
      'B1-24-c': { type_perimetre: 'individuelle' },
    }
    const applicables = TOUS.filter((indicateur) => estApplicable(contenus, indicateur) === true)
    expect(applicables).toHaveLength(51)
    for (let nombre = Object.keys(contenus).length; nombre <= 51; nombre += 1) {
      const autres = applicables.filter((indicateur) => !(indicateur in contenus)).slice(0, nombre - 4)
      expect(avancement(remplit(autres, contenus)).progression).toBe((100 * nombre - ((100 * nombre) % 51)) / 51)
    }
  })

  it('un indicateur rempli sans s’appliquer compte dans le nombre, pas dans l’avancement', () => {
    const resultat = avancement({ 'B2-26-p1': {}, 'ancien-indicateur': {} })
    expect([resultat.nbIndicateursCompletes, resultat.progression_B2, resultat.progression]).toEqual([2, 0, 0])
  })

  it('B1 ne compte pas les indicateurs de B10 ni de B11', () => {
    expect(avancement(remplit(['B10-42-a', 'B11-43-p1'])).progression_B1).toBe(0)
  })

  it('reste entre 0 et 100, et à jour si et seulement si tout ce qui s’applique est rempli', () => {
    const contenu = fc.constantFrom<unknown>({}, null, { non_pertinent: true }, ...Object.values(TOUT_APPLICABLE))
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...TOUS), contenu, { minKeys: 1, maxKeys: 61 }), (remplis) => {
        const resultat = avancement(remplis)
        const tous = TOUS.filter((nom) => estApplicable(remplis, nom) === true)
        expect(resultat.statut === 'A JOUR').toBe(tous.every((nom) => nom in remplis))
        for (const part of [resultat.progression, ...progressions(resultat)]) {
          expect(part !== null && Number.isInteger(part) && part >= 0 && part <= 100).toBe(true)
        }
      }),
    )
  })
})

test('exigence par exigence : la même part, mais vide où rien ne s’applique', () => {
  const vides = (remplis: IndicateursRemplis) =>
    EXIGENCES_VSME.filter((exigence) => avancementExigence(JSON.stringify(remplis), exigence).applicables === 0)
  expect(vides({})).toEqual(['C2'])
  expect(vides({ 'B1-24-a': { choix_module: 'base' } })).toEqual(EXIGENCES_VSME.slice(11))
  const contenu = fc.constantFrom({}, null, 'illisible', ...Object.values(TOUT_APPLICABLE))
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...TOUS), contenu, { minKeys: 1 }), (remplis) => {
      const texte = JSON.stringify(remplis)
      const avance = avancementVsme(texte)
      for (const exigence of EXIGENCES_VSME) {
        const { applicables, completes, progression } = avancementExigence(texte, exigence)
        const part = applicables === 0 ? 100 : progression
        expect(part).toBe(avance[`progression_${exigence}`])
        if (completes !== null) expect(progression).toBe(Math.floor((100 * completes) / Number(applicables)))
      }
    }),
  )
})
