export { type Expression, sql } from 'kysely'
export { checkPublication, requireSound } from './publication/check.ts'
export * from './publication/column.ts'
export type { Computed, NumberRange } from './publication/compute.ts'
export { category, compute, measure, pseudonym } from './publication/compute.ts'
export { before, type HistoryTable, history } from './publication/history.ts'
export { runDay, runInstant, runYear } from './publication/instant.ts'
export type { Indirect, Personal, SecretValue } from './publication/privacy.ts'
export { definePublication, type Publication, type PublicationSettings } from './publication/publication.ts'
export { indirect, open, partly, personal, register, secret } from './publication/register.ts'
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
} from './publication/sql-type.ts'
export type { PublishedTable } from './publication/table.ts'
export { from, rows } from './publication/table.ts'
export { band, because, count, masked, month, present, year } from './publication/treatment.ts'
