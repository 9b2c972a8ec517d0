/** *Réglementations* : qui est soumis, qui est en règle, où ça bloque ? Pour le produit, la DGE et les juristes. */
import { dashboard, question } from 'vitrine'
import { REGLEMENTATIONS } from '../domain/reglementations.ts'
import { SECTIONS_NAF } from '../domain/section-naf.ts'
import { analysesIa, csrdEnjeux, csrdParEtape } from './csrd.ts'
import { EFFECTIF, STATUT, TRANCHES_EN_MOTS } from './mots.ts'
import { entier, FRAICHEUR, IMPACT, impact, limites, mois, partDe, pourcent, TRANCHES } from './questions.ts'

/** Le chemin de chaque table du tableau vers la même colonne de l’entreprise. */
const partout = <const C extends 'effectif' | 'section_naf'>(colonne: C) => {
  const la = `entreprise_id.${colonne}` as const
  return {
    ...{ metabase_reglementation: la, metabase_obligations: la, metabase_bdese: la },
    ...{ metabase_indexegapro: la, metabase_csrd: la, metabase_analyseia: la },
  }
}

const reglementation = impact.filter({
  key: 'reglementation',
  label: 'Réglementation',
  kind: 'list',
  options: REGLEMENTATIONS,
  on: { metabase_reglementation: 'reglementation' },
})
const effectif = impact.filter({
  key: 'effectif',
  label: 'Effectif',
  kind: 'list',
  options: TRANCHES,
  names: TRANCHES_EN_MOTS,
  on: partout('effectif'),
})
const secteur = impact.filter({
  key: 'secteur',
  label: 'Secteur',
  kind: 'list',
  options: SECTIONS_NAF,
  on: partout('section_naf'),
})
const SANS = { without: ['reglementation'] }

const situation = question({
  key: 'reg-situation',
  title: 'Situation des entreprises évaluées, par réglementation',
  description: 'Sans ligne, on n’en sait pas assez : ce n’est pas « non soumise ».',
  query: impact.query({
    from: 'metabase_reglementation',
    measures: {
      a_jour: { count: 'rows', where: [['statut', '=', 'A JOUR']] },
      en_cours: { count: 'rows', where: [['statut', '=', 'EN COURS']] },
      a_actualiser: { count: 'rows', where: [['statut', '=', 'A ACTUALISER']] },
      inconnue: {
        count: 'rows',
        where: [
          ['est_soumise', '!=', false],
          ['statut', 'is null'],
        ],
      },
      non_soumise: { count: 'rows', where: [['est_soumise', '=', false]] },
    },
    by: { reglementation: { column: 'reglementation', order: REGLEMENTATIONS } },
  }),
  display: {
    kind: 'bar',
    x: 'reglementation',
    y: ['a_jour', 'en_cours', 'a_actualiser', 'inconnue', 'non_soumise'],
    stack: 'normalized',
  },
  columns: {
    reglementation: { label: 'Réglementation' },
    a_jour: { label: 'À jour', format: entier, means: 'done' },
    en_cours: { label: 'En cours', format: entier, means: 'doing' },
    a_actualiser: { label: 'À actualiser', format: entier, means: 'todo' },
    inconnue: { label: 'Inconnue', format: entier },
    non_soumise: { label: 'Non soumise', format: entier },
  },
})

const obligations = question({
  key: 'reg-obligations',
  title: 'Nombre d’obligations par entreprise évaluée',
  description: 'Parmi la BDESE, l’Index EgaPro, le BGES et la CSRD.',
  query: impact.query({
    from: 'metabase_obligations',
    measures: { entreprises: { count: 'rows' } },
    by: {
      obligations: {
        band: 'nombre_obligations',
        at: [
          [0, '0'],
          [1, '1'],
          [2, '2'],
          [3, '3'],
          [4, '4'],
        ],
        unknown: 'non évaluée',
      },
    },
    where: [['nombre_obligations', 'is not null']],
  }),
  display: { kind: 'bar', x: 'obligations', y: ['entreprises'] },
  columns: { obligations: { label: 'Obligations' }, entreprises: { label: 'Entreprises', format: entier } },
})

const conformite = question({
  key: 'reg-conformite',
  title: 'Entreprises soumises : à jour de tout, en partie, de rien',
  description: 'Une entreprise dont un statut est inconnu est à part.',
  query: impact.query({
    from: 'metabase_obligations',
    measures: { entreprises: { count: 'rows' } },
    by: {
      conformite: {
        cases: [
          ['De toutes', [['obligations_a_jour', '=', 'toutes']]],
          ['D’une partie', [['obligations_a_jour', '=', 'partie']]],
          ['D’aucune', [['obligations_a_jour', '=', 'aucune']]],
        ],
        otherwise: 'Inconnu pour une au moins',
      },
    },
    where: [['nombre_obligations', '>', 0]],
    order: [['entreprises', 'desc']],
  }),
  display: { kind: 'pie', label: 'conformite', value: 'entreprises' },
  columns: {
    conformite: { label: 'À jour', means: { 'De toutes': 'done', 'D’une partie': 'doing', 'D’aucune': 'todo' } },
    entreprises: { label: 'Entreprises', format: entier },
  },
})

