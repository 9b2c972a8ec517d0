export { type Expression, sql } from 'kysely'
export { checkPublication, requireSound } from './lineage/publication-check.ts'
export { avg, max, min, sum } from './publication/aggregate.ts'
export * from './publication/column.ts'
export type { Computed, NumberRange } from './publication/compute.ts'
export { category, compute, measure, pseudonym } from './publication/compute.ts'
export type {
  Collection,
  Dashboard,
  Display,
  Filter,
  Format,
  FunnelQuery,
  Indicator,
  ListingQuery,
  Question,
  SqlQuery,
  StructuredQuery,
  Tile,
} from './publication/dashboard.ts'
export { before, type HistoryTable, history } from './publication/history.ts'
export { runDay, runInstant, runYear } from './publication/instant.ts'
export type { PatternName } from './publication/pattern.ts'
export type { Indirect, IndirectValue, Personal, SecretValue, Unread } from './publication/privacy.ts'
export {
  definePublication,
  type Publication,
  type PublicationSettings,
  type TypedPublication,
  withDashboards,
} from './publication/publication.ts'
export type { Published, PublishedBy } from './publication/published-rows.ts'
export {
  type Asked,
  collection,
  dashboard,
  freshnessQuery,
  type Questions,
  question,
  questionsAbout,
} from './publication/question.ts'
export type { IndicatorOn } from './publication/reach.ts'
export {
  type DatabaseOf,
  indirect,
  type NotNullColumn,
  opaque,
  open,
  partly,
  personal,
  type RegisteredColumn,
  register,
  type Source,
  secret,
  type TypedSource,
} from './publication/register.ts'
export { dashboardIn, questionIn, withReplaced } from './publication/replaced.ts'
export type { KAnonymity, PublishedTable } from './publication/table.ts'
export { from, rows } from './publication/table.ts'
export { band, because, count, masked, maskedGroup, month, present, year } from './publication/treatment.ts'
export { over } from './publication/view.ts'
export type {
  Bytes,
  Float,
  Instant,
  Jsonb,
  LocalDate,
  LocalDateTime,
  LocalTime,
  Numeric,
  Uuid,
} from './sql/sql-type.ts'
