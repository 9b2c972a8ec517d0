import { definePublication } from 'vitrine'
import { categoryMonth } from './category-month.ts'
import { customer } from './customer.ts'
import { day } from './day.ts'
import { line } from './line.ts'
import { order } from './order.ts'
import { product } from './product.ts'
import { source, ZONE } from './register.ts'

export const shop = definePublication({
  name: 'shop',
  schema: 'shop',
  source,
  tables: [product, customer, order, line],
  histories: [day],
  views: [categoryMonth],
  writer: 'shop_writer',
  reader: 'shop_reader',
  zone: ZONE,
  schedule: '0 3 * * *',
  persons: { tables: ['shop_customer'], smallest: 5 },
})
