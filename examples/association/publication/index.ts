import { definePublication } from 'vitrine'
import { day } from './day.ts'
import { donation } from './donation.ts'
import { fee, feeSum } from './fee.ts'
import { member } from './member.ts'
import { presence, section } from './presence.ts'
import { source, ZONE } from './register.ts'

export const association = definePublication({
  name: 'association',
  schema: 'association',
  source,
  tables: [section, member, fee, feeSum, donation, presence],
  histories: [day],
  writer: 'association_writer',
  reader: 'association_reader',
  zone: ZONE,
  schedule: '0 2 * * *',
  persons: { tables: ['association_member', 'association_fee', 'association_donation'], smallest: 10 },
})
