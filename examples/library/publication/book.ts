import { bigint, compute, from, integer, text } from 'vitrine'
import { source } from './register.ts'

const SUBJECTS = [
  'General',
  'Philosophy',
  'Religion',
  'Society',
  'Language',
  'Science',
  'Technology',
  'Arts',
  'Literature',
  'History',
] as const

/** The first digit of a Dewey number is its subject. */
const subjectOf = (dewey: number) => SUBJECTS[Math.floor(dewey / 100)] ?? 'General'

export const book = from(source.selectFrom('book as b')).publish(
  'library_book',
  'A book that can be lent.',
  ({ ref }) => {
    const subject = compute({ dewey: ref('b.dewey') }, ({ dewey }) => ({ name: subjectOf(dewey) })).field(
      'name',
      SUBJECTS,
    )
    return {
      id: bigint(ref('b.id'), 'Book').primaryKey(),
      title: text(ref('b.title'), 'Title'),
      author: text(ref('b.author'), 'Author, as on the cover'),
      subject: text(subject, 'Subject, by the first digit of the Dewey number'),
      copies: integer(ref('b.copies'), 'Copies in the library'),
    }
  },
)
