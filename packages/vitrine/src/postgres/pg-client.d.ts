/** The driver's parts, without its entrance: see `driver.ts`. */
declare module 'pg/lib/client.js' {
  import type { Client } from 'pg'

  const client: typeof Client
  export default client
}

declare module 'pg/lib/type-overrides.js' {
  type Parse = (text: string) => unknown

  export default class TypeOverrides {
    getTypeParser(oid: number): Parse
    setTypeParser(oid: number, parse: Parse): void
  }
}
