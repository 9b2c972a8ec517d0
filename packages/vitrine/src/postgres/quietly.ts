/**
 * Statements that may find a wrong value. A server logs the error with the value (`DETAIL: Key
 * (email)=(…) is duplicated`). An error caught in PL/pgSQL is not logged, and we raise it again without its message.
 */
import { literal } from '../sql/quote.ts'
import type { Session } from './connect.ts'

/**
 * Runs a statement (write `perform …` for `select …`). Errors about values keep their SQLSTATE but not the server's
 * message. Columns win over PL/pgSQL's variables: one may be called `found`.
 */
export const quietly = (session: Session, statement: string): Promise<void> =>
  session.execute(
    `do ${literal(`#variable_conflict use_column
      begin ${statement};
      exception when integrity_constraint_violation or data_exception then
        raise exception using errcode = sqlstate, message = 'values are refused; vitrine does not log them'; end`)}`,
  )
