/** The target as functions receive it: a session on its database, and the publication that fills it. */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'

export interface Target {
  readonly session: Session
  readonly publication: Publication
}
