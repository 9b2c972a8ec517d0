/** La table publiée des habilitations : quel compte est rattaché à quelle entreprise, et la catégorie de ses fonctions. */
import { because, bigint, category, from, measure, rows, timestamptz, varchar } from 'vitrine'
import { CATEGORIES_FONCTIONS, categorieFonctions } from '../domain/fonctions.ts'
import { ROLES, rolePublie } from '../domain/role.ts'
import { RAISONS_INCONNU } from '../domain/statuts.ts'
import { entreprise } from './entreprise.ts'
import { invitation } from './invitation.ts'
import { CLE, EVOLUTION } from './raisons.ts'
import { source } from './register.ts'
import { utilisateur } from './utilisateur.ts'

export const habilitation = from(source.selectFrom('habilitations_habilitation as h')).publish(
  'metabase_habilitation',
  'Le rattachement d’un utilisateur à une entreprise.',
  ({ ref }) => {
    const fonctions = category({ fonctions: ref('h.fonctions') }, CATEGORIES_FONCTIONS, (saisie) =>
      categorieFonctions(saisie.fonctions),
    )
    const role = measure({ role: ref('h.role') }, { role: ROLES, inconnu: RAISONS_INCONNU }, (saisie) =>
      rolePublie(saisie.role),
    )
    return rows(
      { unknown: role.field('inconnu') },
      {
        impact_id: bigint(because(ref('h.id'), CLE), 'Identifiant de l’habilitation dans Impact').primaryKey(),
        ajoutee_le: timestamptz(because(ref('h.created_at'), EVOLUTION), 'Date du rattachement'),
        modifiee_le: timestamptz(because(ref('h.updated_at'), EVOLUTION), 'Dernière modification'),
        utilisateur_id: bigint(because(ref('h.user_id'), CLE), 'Utilisateur rattaché').references(() => utilisateur),
        entreprise_id: bigint(because(ref('h.entreprise_id'), CLE), 'Entreprise de rattachement').references(
          () => entreprise,
        ),
        fonctions: varchar(250, fonctions, 'Catégorie des fonctions déclarées').nullable(),
        invitation_id: bigint(because(ref('h.invitation_id'), CLE), 'Invitation acceptée, s’il y en eut une')
          .nullable()
          .references(() => invitation),
        role: varchar(
          20,
          role.field('role'),
          'Rôle de l’utilisateur : proprietaire, editeur ou lecteur ; vide s’il est inconnu',
        ).nullable(),
      },
    )
  },
)
