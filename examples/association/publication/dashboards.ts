/** What `vitrine.config.js` names: the publication with its dashboards. */
import { withDashboards } from 'vitrine'
import { activity } from './activity.ts'
import { association } from './index.ts'
import { treasury } from './treasury.ts'

export default withDashboards(association, [activity, treasury])
