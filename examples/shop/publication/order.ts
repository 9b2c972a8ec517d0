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
import { customer } from './customer.ts'
import { localDay } from './local-day.ts'
import { source } from './register.ts'

/** `enum :status` of the model: Rails keeps the place in this list. */
export const STATUSES = ['cart', 'placed', 'paid', 'shipped', 'delivered', 'cancelled'] as const
const DAY = 'A day among dozens of orders; the customer is a number.'
const STEP = 'How far an order came, without its times.'

/** Orders of customers and of guests; what staff orders to try things is not a sale. */
export const orders = source
  .selectFrom('orders as o')
  .leftJoin('users as u', 'u.id', 'o.user_id')
  .where(({ eb }) => eb.or([eb('u.id', 'is', null), eb('u.role', '=', 0)]))

export const order = from(
  orders.leftJoinLateral(
    (eb) =>
      eb
        .selectFrom('line_items as l')
        .leftJoin('returns as r', 'r.line_item_id', 'l.id')
        .whereRef('l.order_id', '=', 'o.id')
        .select(({ ref }) => [
          sql<Numeric>`coalesce(round(sum(${ref('l.quantity')} * ${ref('l.unit_price_cents')}) / 100.0, 2), 0)`.as(
            'amount',
          ),
          sql<Numeric>`coalesce(round(sum(${ref('r.refunded_cents')}) / 100.0, 2), 0)`.as('refunded'),
        ])
        .as('sums'),
    (on) => on.onTrue(),
  ),
).publish('shop_order', 'A cart, and what became of it.', ({ ref }) => {
  const has = (column: 'o.placed_at' | 'o.paid_at' | 'o.shipped_at' | 'o.delivered_at') =>
    sql<number>`case when ${ref(column)} is null then 0 else 1 end`
  const status = compute({ status: ref('o.status') }, (o) => ({ word: STATUSES[o.status] ?? null })).field('word', [
    ...STATUSES,
  ])
  return {
    id: bigint(because(ref('o.id'), 'Stable key; it is not the number on the bill.'), 'Order').primaryKey(),
    customer_id: bigint(
      because(
        sql<bigint | null>`case when ${ref('u.deleted_at')} is null then ${ref('u.id')} end`,
        'Links the orders of one customer.',
      ),
      'Customer; empty for guests, and for accounts that were closed',
    )
      .nullable()
      .references(() => customer),
    channel: text(ref('o.channel'), 'Where it was placed: web, app, phone'),
    status: text(status, 'Status today').nullable(),
    steps: integer(
      because(
        sql<number>`${has('o.placed_at')} + ${has('o.paid_at')} + ${has('o.shipped_at')} + ${has('o.delivered_at')}`,
        STEP,
      ),
      'How far it came: 1 placed, 2 paid, 3 shipped, 4 delivered',
    ),
    began_on: date(because(localDay<LocalDate>(ref('o.created_at')), DAY), 'Day on which the cart was begun'),
    placed_on: date(
      because(localDay<LocalDate | null>(ref('o.placed_at')), DAY),
      'Day of the order; empty for a cart',
    ).nullable(),
    amount: numeric(
      because(sql<Numeric>`${ref('sums.amount')}`, 'Money of the shop.'),
      'Amount in euros, returns not deducted',
    ),
    refunded: numeric(
      because(sql<Numeric>`${ref('sums.refunded')}`, 'Money of the shop.'),
      'Of it paid back, in euros',
    ),
    days_to_delivery: integer(
      because(sql<number | null>`cast(${ref('o.delivered_at')} as date) - cast(${ref('o.placed_at')} as date)`, STEP),
      'Days from the order to the delivery',
    ).nullable(),
    is_kept: boolean(
      because(sql<boolean>`${ref('o.delivered_at')} is not null and ${ref('sums.refunded')} = 0`, STEP),
      'Delivered, and nothing came back',
    ),
  }
})
