/** `vitrine/testing`: parts of a run by themselves, for tests and benchmarks of a publication. */
export { RowRewriter } from './copy/row-rewrite.ts'
export { stagingSchema } from './publication/publication.ts'
export { projectionOf } from './publication/select-text.ts'
export { checkProjections } from './source/projection-types.ts'
export { identifier, qualified } from './sql/quote.ts'
export {
  clearWorkSchema,
  declareReferences,
  finishTable,
  type Load,
  loadTable,
  openStaging,
  referencesOf,
  stagedShape,
  validateReference,
} from './version/staging.ts'
