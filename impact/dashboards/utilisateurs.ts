/** *Utilisateurs et habilitations* : les comptes vivent-ils ? Pour le produit et le support. */
import { dashboard, question } from 'vitrine'
import { CATEGORIES_FONCTIONS } from '../domain/fonctions.ts'
import { delai, invitations, roles } from './invitations.ts'
import { ROLE, TRANCHES_EN_MOTS } from './mots.ts'
import { entier, FRAICHEUR, IMPACT, INSCRITES, impact, limites, mois, partDe, TRANCHES } from './questions.ts'

const MOIS_D_ARRIVEE = { mois: { time: 'ajoute_le', unit: 'month' } } as const

const periode = impact.filter({
  key: 'periode',
  label: 'Arrivée',
  kind: 'date',
  on: {
    metabase_utilisateur: 'ajoute_le',
    metabase_habilitation: 'ajoutee_le',
    metabase_invitation: 'ajoutee_le',
    metabase_entreprise: 'ajoutee_le',
  },
})
const conseiller = impact.filter({
  key: 'conseiller',
  label: 'Conseiller RSE',
  kind: 'boolean',
  on: { metabase_utilisateur: 'conseiller_rse', metabase_habilitation: 'utilisateur_id.conseiller_rse' },
})
const fonction = impact.filter({
  key: 'fonctions',
  label: 'Fonctions',
  kind: 'list',
  options: CATEGORIES_FONCTIONS,
  on: { metabase_habilitation: 'fonctions' },
})
/** Filtre sur l’effectif de l’entreprise : un compte, qui peut avoir plusieurs entreprises, n’en a pas lui-même. */
const effectif = impact.filter({
  key: 'effectif',
  label: 'Effectif',
  kind: 'list',
  options: TRANCHES,
  names: TRANCHES_EN_MOTS,
  on: {
    metabase_habilitation: 'entreprise_id.effectif',
    metabase_invitation: 'entreprise_id.effectif',
    metabase_entreprise: 'effectif',
  },
})
const DES_COMPTES = { without: ['effectif', 'fonctions'] }
const DES_INVITATIONS = { without: ['conseiller', 'fonctions'] }

const comptes = question({
  key: 'uti-comptes',
  title: 'Comptes créés, dernier mois complet',
  description: 'Conseillers compris.',
  query: impact.query({
    from: 'metabase_utilisateur',
    measures: { comptes: { count: 'rows' } },
    by: MOIS_D_ARRIVEE,
    where: [['ajoute_le', 'complete', 'month']],
    order: [['mois', 'desc']],
    limit: 13,
  }),
  display: { kind: 'trend', time: 'mois', value: 'comptes' },
  columns: { mois: { label: 'Mois', format: mois }, comptes: { label: 'Comptes', format: entier } },
})

const arrivees = question({
  key: 'uti-arrivees',
  title: 'Comptes créés par mois, et total',
  description: 'Les mois entiers seulement.',
  query: impact.query({
    from: 'metabase_utilisateur',
    measures: { comptes: { count: 'rows' }, total: { cumulative: { count: 'rows' } } },
    by: MOIS_D_ARRIVEE,
    where: [['ajoute_le', 'complete', 'month']],
    order: [['mois', 'desc']],
    limit: 24,
  }),
  display: { kind: 'combo', x: 'mois', y: ['comptes', 'total'], lines: ['total'] },
  columns: {
    mois: { label: 'Mois', format: mois },
    comptes: { label: 'Comptes', format: entier },
    total: { label: 'Total', format: entier },
  },
})

const connexion = question({
  key: 'uti-connexion',
  title: 'Dernière connexion des comptes',
  description: 'Un jour UTC. « jamais » : le compte n’a pas servi.',
  query: impact.query({
    from: 'metabase_utilisateur',
    measures: { comptes: { count: 'rows' } },
    by: {
      tranche: {
        age: 'connecte_le',
        at: [
          [0, 'moins de 7 jours'],
          [8, 'moins de 30 jours'],
          [31, 'moins de 90 jours'],
          [91, 'moins d’un an'],
          [366, 'plus d’un an'],
        ],
        unknown: 'jamais',
      },
    },
    smallest: 5,
  }),
  display: { kind: 'bar', x: 'tranche', y: ['comptes'] },
  columns: { tranche: { label: 'Dernière connexion' }, comptes: { label: 'Comptes', format: entier } },
})

const fidelite = question({
  key: 'uti-fidelite',
  title: 'Comptes encore actifs (90 jours), par trimestre d’arrivée',
  description:
    'Une survie à un jour donné : l’historique des connexions n’existe pas. Les comptes de 90 jours et plus.',
  query: impact.query({
    from: 'metabase_utilisateur',
    measures: {
      comptes: { count: 'rows' },
      part_active: { percent: [['connecte_le', 'within', { last: 90, unit: 'day' }]], of: 'all rows' },
    },
    by: { trimestre: { time: 'ajoute_le', unit: 'quarter' } },
    where: [['ajoute_le', 'before', { ago: 90, unit: 'day' }]],
    smallest: 5,
  }),
  display: { kind: 'bar', x: 'trimestre', y: ['part_active'] },
  columns: {
    trimestre: { label: 'Trimestre', format: { kind: 'date', style: 'quarter' } },
    comptes: { label: 'Comptes', format: entier },
    part_active: { label: 'Part active', format: partDe('comptes') },
  },
})

