/** What the tool's process reports at its end. */
export interface ToolReport {
  /** Peak resident memory of the process, in bytes. */
  readonly peakBytes: number
  readonly cpuSeconds: number
  /** Null when nothing was published. */
  readonly switched: {
    /** When the switch was committed, in milliseconds since 1970 with fractions. */
    readonly at: number
    /** Duration of its transaction. */
    readonly milliseconds: number
    readonly tries: number
    readonly phases: Readonly<Record<string, number>>
  } | null
}

/** What the process reports that switches versions back and forth. */
export interface SwitchesReport {
  readonly switches: readonly OneSwitch[]
  /** Number of switches that gave up, which readers do not notice. */
  readonly givenUp: number
}

export interface OneSwitch {
  /** When it was committed, in milliseconds since 1970 with fractions. */
  readonly at: number
  readonly milliseconds: number
  readonly tries: number
}

export const parseSwitches = (output: string): SwitchesReport => JSON.parse(output) as SwitchesReport // sound because switches.ts wrote it.

/** Reads the process's output. */
export const parseReport = (output: string): ToolReport => JSON.parse(output) as ToolReport // sound because tool.ts wrote it.
