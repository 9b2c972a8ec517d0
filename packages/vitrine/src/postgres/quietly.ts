/**
 * Statements that may find a wrong value. A server writes what it says of one into its own log, the value included (`DETAIL: Key
 * (email)=(…) is duplicated`); an error that PL/pgSQL catches is not written, and we raise it again without its words.
 */
import { literal } from '../sql/quote.ts'
import type { Session } from './connect.ts'

/**
 * Does a statement; `perform …` in the place of `select …`. What it throws about values has the state, and no words of the
 * server. A column may be called `found`, as a variable of PL/pgSQL is.
 */
export const quietly = (session: Session, statement: string): Promise<void> =>
  session.execute(
    `do ${literal(`#variable_conflict use_column
      begin ${statement};
      exception when integrity_constraint_violation or data_exception then
        raise exception using errcode = sqlstate, message = 'values are refused; vitrine does not log them'; end`)}`,
  )
