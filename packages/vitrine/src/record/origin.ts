/** Of which state of the source a version is: what the next run must know to read only what changed since. Data alone. */

/** Which run of which server a transaction number of the source belongs to: a restart or a restore may give it away again. */
export interface SourceEra {
  /** Null when the role may not read it. */
  readonly system: string | null
  readonly database: string
  /** When the server began, and when it last recovered from a crash, as it counts. */
  readonly started: string
  readonly recovered: string
  readonly standby: boolean
}

export interface TableOrigin {
  /** Fingerprint of the query as it ran, and of everything else that its rows depend on. */
  readonly print: string
  readonly rows: number
  /** Runs, and changes applied to this very table, since it was last read whole. */
  readonly nights: number
  readonly deltas: number
  /** Digest of the sums of its keys; null where they were not counted. */
  readonly keys: string | null
  /** Digests of the keys of rows with something unknown, by reason, one after another; null where they are too many. */
  readonly unknown?: Readonly<Record<string, string>> | null
  /** Transactions of the target that wrote its rows. */
  readonly writers: readonly string[]
  /** Of what its rows were made, where that is more than one table of the source; what earlier tools recorded has none. */
  readonly made?: Made | null
}

/** Of the tables of the source behind one published table, at the snapshot. */
export interface Made {
  /** How many rows each had, by its name in the register. */
  readonly rows: Readonly<Record<string, number>>
  /** Sums over which of their rows belong to which published key, by buckets of keys: 8 bytes each. Null where that is not told. */
  readonly sums: string | null
}

export interface VersionOrigin {
  readonly era: SourceEra
  /** The oldest transaction that was under way when the source was read; what it and later ones did is not in the version. */
  readonly snapshot: string
  readonly tables: Readonly<Record<string, TableOrigin>>
}
