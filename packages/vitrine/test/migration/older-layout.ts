/** Takes the bookkeeping back to an earlier layout, as a backup of before an upgrade holds it. */

/** What undoes each layout after the first, newest first. */
const UNDO: readonly (readonly [version: number, sql: string])[] = [
  [17, 'alter table vitrine.version replica identity default'],
  [
    16,
    'alter table vitrine.run_table drop column way; alter table vitrine.run_table drop column reason; alter table vitrine.version drop column origin',
  ],
  [15, 'alter table vitrine.run drop column drift'],
  [
    14,
    'alter table vitrine.freshness drop column unknown cascade; alter table vitrine.kept_freshness drop column unknown',
  ],
  [13, 'drop table vitrine.metabase'],
  [12, 'drop table vitrine.erasure; alter table vitrine.version drop column pseudonym_key'],
  [11, 'alter table vitrine.run_table drop column suppressed'],
  [10, 'drop table vitrine.alarm'],
  [9, 'alter table vitrine.version drop column rights'],
  [8, 'drop table vitrine.made'],
  [
    7,
    `drop table vitrine.version; alter table vitrine.installation drop column tool_version;
     alter table vitrine.installation rename column approved to applied;
     alter table vitrine.installation rename column approved_at to applied_at`,
  ],
  [6, 'alter table vitrine.run drop column whole'],
  [5, 'alter table vitrine.run drop column switched'],
  [4, 'alter table vitrine.run drop column snapshot_milliseconds; alter table vitrine.installation drop column source'],
  [3, 'drop table vitrine.kept_freshness'],
  [2, 'drop table vitrine.ledger'],
]

/** The statements that leave the layout at `version`. */
export const olderLayout = (version: number): string =>
  UNDO.filter(([made]) => made > version)
    .map(([made, sql]) => `${sql}; delete from vitrine.layout where version = ${made}`)
    .join('; ')
