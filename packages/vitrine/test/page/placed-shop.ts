/** The shop of the run tests with a dashboard, and its page: asked directly, or listening for a browser. */

import { systemClock } from '../../src/base/clock.ts'
import { collection, dashboard, definePublication, question, questionsAbout, withDashboards } from '../../src/index.ts'
import { actionsPlace } from '../../src/page/actions.ts'
import { createPage, type PageSettings } from '../../src/page/app.ts'
import { dashboardsPlace } from '../../src/page/dashboards-place.ts'
import { dictionaryPlace } from '../../src/page/dictionary-place.ts'
import { Readers } from '../../src/page/reader-sessions.ts'
import { runsPlace } from '../../src/page/runs-place.ts'
import { statePlace } from '../../src/page/state-place.ts'
import { watchPlace } from '../../src/page/watch.ts'
import { connect } from '../../src/postgres/connect.ts'
import { customer, purchase, type ShopRoles, source } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'

const withBoard = (roles: ShopRoles) => {
  const published = definePublication({
    name: 'shop',
    schema: 'shop',
    source,
    tables: [customer, purchase],
    zone: 'Europe/Paris',
    ...roles,
  })
  const { query } = questionsAbout(published)
  const amounts = question({
    key: 'amounts',
    title: 'Amounts by job',
    description: 'Of all purchases.',
    query: query({
      from: 'shop_purchase',
      measures: { total: { sum: 'amount' } },
      by: { job: { column: 'customer_id.job', unknown: 'unknown' } },
    }),
    display: { kind: 'bar', x: 'job', y: ['total'] },
    audience: 'public',
  })
  const customers = question({
    key: 'customers',
    title: 'Customers',
    description: 'All of them.',
    query: query({ from: 'shop_customer', measures: { customers: { count: 'rows' } } }),
    display: { kind: 'number', value: 'customers' },
  })
  const shared = { collection: collection({ key: 'shop', name: 'Shop', access: { everybody: 'read' } }), filters: [] }
  const sales = dashboard({
    key: 'sales',
    title: 'Sales',
    description: 'What is sold?',
    ...shared,
    rows: [[{ question: amounts }, { question: customers }]],
  })
  const open = dashboard({
    key: 'open',
    title: 'For all',
    description: 'What all may see.',
    ...shared,
    audience: 'public',
    rows: [[{ question: amounts }]],
  })
  return withDashboards(published, [sales, open])
}

export const placedShop = (rows: number): Promise<Installation> => Installation.create(18, rows, withBoard)

type Placed = Pick<Installation, 'publication' | 'target' | 'reader' | 'writer'>

/** The page of an installation, where everybody is an operator. */
export function pageOf({ publication, target, reader, writer }: Placed, given: Partial<PageSettings> = {}) {
  const open = (role: typeof reader, limits = publication.limits) =>
    connect(target.address(role), { side: 'target', name: 'page', limits })
  const readers = new Readers(() => open(reader))
  const app = createPage({
    publication: () => publication,
    clock: systemClock,
    prefix: '',
    language: 'en',
    theme: {},
    metabaseUrl: null,
    access: { kind: 'open' },
    reach: { origin: null, onLoopback: true, trustsProxy: false, framedBy: [] },
    readers,
    actions: { sync: null, rollback: null },
    watch: null,
    tell: () => undefined,
    asWriter: async (work) => {
      const session = await open(writer)
      return work(session).finally(() => session.end())
    },
    places: [dashboardsPlace, dictionaryPlace, runsPlace, statePlace, actionsPlace, watchPlace],
    ...given,
  })
  /** Once all of it is there. */
  const get = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await app.request(`http://localhost${path}`, { headers: { host: 'localhost' } }, {})
    const text = await answer.text()
    return text.includes('v-is-coming') ? get(path) : { status: answer.status, text }
  }
  return { app, readers, get }
}