const entonnoir = question({
  key: 'uti-entonnoir',
  title: 'Du compte créé au compte rattaché et actif',
  description: 'Chaque étape parmi ceux de l’étape d’avant.',
  query: impact.funnel({
    from: 'metabase_utilisateur',
    step: 'etape',
    value: 'nombre',
    steps: [
      ['Créés', []],
      ['Adresse confirmée', [['email_confirme', '=', true]]],
      ['Connectés au moins une fois', [['connecte_le', 'is not null']]],
      ['Rattachés à une entreprise', [['nombre_entreprises', '>', 0]]],
      ['Actifs ces 90 jours', [['connecte_le', 'within', { last: 90, unit: 'day' }]]],
    ],
  }),
  display: { kind: 'funnel', step: 'etape', value: 'nombre' },
  columns: { etape: { label: 'Étape' }, nombre: { label: 'Comptes', format: entier } },
})

const fonctions = question({
  key: 'uti-fonctions',
  title: 'Fonctions déclarées',
  description: 'Des catégories : l’intitulé saisi n’est pas publié. Les groupes de moins de cinq ne sont pas montrés.',
  query: impact.query({
    from: 'metabase_habilitation',
    measures: { rattachements: { count: 'rows' } },
    by: { fonctions: { column: 'fonctions', unknown: 'non renseignées' } },
    order: [['rattachements', 'desc']],
    smallest: 5,
  }),
  display: { kind: 'row', x: 'fonctions', y: ['rattachements'] },
  columns: { fonctions: { label: 'Fonctions' }, rattachements: { label: 'Rattachements', format: entier } },
})

const conseillers = question({
  key: 'uti-conseillers',
  title: 'Conseillers RSE',
  description: 'Ce que le compte déclare de lui-même.',
  query: impact.query({
    from: 'metabase_utilisateur',
    measures: { comptes: { count: 'rows' } },
    by: {
      conseiller: {
        cases: [
          ['Conseiller', [['conseiller_rse', '=', true]]],
          ['Non', [['conseiller_rse', '=', false]]],
        ],
        otherwise: 'Pas encore répondu',
      },
    },
    order: [['comptes', 'desc']],
    smallest: 5,
  }),
  display: { kind: 'pie', label: 'conseiller', value: 'comptes' },
  columns: { conseiller: { label: 'Conseiller RSE' }, comptes: { label: 'Comptes', format: entier } },
})

const parEntreprise = question({
  key: 'uti-par-entreprise',
  title: 'Personnes par entreprise inscrite',
  description: 'Les conseillers comptent parmi les personnes.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { entreprises: { count: 'rows' } },
    by: {
      personnes: {
        band: 'nombre_utilisateurs',
        at: [
          [1, '1'],
          [2, '2'],
          [3, '3'],
          [4, '4 et plus'],
        ],
      },
    },
    where: INSCRITES,
  }),
  display: { kind: 'bar', x: 'personnes', y: ['entreprises'] },
  columns: { personnes: { label: 'Personnes' }, entreprises: { label: 'Entreprises', format: entier } },
})

const rolesActuels = question({
  key: 'uti-roles-habilitations',
  title: 'Rôles des habilitations',
  description: 'Le rôle de chaque compte dans chaque entreprise, aujourd’hui.',
  query: impact.query({
    from: 'metabase_habilitation',
    measures: { rattachements: { count: 'rows' } },
    by: { role: { column: 'role', unknown: 'inconnu' } },
    order: [['rattachements', 'desc']],
    smallest: 5,
  }),
  display: { kind: 'pie', label: 'role', value: 'rattachements' },
  columns: { role: ROLE, rattachements: { label: 'Rattachements', format: entier } },
})

export const utilisateurs = dashboard({
  key: 'utilisateurs',
  title: 'Utilisateurs et habilitations',
  description: 'Les comptes vivent-ils ?',
  collection: IMPACT,
  filters: [effectif, periode, conseiller, fonction],
  rows: [
    FRAICHEUR,
    [
      { question: comptes, span: 6, ...DES_COMPTES },
      { question: arrivees, ...DES_COMPTES },
    ],
    [
      { question: connexion, ...DES_COMPTES },
      { question: fidelite, ...DES_COMPTES },
    ],
    [{ question: entonnoir, ...DES_COMPTES }, { question: fonctions }],
    [
      { question: conseillers, ...DES_COMPTES },
      { question: parEntreprise, ...DES_INVITATIONS },
    ],
    [{ question: rolesActuels }, { question: roles, ...DES_INVITATIONS }],
    [
      { question: delai, span: 6, ...DES_INVITATIONS },
      { question: invitations, ...DES_INVITATIONS },
    ],
    ...limites(
      'Seule la dernière connexion est connue : un compte actif chaque semaine l’an dernier et plus depuis ne se distingue pas d’un compte qui n’a servi qu’une fois. L’expiration d’une invitation est calculée. Les groupes de moins de cinq personnes ne sont pas montrés.',
    ),
  ],
})