const egaproParTaille = question({
  key: 'reg-taille',
  title: 'Index EgaPro : part à jour, par effectif',
  description: 'Parmi les entreprises soumises au statut connu ; les tranches de moins de cinq ne sont pas montrées.',
  query: impact.query({
    from: 'metabase_indexegapro',
    measures: {
      connues: { count: 'rows', where: [['statut', 'is not null']] },
      part_a_jour: { percent: [['statut', '=', 'A JOUR']], of: [['statut', 'is not null']] },
    },
    by: { effectif: { column: 'entreprise_id.effectif', unknown: 'inconnu', order: TRANCHES } },
    where: [['est_soumise', '=', true]],
    smallest: 5,
  }),
  display: { kind: 'bar', x: 'effectif', y: ['part_a_jour'] },
  columns: {
    effectif: EFFECTIF,
    connues: { label: 'Statut connu', format: entier },
    part_a_jour: { label: 'Part à jour', format: partDe('connues') },
  },
})

const bdeseParAccord = question({
  key: 'reg-bdese-type',
  title: 'BDESE : avec ou sans accord d’entreprise',
  description: 'Avec un accord, une BDESE n’est jamais « en cours ».',
  query: impact.query({
    from: 'metabase_bdese',
    measures: { entreprises: { count: 'rows' } },
    by: {
      accord: {
        cases: [
          ['Avec accord', [['entreprise_id.bdese_accord', '=', true]]],
          ['Sans accord', [['entreprise_id.bdese_accord', '=', false]]],
        ],
        otherwise: 'Inconnu',
      },
      statut: { column: 'statut', unknown: 'inconnu' },
    },
    where: [
      ['est_soumise', '=', true],
      ['statut', 'is not null'],
    ],
  }),
  display: { kind: 'bar', x: 'accord', y: ['entreprises'], series: 'statut', stack: 'stacked' },
  columns: {
    accord: { label: 'Accord' },
    statut: STATUT,
    entreprises: { label: 'Entreprises', format: entier },
  },
})

const historique = question({
  key: 'reg-historique',
  title: 'Part à jour de chaque réglementation, mois par mois',
  description: 'Parmi les statuts connus, en moyenne du mois entier. Elle baisse chaque 1er janvier.',
  query: impact.query({
    from: 'metabase_stats',
    measures: {
      egapro: { ratio: ['egapro_a_jour', 'egapro_connu'], unknown: 'left out' },
      bdese: { ratio: ['bdese_a_jour', 'bdese_connu'], unknown: 'left out' },
      bges: { ratio: ['bges_a_jour', 'bges_connu'], unknown: 'left out' },
      csrd: { ratio: ['csrd_a_jour', 'csrd_connu'], unknown: 'left out' },
    },
    by: { mois: { time: 'date', unit: 'month' } },
    where: [
      ['date', 'complete', 'month'],
      ['egapro_connu', 'is not null'],
    ],
  }),
  display: { kind: 'line', x: 'mois', y: ['egapro', 'bdese', 'bges', 'csrd'] },
  columns: {
    mois: { label: 'Mois', format: mois },
    egapro: { label: 'Index EgaPro', format: pourcent },
    bdese: { label: 'BDESE', format: pourcent },
    bges: { label: 'BGES', format: pourcent },
    csrd: { label: 'CSRD', format: pourcent },
  },
})

export const reglementations = dashboard({
  key: 'reglementations',
  title: 'Réglementations',
  description: 'Qui est soumis, qui est en règle, où ça bloque ?',
  collection: IMPACT,
  filters: [reglementation, effectif, secteur],
  rows: [
    FRAICHEUR,
    [{ question: situation }, { question: obligations, ...SANS }],
    [
      { question: conformite, ...SANS },
      { question: egaproParTaille, ...SANS },
    ],
    [
      { question: bdeseParAccord, ...SANS },
      { question: csrdParEtape, ...SANS },
    ],
    [{ question: historique, without: ['reglementation', 'effectif', 'secteur'] }],
    [
      { question: csrdEnjeux, ...SANS },
      { question: analysesIa, ...SANS },
    ],
    ...limites(
      'Un statut inconnu a sa couleur, et n’entre dans aucun dénominateur. Sans ligne, on n’en sait pas assez sur l’entreprise : cela ne veut pas dire qu’elle n’est pas soumise. Les règles appliquées sont celles de l’application au jour des données.',
    ),
  ],
})
