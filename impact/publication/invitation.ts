/** La table publiée des invitations, sans l’adresse électronique de la personne invitée. */
import { because, bigint, from, measure, type Numeric, numeric, rows, sql, timestamptz, varchar } from 'vitrine'
import { ROLES, rolePublie } from '../domain/role.ts'
import { RAISONS_INCONNU } from '../domain/statuts.ts'
import { entreprise } from './entreprise.ts'
import { CLE, EVOLUTION } from './raisons.ts'
import { source } from './register.ts'
import { utilisateur } from './utilisateur.ts'

export const invitation = from(source.selectFrom('invitations_invitation as i')).publish(
  'metabase_invitation',
  'Une invitation à rejoindre une entreprise sur Impact.',
  ({ ref }) => {
    const role = measure({ role: ref('i.role') }, { role: ROLES, inconnu: RAISONS_INCONNU }, (saisie) =>
      rolePublie(saisie.role),
    )
    return rows(
      { unknown: role.field('inconnu') },
      {
        impact_id: bigint(because(ref('i.id'), CLE), 'Identifiant de l’invitation dans Impact').primaryKey(),
        ajoutee_le: timestamptz(because(ref('i.created_at'), EVOLUTION), 'Date de l’invitation'),
        modifiee_le: timestamptz(because(ref('i.updated_at'), EVOLUTION), 'Dernière modification'),
        inviteur_id: bigint(because(ref('i.inviteur_id'), CLE), 'Utilisateur qui invite')
          .nullable()
          .references(() => utilisateur),
        entreprise_id: bigint(because(ref('i.entreprise_id'), CLE), 'Entreprise concernée').references(
          () => entreprise,
        ),
        role: varchar(
          20,
          role.field('role'),
          'Rôle proposé : proprietaire, editeur ou lecteur ; vide s’il est inconnu',
        ).nullable(),
        date_acceptation: timestamptz(because(ref('i.date_acceptation'), EVOLUTION), 'Date d’acceptation').nullable(),
        delai_acceptation_jours: numeric(
          because(
            sql<Numeric | null>`round(cast(extract(epoch from ${ref('i.date_acceptation')} - ${ref('i.created_at')}) as numeric) / 86400, 4)`,
            EVOLUTION,
          ),
          'Jours entre l’invitation et son acceptation',
        ).nullable(),
      },
    )
  },
)
