/** La table publiée des utilisateurs : des comptes et leur usage, sans adresse électronique, nom ni mot de passe. */
import { because, bigint, boolean, count, date, from, integer, type LocalDate, timestamptz } from 'vitrine'
import { CLE, EVOLUTION, USAGE } from './raisons.ts'
import { source } from './register.ts'

/** Compte les rattachements de tous les utilisateurs en une fois, ce qui coûte moins qu’un compte par utilisateur. */
const avecRattachements = source.selectFrom('users_user as u').leftJoin(
  (sub) =>
    sub
      .selectFrom('habilitations_habilitation as h')
      .groupBy('h.user_id')
      .select(['h.user_id', count().as('nombre')])
      .as('rattachements'),
  (join) => join.onRef('rattachements.user_id', '=', 'u.id'),
)

export const utilisateur = from(avecRattachements).publish(
  'metabase_utilisateur',
  'Un compte d’Impact, sans identité.',
  ({ ref, fn, lit, val, cast }) => {
    // Le jour en UTC, comme à l’origine, parce que des questions enregistrées comptent par jour sur cette colonne.
    const connexion = cast<LocalDate | null>(fn('timezone', [val('UTC'), 'u.last_login']), 'date')
    return {
      impact_id: bigint(because(ref('u.id'), CLE), 'Identifiant de l’utilisateur dans Impact').primaryKey(),
      ajoute_le: timestamptz(because(ref('u.created_at'), EVOLUTION), 'Date de création du compte'),
      modifie_le: timestamptz(because(ref('u.updated_at'), EVOLUTION), 'Dernière modification du compte'),
      connecte_le: date(because(connexion, EVOLUTION), 'Jour de la dernière connexion').nullable(),
      reception_actualites: boolean(
        because(ref('u.reception_actualites'), USAGE),
        'Accepte de recevoir les actualités',
      ),
      email_confirme: boolean(because(ref('u.is_email_confirmed'), USAGE), 'A confirmé son adresse électronique'),
      conseiller_rse: boolean(because(ref('u.is_conseiller_rse'), USAGE), 'Se déclare conseiller RSE').nullable(),
      nombre_entreprises: integer(
        fn.coalesce('rattachements.nombre', lit(0)),
        'Nombre d’entreprises auxquelles il est rattaché',
      ),
    }
  },
)
