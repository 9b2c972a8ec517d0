/** What the dashboards of the shop share: the ways to ask, the words of figures, and figures that are defined once. */
import { collection, questionsAbout } from 'vitrine'
import { shop } from './index.ts'

export const about = questionsAbout(shop)

export const SHOP = collection({ key: 'shop', name: 'Shop', access: { everybody: 'read' } })

export const whole = { kind: 'number', decimals: 0 } as const
export const euros = { kind: 'currency', currency: 'EUR', decimals: 0 } as const
export const share = { kind: 'percent', decimals: 1 } as const
export const monthly = { kind: 'date', style: 'month' } as const

/** Every figure of money on every dashboard is this one, or a part of it. */
export const sold = about.indicator({
  title: 'Sold',
  definition: 'The amounts of all orders that were placed and not cancelled; what was paid back is not deducted.',
  unit: 'euros',
  from: 'shop_order',
  measure: { sum: 'amount' },
})

export const SOLD = about.conditions('shop_order', ['steps', '>=', 1], ['status', '!=', 'cancelled'])

export const returned = about.indicator({
  title: 'Came back',
  definition: 'Of the lines that were delivered, those that came back.',
  unit: 'percent',
  from: 'shop_line',
  measure: { percent: [['is_returned', '=', true]], of: [['is_delivered', '=', true]] },
})
