import { because, bigint, compute, date, from, runDay, text } from 'vitrine'
import { book } from './book.ts'
import { member } from './member.ts'
import { source, ZONE } from './register.ts'

export const STATES = ['on time', 'late', 'still out', 'overdue'] as const
const DAY = 'A day of the desk; who came is not published.'

function stateOf(due: string, returned: string | null, today: string): (typeof STATES)[number] {
  if (returned !== null) return returned <= due ? 'on time' : 'late'
  return today <= due ? 'still out' : 'overdue'
}

export const loan = from(source.selectFrom('loan as l')).publish('library_loan', 'A loan of a book.', ({ ref }) => {
  const due = because(ref('l.due_on'), DAY)
  const returned = because(ref('l.returned_on'), DAY)
  const state = compute({ due, returned, today: runDay(ZONE) }, (l) => ({
    state: stateOf(l.due, l.returned, l.today),
  })).field('state', STATES)
  return {
    id: bigint(because(ref('l.id'), 'Stable key.'), 'Loan').primaryKey(),
    book_id: bigint(ref('l.book_id'), 'Book').references(() => book),
    member_id: bigint(because(ref('l.member_id'), 'Links the loans of one member.'), 'Member').references(() => member),
    lent_on: date(because(ref('l.lent_on'), DAY), 'Day of the loan'),
    returned_on: date(returned, 'Day of the return; empty while the book is out').nullable(),
    state: text(state, 'Returned on time or late; still out, or overdue'),
  }
})
