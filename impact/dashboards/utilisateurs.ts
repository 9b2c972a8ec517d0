/** *Utilisateurs et habilitations* : les comptes vivent-ils ? Pour le produit et le support. */
import { dashboard, question, sql } from 'vitrine'
import { entier, FRAICHEUR, IMPACT, INSCRITES, impact, limites, mois, partDe } from './questions.ts'

const MOIS_D_ARRIVEE = { mois: { time: 'ajoute_le', unit: 'month' } } as const

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

const invitations = question({
  key: 'uti-invitations',
  title: 'Invitations par mois et par issue',
  description: 'Une invitation sans réponse expire 30 jours après ; le mois en cours en attend encore.',
  query: impact.query({
    from: 'metabase_invitation',
    measures: {
      acceptees: { count: 'rows', where: [['date_acceptation', 'is not null']] },
      en_attente: {
        count: 'rows',
        where: [
          ['date_acceptation', 'is null'],
          ['ajoutee_le', 'within', { last: 30, unit: 'day' }],
        ],
      },
      expirees: {
        count: 'rows',
        where: [
          ['date_acceptation', 'is null'],
          ['ajoutee_le', 'before', { ago: 30, unit: 'day' }],
        ],
      },
    },
    by: { mois: { time: 'ajoutee_le', unit: 'month' } },
    order: [['mois', 'desc']],
    limit: 18,
  }),
  display: { kind: 'bar', x: 'mois', y: ['acceptees', 'en_attente', 'expirees'], stack: 'stacked' },
  columns: {
    mois: { label: 'Mois', format: mois },
    acceptees: { label: 'Acceptées', format: entier },
    en_attente: { label: 'En attente', format: entier },
    expirees: { label: 'Expirées', format: entier },
  },
})

const roles = question({
  key: 'uti-roles',
  title: 'Rôles proposés par les invitations',
  description: 'Le rôle proposé, et non celui d’aujourd’hui.',
  query: impact.query({
    from: 'metabase_invitation',
    measures: { invitations: { count: 'rows' } },
    by: { role: { column: 'role', unknown: 'inconnu' } },
    order: [['invitations', 'desc']],
    smallest: 5,
  }),
  display: { kind: 'pie', label: 'role', value: 'invitations' },
  columns: { role: { label: 'Rôle' }, invitations: { label: 'Invitations', format: entier } },
})

const delai = question({
  key: 'uti-delai',
  title: 'Délai médian d’acceptation d’une invitation, en jours',
  description: 'Parmi les invitations acceptées.',
  query: impact.select(({ db }) =>
    db
      .selectFrom('metabase_invitation as i')
      .where('i.date_acceptation', 'is not', null)
      .select([
        sql<number>`round(cast(percentile_cont(0.5) within group (order by extract(epoch from i.date_acceptation - i.ajoutee_le)) / 86400 as numeric), 2)`.as(
          'jours',
        ),
        sql<number>`count(*)`.as('invitations'),
      ]),
  ),
  display: { kind: 'number', value: 'jours' },
  columns: {
    jours: { label: 'Délai médian', format: { kind: 'number', decimals: 1, suffix: ' j' } },
    invitations: { label: 'Invitations acceptées', format: entier },
  },
})

export const utilisateurs = dashboard({
  key: 'utilisateurs',
  title: 'Utilisateurs et habilitations',
  description: 'Les comptes vivent-ils ?',
  collection: IMPACT,
  rows: [
    FRAICHEUR,
    [{ question: comptes, span: 6 }, { question: arrivees }],
    [{ question: connexion }, { question: fidelite }],
    [{ question: entonnoir }, { question: fonctions }],
    [{ question: conseillers }, { question: parEntreprise }, { question: roles }],
    [{ question: delai, span: 6 }, { question: invitations }],
    ...limites(
      'Seule la dernière connexion est connue : un compte actif chaque semaine l’an dernier et plus depuis ne se distingue pas d’un compte qui n’a servi qu’une fois. L’expiration d’une invitation est calculée. Les groupes de moins de cinq personnes ne sont pas montrés.',
    ),
  ],
})
