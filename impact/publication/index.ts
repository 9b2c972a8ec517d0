/** La publication d’Impact : ce que Metabase voit, et rien d’autre. */
import { definePublication } from 'vitrine'
import { entreprise } from './entreprise.ts'
import { habilitation } from './habilitation.ts'
import { invitation } from './invitation.ts'
import { source } from './register.ts'
import { utilisateur } from './utilisateur.ts'

export default definePublication({
  name: 'impact',
  schema: 'impact',
  source,
  writer: 'impact',
  reader: 'metabase',
  zone: 'Europe/Paris',
  schedule: '0 0 * * *',
  tables: [entreprise, utilisateur, invitation, habilitation],
  freshness: {
    name: 'metabase_fraicheur',
    comment: 'Fraîcheur des données : de quand date chaque table publiée.',
    columns: { table: 'nom_table', rows: 'nombre_lignes', dataOf: 'donnees_du', publishedAt: 'publiee_le' },
  },
})
