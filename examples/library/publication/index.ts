import { definePublication } from 'vitrine'
import { book } from './book.ts'
import { day } from './day.ts'
import { loan } from './loan.ts'
import { member } from './member.ts'
import { source, ZONE } from './register.ts'

export const library = definePublication({
  name: 'library',
  schema: 'library',
  source,
  tables: [book, member, loan],
  histories: [day],
  writer: 'library_writer',
  reader: 'library_reader',
  zone: ZONE,
  schedule: '0 0 * * *',
  // Dashboards show no group of fewer members than this.
  persons: { tables: ['library_member'], smallest: 5 },
})
