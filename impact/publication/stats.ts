/**
 * La table publiée des statistiques quotidiennes : une ligne par jour, d’après les réglementations telles qu’elles viennent
 * d’être publiées. Elle s’accumule : un jour passé n’est jamais recalculé. CSRD et VSME n’y sont pas comptées.
 */
import { bigint, count, date, history, integer, type PublishedTable } from 'vitrine'
import type { Statut } from '../domain/statuts.ts'
import { bdese } from './bdese.ts'
import { bges } from './bges.ts'
import { indexEgapro } from './index-egapro.ts'

export const stats = history(
  'metabase_stats',
  'Une journée : combien de réglementations ont un statut connu, et combien sont à jour.',
  ({ eb, selectFrom }, { day, dayNumber }) => {
    const connus = ({ name }: PublishedTable) => selectFrom(name).where('statut', 'is not', null)
    /** Les entreprises au statut donné, ou connu : chacune compte une fois par réglementation. */
    const entreprises = (table: PublishedTable, statut: Statut | 'connu') =>
      (statut === 'connu' ? connus(table) : connus(table).where('statut', '=', statut))
        .select(({ ref }) => count(ref('entreprise_id'), { distinct: true }).as('nombre'))
        .$asScalar()
        .$notNull()
    const total = (statut: Statut | 'connu') =>
      eb(eb(entreprises(bdese, statut), '+', entreprises(indexEgapro, statut)), '+', entreprises(bges, statut))
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
    }
  },
)
