/** Every column of the tables that the publication may look at. What is not here cannot be published. */
import { indirect, open, personal, register, secret } from 'vitrine'

export const source = register('public', {
  book: {
    id: open.bigint,
    title: open.text,
    // The author of a book is on its cover.
    author: open.text,
    dewey: open.smallint,
    copies: open.integer,
  },
  member: {
    id: indirect.bigint,
    card_number: personal.text,
    name: personal.text,
    email: personal.text,
    password_hash: secret.text,
    birth_date: personal.date,
    postcode: indirect.text,
    joined_on: indirect.date,
  },
  loan: {
    id: indirect.bigint,
    book_id: open.bigint,
    member_id: indirect.bigint,
    lent_on: indirect.date,
    due_on: indirect.date,
    returned_on: indirect.date.nullable,
    // Free text of the desk: telephone numbers, illnesses, relatives.
    note: personal.text.nullable,
  },
})

export const ZONE = 'Europe/Paris'
