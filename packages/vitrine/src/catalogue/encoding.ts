/** In which encoding a database keeps its texts. */
import type { Session } from '../postgres/connect.ts'

/** As PostgreSQL names it: UTF8, LATIN1, SQL_ASCII. */
export async function serverEncoding(session: Session): Promise<string> {
  const [found] = await session.query<{ encoding: string }>("select current_setting('server_encoding') as encoding")
  return found?.encoding ?? ''
}
