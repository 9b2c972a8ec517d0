/** The state of the source that a version shows: what the next run needs to read only changes. Only data. */

/** The period in which transaction numbers of the source are comparable: after a crash or a restore they may be reused. */
export interface SourceEra {
  /** Null when the role may not read it. */
  readonly system: string | null
  readonly database: string
  /** Start of the server, and of its last crash recovery, as the server reports them. */
  readonly started: string
  readonly recovered: string
  readonly standby: boolean
}

export interface TableOrigin {
  /** Fingerprint of the query as it ran, and of everything else that its rows depend on. */
  readonly print: string
  readonly rows: number
  /** `nights`: runs since the table was last read whole; `deltas`: those that applied changes to it. */
  readonly nights: number
  readonly deltas: number
  /** Counts and sums of its keys by buckets, 9 bytes each; null where they were not made. Earlier tools recorded a digest. */
  readonly keys: string | null
  /** Digests of the keys of rows with something unknown, by reason, one after another; null where they are too many. */
  readonly unknownKeys?: Readonly<Record<string, string>> | null
  /** Transactions of the target that wrote its rows. */
  readonly writers: readonly string[]
  /** What its rows were made of, if of several source tables; absent in records of earlier versions of the tool. */
  readonly made?: Made | null
}

/** Facts of the source tables behind one published table, at the snapshot. */
export interface Made {
  /** How many rows each had, by its name in the register. */
  readonly rows: Readonly<Record<string, number>>
  /** Checksums of which rows belong to which published key, one of 8 bytes per bucket of keys. Null when unknown. */
  readonly sums: string | null
}

export interface VersionOrigin {
  readonly era: SourceEra
  /** The oldest transaction in progress at the snapshot: its changes, and later ones, are not in the version. */
  readonly snapshot: string
  readonly tables: Readonly<Record<string, TableOrigin>>
}
