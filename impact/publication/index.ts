/** La publication d’Impact : ce que Metabase voit, et rien d’autre. */
import { definePublication } from 'vitrine'
import { analyseIa } from './analyse-ia.ts'
import { bdese } from './bdese.ts'
import { bges } from './bges.ts'
import { csrd } from './csrd.ts'
import { entreprise } from './entreprise.ts'
import { habilitation } from './habilitation.ts'
import { indexEgapro } from './index-egapro.ts'
import { invitation } from './invitation.ts'
import { source } from './register.ts'
import { stats } from './stats.ts'
import { utilisateur } from './utilisateur.ts'
import { vsme } from './vsme.ts'

export default definePublication({
  name: 'impact',
  schema: 'impact',
  source,
  writer: 'impact',
  reader: 'metabase',
  zone: 'Europe/Paris',
  schedule: '0 0 * * *',
  tables: [entreprise, utilisateur, invitation, habilitation, bdese, indexEgapro, bges, csrd, vsme, analyseIa],
  histories: [stats],
  freshness: {
    name: 'metabase_fraicheur',
    comment: 'Fraîcheur des données : de quand date chaque table publiée.',
    columns: { table: 'nom_table', rows: 'nombre_lignes', dataOf: 'donnees_du', publishedAt: 'publiee_le' },
  },
})
