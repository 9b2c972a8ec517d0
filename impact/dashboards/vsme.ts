/** *VSME* : le rapport volontaire est-il commencé, avancé, fini ? Pour le produit VSME, la DGE et les banques. */
import { dashboard, question } from 'vitrine'
import { EXIGENCES_VSME } from '../domain/vsme-indicateurs.ts'
import { EFFECTIF, EXIGENCE, TRANCHES_EN_MOTS } from './mots.ts'
import { entier, FRAICHEUR, IMPACT, impact, jour, limites, mois, TRANCHES } from './questions.ts'

const effectif = impact.filter({
  key: 'effectif',
  label: 'Effectif',
  kind: 'list',
  options: TRANCHES,
  names: TRANCHES_EN_MOTS,
  on: { metabase_vsme: 'entreprise_id.effectif', metabase_vsme_exigence: 'entreprise_id.effectif' },
})
const exercice = impact.filter({
  key: 'exercice',
  label: 'Exercice clos',
  kind: 'number',
  on: { metabase_vsme: 'annee_cloture', metabase_vsme_exigence: 'rapport_id.annee_cloture' },
})
const choix = impact.filter({
  key: 'module',
  label: 'Module',
  kind: 'list',
  options: ['base', 'complet'],
  on: { metabase_vsme: 'choix_module', metabase_vsme_exigence: 'rapport_id.choix_module' },
})

const rapports = question({
  key: 'vsm-rapports',
  title: 'Rapports VSME, et entreprises qui en ont un',
  description: 'Une entreprise peut en avoir un par exercice.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: { rapports: { count: 'rows' }, entreprises: { distinct: 'entreprise_id' } },
  }),
  display: { kind: 'number', value: 'rapports' },
  columns: { rapports: { label: 'Rapports', format: entier }, entreprises: { label: 'Entreprises', format: entier } },
})

const nouveaux = question({
  key: 'vsm-nouveaux',
  title: 'Rapports créés par mois',
  description: 'Les mois entiers seulement.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: { rapports: { count: 'rows' } },
    by: { mois: { time: 'cree_le', unit: 'month' } },
    where: [['cree_le', 'complete', 'month']],
    order: [['mois', 'desc']],
    limit: 18,
  }),
  display: { kind: 'bar', x: 'mois', y: ['rapports'] },
  columns: { mois: { label: 'Mois', format: mois }, rapports: { label: 'Rapports', format: entier } },
})

const avancement = question({
  key: 'vsm-avancement',
  title: 'Avancement des rapports',
  description: 'Un indicateur rempli n’est pas un indicateur vérifié.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: { rapports: { count: 'rows' } },
    by: {
      avancement: {
        band: 'progression',
        at: [
          [0, '0 %'],
          [1, '1 à 20 %'],
          [21, '21 à 80 %'],
          [81, '81 à 99 %'],
          [100, '100 %'],
        ],
        unknown: 'inconnu',
      },
    },
  }),
  display: { kind: 'bar', x: 'avancement', y: ['rapports'] },
  columns: { avancement: { label: 'Avancement' }, rapports: { label: 'Rapports', format: entier } },
})

const entonnoir = question({
  key: 'vsm-entonnoir',
  title: 'Du rapport ouvert au rapport complet',
  description: 'Chaque étape parmi ceux de l’étape d’avant.',
  query: impact.funnel({
    from: 'metabase_vsme',
    step: 'etape',
    value: 'nombre',
    steps: [
      ['Ouverts', []],
      ['Un indicateur rempli', [['premier_indicateur_cree_le', 'is not null']]],
      ['Plus de 20 %', [['progression', '>', 20]]],
      ['Plus de 80 %', [['progression', '>', 80]]],
      ['Complets', [['progression', '=', 100]]],
    ],
  }),
  display: { kind: 'funnel', step: 'etape', value: 'nombre' },
  columns: { etape: { label: 'Étape' }, nombre: { label: 'Rapports', format: entier } },
})

const exigences = question({
  key: 'vsm-exigences',
  title: 'Avancement moyen par exigence, rapports commencés',
  description:
    'Parmi les rapports où l’exigence s’applique : le module complet (C) ne compte pas pour qui a choisi celui de base.',
  query: impact.query({
    from: 'metabase_vsme_exigence',
    measures: {
      moyenne: { avg: 'progression', unknown: 'left out' },
      part_completes: { percent: [['progression', '=', 100]], of: 'all rows' },
      rapports: { count: 'rows' },
    },
    by: { exigence: { column: 'exigence', order: EXIGENCES_VSME } },
    where: [
      ['rapport_id.nb_indicateurs_completes', '>', 0],
      ['progression', 'is not null'],
    ],
  }),
  display: { kind: 'row', x: 'exigence', y: ['moyenne'] },
  columns: {
    exigence: EXIGENCE,
    moyenne: { label: 'Avancement moyen', format: { kind: 'percent', decimals: 1, of: 'rapports' } },
    part_completes: { label: 'Part complète', format: { kind: 'percent', decimals: 1, of: 'rapports' } },
    rapports: { label: 'Rapports', format: entier },
  },
})

