/**
 * La table publiée des statistiques quotidiennes : une ligne par jour, calculée sur les tables qui viennent d’être
 * publiées. Elle s’accumule : un jour passé n’est jamais recalculé. Les deux totaux d’origine ne comptent ni CSRD ni VSME.
 * Les autres colonnes sont plus récentes : elles sont vides, et non à zéro, pour les jours plus anciens.
 */
import { bigint, count, date, history, integer, type LocalDate, type PublishedTable, sql } from 'vitrine'
import type { Statut } from '../domain/statuts.ts'
import { bdese } from './bdese.ts'
import { bges } from './bges.ts'
import { csrd } from './csrd.ts'
import { entreprise } from './entreprise.ts'
import { indexEgapro } from './index-egapro.ts'
import { utilisateur } from './utilisateur.ts'
import { vsme } from './vsme.ts'

/** Un compte est actif s’il s’est connecté pendant ces derniers jours : même définition que dans le tableau de bord. */
const JOURS_ACTIFS = 30

export const stats = history(
  'metabase_stats',
  'Une journée : combien d’entreprises, de comptes et de rapports, et combien de réglementations à jour.',
  ({ eb, selectFrom }, { day, dayNumber }) => {
    const lignes = ({ name }: PublishedTable) => selectFrom(name)
    type Lignes = ReturnType<typeof lignes>
    const nombre = (query: Lignes) => query.select(count().as('nombre')).$asScalar().$notNull()
    /** Le nombre d’entreprises d’une réglementation avec ce statut, ou avec un statut connu. */
    const entreprises = (table: PublishedTable, statut: Statut | 'connu') =>
      (statut === 'connu' ? lignes(table).where('statut', 'is not', null) : lignes(table).where('statut', '=', statut))
        .select(({ ref }) => count(ref('entreprise_id'), { distinct: true }).as('nombre'))
        .$asScalar()
        .$notNull()
    const total = (statut: Statut | 'connu') =>
      eb(eb(entreprises(bdese, statut), '+', entreprises(indexEgapro, statut)), '+', entreprises(bges, statut))
    const recent = (query: ReturnType<typeof nombre>, comment: string) => integer(query, comment).nullable()
    const aJour = (table: PublishedTable, nom: string) =>
      recent(entreprises(table, 'A JOUR'), `Entreprises au statut A JOUR : ${nom}`)
    const connu = (table: PublishedTable, nom: string) =>
      recent(entreprises(table, 'connu'), `Entreprises au statut connu : ${nom}`)
    return {
      id: bigint(dayNumber, 'Identifiant stable : le nombre de jours depuis le 1er janvier 2000').primaryKey(),
      date: date(day, 'Jour, à Paris, des données publiées').unique(),
      reglementations_a_jour: integer(
        total('A JOUR'),
        'Somme, pour la BDESE, l’Index EgaPro et le BGES, des entreprises au statut A JOUR',
      ),
      reglementations_statut_connu: integer(
        total('connu'),
        'Somme, pour la BDESE, l’Index EgaPro et le BGES, des entreprises au statut connu',
      ),
      entreprises: recent(nombre(lignes(entreprise)), 'Entreprises connues, inscrites ou simulées'),
      entreprises_inscrites: recent(
        nombre(lignes(entreprise).where('nombre_utilisateurs', '>', 0)),
        'Entreprises auxquelles au moins un compte est rattaché',
      ),
      comptes: recent(nombre(lignes(utilisateur)), 'Comptes'),
      comptes_actifs_30j: recent(
        nombre(lignes(utilisateur).where('connecte_le', '>=', sql<LocalDate>`${day} - ${sql.lit(JOURS_ACTIFS)}`)),
        'Comptes dont la dernière connexion date de 30 jours au plus',
      ),
      bdese_a_jour: aJour(bdese, 'BDESE'),
      bdese_connu: connu(bdese, 'BDESE'),
      egapro_a_jour: aJour(indexEgapro, 'Index EgaPro'),
      egapro_connu: connu(indexEgapro, 'Index EgaPro'),
      bges_a_jour: aJour(bges, 'BGES'),
      bges_connu: connu(bges, 'BGES'),
      csrd_a_jour: aJour(csrd, 'CSRD'),
      csrd_connu: connu(csrd, 'CSRD'),
      vsme_rapports: recent(nombre(lignes(vsme)), 'Rapports VSME'),
      vsme_complets: recent(nombre(lignes(vsme).where('progression', '=', 100)), 'Rapports VSME à 100 %'),
    }
  },
)
