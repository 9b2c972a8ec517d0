/** What the tool's process tells about itself when it has done its work. */
export interface ToolReport {
  /** Peak resident memory of the process. */
  readonly peakBytes: number
  readonly cpuSeconds: number
  /** Null when nothing was published. */
  readonly switched: {
    /** When the switch had been committed, in milliseconds since 1970 with fractions. */
    readonly at: number
    /** How long its transaction took. */
    readonly milliseconds: number
    readonly tries: number
    readonly phases: Readonly<Record<string, number>>
  } | null
}

/** What the process tells of versions that it switched back and forth. */
export interface SwitchesReport {
  readonly switches: readonly OneSwitch[]
  /** Switches that gave up, which nobody noticed. */
  readonly givenUp: number
}

export interface OneSwitch {
  /** When it had been committed, in milliseconds since 1970 with fractions. */
  readonly at: number
  readonly milliseconds: number
  readonly tries: number
}

export const parseSwitches = (output: string): SwitchesReport => JSON.parse(output) as SwitchesReport // sound because switches.ts wrote it.

/** Reads the last line of the process's output. */
export const parseReport = (output: string): ToolReport => JSON.parse(output) as ToolReport // sound because tool.ts wrote it.
