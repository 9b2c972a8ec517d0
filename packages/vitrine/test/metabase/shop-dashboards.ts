/** What people see of the shop: written against its publication, so that columns that are not published do not compile. */
import {
  collection,
  type Dashboard,
  dashboard,
  definePublication,
  question,
  questionsAbout,
  withDashboards,
} from '../../src/index.ts'
import { customer, purchase, source } from '../publication/shop.ts'

export const NAMES = { source: 'Shop "d’été" 🛍️', team: "L'équipe 🧑‍🔧" }

export const TYPED = definePublication({
  name: 'shop',
  schema: 'shop',
  source,
  tables: [customer, purchase],
  writer: '',
  reader: '',
})

export function dashboardsOf(
  title = 'Who buys?',
  named: { readonly key: string; readonly previousKeys?: readonly string[] } = { key: 'all-customers' },
): readonly Dashboard[] {
  const about = questionsAbout(TYPED)
  const country = about.filter({
    key: 'country',
    label: 'Country of "theirs"',
    kind: 'list',
    options: ['C1', 'C2'],
    on: { shop_customer: 'country' },
  })
  const byCountry = question({
    key: 'customers-by-country',
    title: 'Customers by country, l’été',
    description: 'Each customer once.',
    query: about.query({
      from: 'shop_customer',
      measures: { customers: { count: 'rows' } },
      by: { country: { column: 'country', unknown: 'unknown', order: ['C1', 'C2', 'C3', 'C4'] } },
    }),
    display: { kind: 'bar', x: 'country', y: ['customers'] },
    columns: { customers: { label: 'Customers', format: { kind: 'number', decimals: 0 } } },
  })
  const all = question({
    ...named,
    title: 'Customers',
    description: 'All of them.',
    query: about.query({ from: 'shop_customer', measures: { n: { count: 'rows' } } }),
    display: { kind: 'number', value: 'n' },
  })
  const kept = collection({ key: 'shop', name: 'Boutique "1" 🛍️', access: { [NAMES.team]: 'read' } })
  const rows = [
    [{ freshness: 'Data of' }],
    [{ question: all, without: ['country'] }, { question: byCountry }],
    [{ text: 'What *this* does not say' }],
  ]
  return [dashboard({ key: 'buyers', title, description: 'For everyone.', collection: kept, filters: [country], rows })]
}

/** As a module gives it: what `metabase pull` writes imports it. */
export default withDashboards(TYPED, dashboardsOf())
