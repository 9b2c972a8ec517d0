import {
  because,
  bigint,
  boolean,
  compute,
  date,
  from,
  integer,
  type LocalDate,
  type Numeric,
  numeric,
  sql,
  text,
} from 'vitrine'
import { localDay } from './local-day.ts'
import { order, orders } from './order.ts'
import { product } from './product.ts'

/** `enum :reason` of the model. */
export const REASONS = ['does not fit', 'arrived broken', 'not as shown', 'changed mind'] as const
const KEY = 'Stable key.'

export const line = from(
  orders
    .where('o.placed_at', 'is not', null)
    .innerJoin('line_items as l', 'l.order_id', 'o.id')
    .leftJoin('returns as r', 'r.line_item_id', 'l.id'),
).publish('shop_line', 'A line of an order.', ({ ref }) => ({
  id: bigint(because(ref('l.id'), KEY), 'Line').primaryKey(),
  order_id: bigint(because(ref('o.id'), KEY), 'Order').references(() => order),
  product_id: bigint(ref('l.product_id'), 'Product').references(() => product),
  placed_on: date(
    because(localDay<LocalDate>(ref('o.placed_at')), 'A day among dozens of orders.'),
    'Day of the order',
  ),
  quantity: integer(ref('l.quantity'), 'How many'),
  amount: numeric(
    sql<Numeric>`round(${ref('l.quantity')} * ${ref('l.unit_price_cents')} / 100.0, 2)`,
    'Amount in euros',
  ),
  is_delivered: boolean(because(sql<boolean>`${ref('o.delivered_at')} is not null`, 'Whether, not when.'), 'Delivered'),
  is_returned: boolean(because(sql<boolean>`${ref('r.id')} is not null`, 'Whether, not when.'), 'Came back'),
  // What the customer wrote beside the reason stays in the application.
  reason: text(
    compute({ reason: ref('r.reason') }, (r) => ({
      word: r.reason === null ? null : (REASONS[r.reason] ?? null),
    })).field('word', [...REASONS]),
    'Why it came back',
  ).nullable(),
}))