const modules = question({
  key: 'vsm-module',
  title: 'Module choisi',
  description: 'Un rapport sans choix vient d’être ouvert.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: { rapports: { count: 'rows' } },
    by: { module: { column: 'choix_module', unknown: 'pas encore choisi' } },
    order: [['rapports', 'desc']],
  }),
  display: { kind: 'pie', label: 'module', value: 'rapports' },
  columns: { module: { label: 'Module' }, rapports: { label: 'Rapports', format: entier } },
})

const exercices = question({
  key: 'vsm-exercice',
  title: 'Rapports par exercice clos',
  description: 'L’exercice en cours n’est pas fini : ses rapports arrivent encore.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: { rapports: { count: 'rows' }, complets: { count: 'rows', where: [['progression', '=', 100]] } },
    by: { exercice: 'annee_cloture' },
  }),
  display: { kind: 'bar', x: 'exercice', y: ['rapports', 'complets'] },
  columns: {
    exercice: { label: 'Exercice' },
    rapports: { label: 'Rapports', format: entier },
    complets: { label: 'Complets', format: entier },
  },
})

const delai = question({
  key: 'vsm-delai',
  title: 'Délai médian entre l’ouverture et le premier indicateur, en heures',
  description: 'Parmi les rapports qui ont un indicateur.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: {
      heures: { median: 'delai_premier_indicateur_heures', unknown: 'left out', decimals: 2 },
      rapports: { count: 'rows' },
    },
    where: [['delai_premier_indicateur_heures', 'is not null']],
  }),
  display: { kind: 'number', value: 'heures' },
  columns: {
    heures: { label: 'Délai médian', format: { kind: 'number', decimals: 1, suffix: ' h' } },
    rapports: { label: 'Rapports', format: entier },
  },
})

const parEffectif = question({
  key: 'vsm-effectif',
  title: 'Rapports par effectif de l’entreprise',
  description: 'Trois rapports dans une tranche ne disent rien.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: {
      rapports: { count: 'rows' },
      avancement_moyen: { avg: 'progression', unknown: 'left out', decimals: 0 },
    },
    by: { effectif: { column: 'entreprise_id.effectif', unknown: 'inconnu', order: TRANCHES } },
  }),
  display: { kind: 'bar', x: 'effectif', y: ['rapports'] },
  columns: {
    effectif: EFFECTIF,
    rapports: { label: 'Rapports', format: entier },
    avancement_moyen: { label: 'Avancement moyen', format: { kind: 'percent', decimals: 0, of: 'rapports' } },
  },
})

const dormants = question({
  key: 'vsm-dormants',
  title: 'Rapports entamés, sans modification depuis 90 jours',
  description: 'Parmi les rapports entamés et pas finis.',
  query: impact.query({
    from: 'metabase_vsme',
    measures: {
      dormants: { count: 'rows', where: [['modifie_le', 'before', { ago: 90, unit: 'day' }]] },
      entames: { count: 'rows' },
    },
    where: [
      ['progression', '>=', 1],
      ['progression', '<=', 99],
    ],
  }),
  display: { kind: 'number', value: 'dormants' },
  columns: { dormants: { label: 'Dormants', format: entier }, entames: { label: 'Entamés', format: entier } },
})

const historique = question({
  key: 'vsm-historique',
  title: 'Rapports ouverts et complets, semaine par semaine',
  description: 'Le plus haut de chaque semaine entière, depuis que ces nombres sont gardés.',
  query: impact.query({
    from: 'metabase_stats',
    measures: {
      rapports: { max: 'vsme_rapports', unknown: 'left out' },
      complets: { max: 'vsme_complets', unknown: 'left out' },
    },
    by: { semaine: { time: 'date', unit: 'week' } },
    where: [
      ['date', 'complete', 'week'],
      ['vsme_rapports', 'is not null'],
    ],
  }),
  display: { kind: 'line', x: 'semaine', y: ['rapports', 'complets'] },
  columns: {
    semaine: { label: 'Semaine', format: jour },
    rapports: { label: 'Rapports', format: entier },
    complets: { label: 'Complets', format: entier },
  },
})

export const vsme = dashboard({
  key: 'vsme',
  title: 'VSME',
  description: 'Le rapport volontaire est-il commencé, avancé, fini ?',
  collection: IMPACT,
  filters: [exercice, choix, effectif],
  rows: [
    FRAICHEUR,
    [{ question: rapports }, { question: dormants }, { question: delai }],
    [{ question: nouveaux }, { question: avancement }],
    [{ question: entonnoir }, { question: modules }],
    [{ question: exigences }],
    [{ question: exercices }, { question: parEffectif }],
    [{ question: historique, without: ['exercice', 'module', 'effectif'] }],
    ...limites(
      'Un indicateur rempli n’est pas vérifié. Sans module choisi, un rapport à 100 % est « complet » au sens du module de base. L’avancement d’un rapport ne compte que ce qui s’y applique.',
    ),
  ],
})
