/** La table publiée des invitations, sans l’adresse électronique de la personne invitée. */
import { because, bigint, from, timestamptz, varchar } from 'vitrine'
import { entreprise } from './entreprise.ts'
import { CLE, EVOLUTION, USAGE } from './raisons.ts'
import { source } from './register.ts'
import { utilisateur } from './utilisateur.ts'

export const invitation = from(source.selectFrom('invitations_invitation as i')).publish(
  'metabase_invitation',
  'Une invitation à rejoindre une entreprise sur Impact.',
  ({ ref }) => ({
    impact_id: bigint(because(ref('i.id'), CLE), 'Identifiant de l’invitation dans Impact').primaryKey(),
    ajoutee_le: timestamptz(because(ref('i.created_at'), EVOLUTION), 'Date de l’invitation'),
    modifiee_le: timestamptz(because(ref('i.updated_at'), EVOLUTION), 'Dernière modification'),
    inviteur_id: bigint(because(ref('i.inviteur_id'), CLE), 'Utilisateur qui invite')
      .nullable()
      .references(() => utilisateur),
    entreprise_id: bigint(because(ref('i.entreprise_id'), CLE), 'Entreprise concernée').references(() => entreprise),
    role: varchar(20, because(ref('i.role'), USAGE), 'Rôle proposé : proprietaire, editeur ou lecteur'),
    date_acceptation: timestamptz(because(ref('i.date_acceptation'), EVOLUTION), 'Date d’acceptation').nullable(),
  }),
)
