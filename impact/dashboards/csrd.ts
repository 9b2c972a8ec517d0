/** Les questions du tableau *Réglementations* sur la CSRD : le rapport, ses enjeux, et les documents analysés par IA. */
import { question } from 'vitrine'
import { ETAPES_CSRD } from '../domain/csrd.ts'
import { entier, impact, mois } from './questions.ts'

const NOMS_DES_ETAPES = {
  introduction: 'Introduction',
  'selection-enjeux': 'Sélection des enjeux',
  'analyse-materialite': 'Analyse de matérialité',
  'selection-informations': 'Sélection des informations',
  'analyse-ecart': 'Analyse d’écart',
  'redaction-rapport-durabilite': 'Rédaction',
} as const

export const csrdParEtape = question({
  key: 'reg-csrd-etapes',
  title: 'CSRD : étape atteinte par le rapport le plus récent',
  description: 'Une étape compte les rapports qui l’ont validée, ou une étape suivante.',
  query: impact.funnel({
    from: 'metabase_csrd',
    step: 'etape',
    value: 'rapports',
    steps: ETAPES_CSRD.map(
      (etape, rang) => [NOMS_DES_ETAPES[etape], [['etape_validee', 'in', ETAPES_CSRD.slice(rang)]]] as const,
    ),
  }),
  display: { kind: 'funnel', step: 'etape', value: 'rapports' },
  columns: { etape: { label: 'Étape' }, rapports: { label: 'Rapports', format: entier } },
})

export const csrdEnjeux = question({
  key: 'reg-csrd-enjeux',
  title: 'CSRD : enjeux dont la matérialité est décidée',
  description: 'Parmi les rapports commencés ou terminés.',
  query: impact.query({
    from: 'metabase_csrd',
    measures: { entreprises: { count: 'rows' } },
    by: {
      enjeux: {
        band: 'nb_iro_selectionnes',
        at: [
          [0, '0'],
          [1, '1 à 10'],
          [11, '11 à 30'],
          [31, '31 et plus'],
        ],
      },
    },
    where: [['statut', 'in', ['EN COURS', 'A JOUR']]],
  }),
  display: { kind: 'bar', x: 'enjeux', y: ['entreprises'] },
  columns: { enjeux: { label: 'Enjeux décidés' }, entreprises: { label: 'Entreprises', format: entier } },
})

export const analysesIa = question({
  key: 'reg-ia',
  title: 'Analyses de documents par IA, par mois et par issue',
  description: 'La part pertinente est celle des phrases rattachées à une norme ESRS.',
  query: impact.query({
    from: 'metabase_analyseia',
    measures: {
      reussies: { count: 'rows', where: [['etat', '=', 'success']] },
      en_erreur: { count: 'rows', where: [['etat', '=', 'error']] },
      non_commencees: { count: 'rows', where: [['etat', 'is null']] },
      autres: {
        count: 'rows',
        where: [
          ['etat', 'not in', ['success', 'error']],
          ['etat', 'is not null'],
        ],
      },
      part_pertinente: { ratio: ['nb_phrases_pertinentes', 'nb_phrases'], unknown: 'left out' },
    },
    by: { mois: { time: 'ajoutee_le', unit: 'month' } },
    order: [['mois', 'desc']],
    limit: 12,
  }),
  display: { kind: 'bar', x: 'mois', y: ['reussies', 'en_erreur', 'non_commencees', 'autres'], stack: 'stacked' },
  columns: {
    mois: { label: 'Mois', format: mois },
    reussies: { label: 'Réussies', format: entier, means: 'done' },
    en_erreur: { label: 'En erreur', format: entier, means: 'todo' },
    non_commencees: { label: 'Non commencées', format: entier },
    autres: { label: 'Autres', format: entier },
    part_pertinente: { label: 'Part pertinente', format: { kind: 'percent', decimals: 1 } },
  },
})
