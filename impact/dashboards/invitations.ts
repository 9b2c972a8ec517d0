/** Les questions du tableau *Utilisateurs et habilitations* sur les invitations : leur issue, leur rôle, leur délai. */
import { question } from 'vitrine'
import { ROLE } from './mots.ts'
import { entier, impact, mois } from './questions.ts'

export const invitations = question({
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
    acceptees: { label: 'Acceptées', format: entier, means: 'done' },
    en_attente: { label: 'En attente', format: entier, means: 'doing' },
    expirees: { label: 'Expirées', format: entier, means: 'todo' },
  },
})

export const roles = question({
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
  columns: { role: ROLE, invitations: { label: 'Invitations', format: entier } },
})

export const delai = question({
  key: 'uti-delai',
  title: 'Délai médian d’acceptation d’une invitation, en jours',
  description: 'Parmi les invitations acceptées.',
  query: impact.query({
    from: 'metabase_invitation',
    measures: {
      jours: { median: 'delai_acceptation_jours', unknown: 'left out', decimals: 2 },
      invitations: { count: 'rows' },
    },
    where: [['date_acceptation', 'is not null']],
  }),
  display: { kind: 'number', value: 'jours' },
  columns: {
    jours: { label: 'Délai médian', format: { kind: 'number', decimals: 1, suffix: ' j' } },
    invitations: { label: 'Invitations acceptées', format: entier },
  },
})
