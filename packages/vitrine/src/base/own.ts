/** Looks up a name that comes from outside: a column may be called `constructor`, which every object inherits. */

export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
