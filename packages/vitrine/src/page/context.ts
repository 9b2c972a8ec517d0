/** What each place of the page is given: the publication, sessions, the visitor, and the frame around its content. */
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import type { Clock } from '../base/clock.ts'
import type { Problem, VitrineError } from '../base/errors.ts'
import type { Language } from '../base/language.ts'
import type { CommandNames } from '../base/remedy.ts'
import type { HtmlEscapedString } from '../drawing/html.ts'
import type { Reading } from '../drawing/reading.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication, Theme } from '../publication/publication.ts'
import type { Answers } from './answers.ts'

/** A reader looks; an operator also publishes and rolls back. */
export type VisitorRole = 'reader' | 'operator'

export interface Visitor {
  readonly role: VisitorRole
  /** Whether there is a session to leave. */
  readonly loggedIn: boolean
  /** Goes with every form, as the field `token`, by `formToken`. */
  readonly token: string
  readonly reading: Reading
}

export interface PageEnv {
  readonly Bindings: HttpBindings
  readonly Variables: { readonly visitor: Visitor }
}
export type PageApp = Hono<PageEnv>
export type PageCall = Context<PageEnv>
export type Html = HtmlEscapedString

export type PagePlace = 'dashboards' | 'dictionary' | 'runs' | 'state'

/** When the data are, in the header of each page. */
export interface Freshness {
  readonly tone: 'fresh' | 'late' | 'none'
  readonly text: string
  /** The instant alone. */
  readonly at: string
}

/** What a place says of a page of its own. */
export interface PageFacts {
  readonly title: string
  readonly place: PagePlace | null
  readonly status?: 200 | 400 | 403 | 404 | 409 | 422 | 429 | 500 | 503
  /** What the answer is made of, for a browser that asks whether it changed. */
  readonly etag?: string
  /** Asks a browser without script to load the page again after so many seconds. */
  readonly again?: number
  /** Of when the data are, where it is known already. */
  readonly freshness?: Freshness
  /** Without places, script and theme's header: to be shown in a frame. */
  readonly bare?: boolean
}

/** Starts a run that goes on by itself. Resolves once it has begun, that is, holds the lock. Throws VitrineError otherwise. */
export type Start = () => Promise<void>

/** Null where a connection is missing that it needs. */
export interface Actions {
  readonly sync: Start | null
  readonly rollback: Start | null
}

/** Files that are being edited. */
export interface Watch {
  /** Another one: load the page again. */
  readonly edition: number
  /** Why the files do not load; the last publication that did is shown. */
  readonly failure: VitrineError | null
  readonly problems: (place: string) => readonly Problem[]
  /** Resolves when there is another edition than this one, and after a while in any case. */
  readonly after: (edition: number) => Promise<void>
}

type Work<T> = (session: Session) => Promise<T>

export interface PageContext {
  /** The publication as it stands: with `--watch` another one comes. */
  readonly publication: () => Publication
  readonly clock: Clock
  /** How the program calls the commands of the tool. */
  readonly names?: CommandNames
  /** What stands before each path: `` or `/vitrine`. */
  readonly prefix: string
  /** Null: that of the browser. */
  readonly language: Language | null
  readonly theme: Theme
  /** The address of Metabase, as a browser shows it. */
  readonly metabaseUrl: string | null
  /** Does `work` with a session that reads as the reader. */
  readonly asReader: <T>(work: Work<T>) => Promise<T>
  /** The same with the writer's session, which sees the record of the runs and writes nothing; null without that role. */
  readonly asWriter: (<T>(work: Work<T>) => Promise<T>) | null
  readonly actions: Actions
  /** Null unless files are watched. */
  readonly watch: Watch | null
  readonly answers: Answers
  /** Of the page's header; never throws. */
  readonly freshness: (reading: Reading) => Promise<Freshness>
  /** The whole document around the content of a place. */
  readonly show: (call: PageCall, content: Html | AsyncIterable<Html>, facts: PageFacts) => Promise<Response>
}

/** Adds the addresses of a place to the page. */
export type Routes = (app: PageApp, context: PageContext) => void
