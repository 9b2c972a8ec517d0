import { bigint, boolean, from, type Numeric, numeric, sql, text } from 'vitrine'
import { source } from './register.ts'

export const product = from(
  source.selectFrom('products as p').innerJoin('categories as c', 'c.id', 'p.category_id'),
).publish('shop_product', 'A product, also one that is sold no longer.', ({ ref, eb }) => ({
  id: bigint(ref('p.id'), 'Product').primaryKey(),
  name: text(ref('p.name'), 'Name'),
  category: text(ref('c.name'), 'Category'),
  price: numeric(sql<Numeric>`round(${ref('p.price_cents')} / 100.0, 2)`, 'Price today, in euros'),
  is_sold: boolean(eb.and([eb('p.status', '=', 0), eb('p.deleted_at', 'is', null)]), 'Can be ordered today'),
}))
