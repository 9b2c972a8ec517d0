/** What `vitrine.config.js` names: the publication with its dashboards. */
import { withDashboards } from 'vitrine'
import { shop } from './index.ts'
import { loyalty } from './loyalty.ts'
import { sales } from './sales.ts'

export default withDashboards(shop, [sales, loyalty])
