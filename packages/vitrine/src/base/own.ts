/** Looks a name from outside up in a record: a column may be called `constructor`, which every object has by inheritance. */

export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
