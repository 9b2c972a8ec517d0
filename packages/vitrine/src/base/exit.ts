/** How every command ends, for scripts and monitors. Errors name one of these in the registry. */

/** Exit statuses of every command. Documented in `docs/reference/commands.md`, which is generated from here. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  /** Not an error: a plan found differences. */
  different: 2,
  definition: 3,
  connection: 4,
  privilege: 5,
  drift: 6,
  data: 7,
  busy: 8,
  stale: 9,
  missing: 10,
  left: 11,
  interrupted: 130,
} as const
export type ExitName = keyof typeof EXIT
