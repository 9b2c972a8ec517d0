import { because, count, date, from, integer, type LocalDate, type Numeric, numeric, over, sql, text } from 'vitrine'
import { line } from './line.ts'
import { product } from './product.ts'

const firstDay = sql<LocalDate>`cast(date_trunc('month', cast(l.placed_on as timestamp)) as date)`

/** A view: asked when it is read, so that it costs a run nothing. */
export const categoryMonth = from(
  over(line, product)
    .selectFrom('shop_line as l')
    .innerJoin('shop_product as p', 'p.id', 'l.product_id')
    .groupBy(['p.category', firstDay]),
).publish('shop_category_month', 'What a category sold in a month.', ({ ref }) => ({
  category: text(ref('p.category'), 'Category').primaryKey(),
  month: date(because(firstDay, 'A month of many orders.'), 'Month of the orders').primaryKey(),
  lines: integer(count(), 'Lines sold'),
  amount: numeric(sql<Numeric>`sum(${ref('l.amount')})`, 'Amount in euros'),
}))
