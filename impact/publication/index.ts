/** La publication d’Impact : ses tables, et les tableaux de bord qui les montrent. */
import { withDashboards } from 'vitrine'
import { tableaux } from '../dashboards/index.ts'
import { donnees } from './donnees.ts'

export default withDashboards(donnees, tableaux)
