/** Types of `reference.mjs`, for the test that calls it on the sources. */
import type * as registry from 'vitrine/base/error-registry'
import type { Language, Program, runProgram, SingleProgram } from 'vitrine/cli'

type Kinds = Readonly<Record<string, { readonly what: string; readonly hint: string; readonly exit: string }>>

export interface ReferenceModules {
  readonly registry: Pick<typeof registry, 'ERRORS' | 'EXIT'>
  readonly language: Language
  readonly databaseErrors: Kinds
  readonly feedErrors: Kinds
  readonly runProgram: typeof runProgram
  readonly vitrine: Program
  readonly impact: Program
  readonly start: SingleProgram
}

/** The text of each page by its path from the root of the repository. */
export function referencePages(modules: ReferenceModules): Promise<Readonly<Record<string, string>>>
