/** The result of a soak as text, and whether anything in it is wrong. Pure. */
import type { SoakResult } from './soak.ts'

const ORDER = ['started', 'check', 'snapshot', 'stage', 'verify', 'publish', 'describe', 'record', 'done']

/** Everything that must not be: readers' wrong answers, lost rows of the team, leftovers, repairs. */
export function wrongsOf({ seen, leftovers, repairs }: SoakResult): number {
  return seen.errors.length + seen.empty + seen.mixed + seen.lost + leftovers.length + repairs.length
}

function share(sorted: readonly number[], part: number): string {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  return value === undefined ? 'none' : `${value.toFixed(1)} ms`
}

const counted = (texts: readonly string[]): string =>
  texts.length === 0 ? '0' : `${texts.length} (${[...new Set(texts)].slice(0, 5).join('; ')})`

/** One row a phase for the kills, then one row a figure. */
export function reportOf(result: SoakResult, seed: number): string {
  const { seen, kills, goodRuns, survivors, leftovers, repairs, deltas, seconds } = result
  const of = (command: string, phase: string) => kills.get(`${command} ${phase}`) ?? 0
  const total = (command: string) => ORDER.reduce((sum, phase) => sum + of(command, phase), 0)
  const phases = ORDER.filter((phase) => of('sync', phase) + of('rollback', phase) > 0)
  const row = (what: string, sync: unknown, rollback: unknown) =>
    `${what.padEnd(24)}${String(sync).padStart(8)}${String(rollback).padStart(10)}`
  const figure = (what: string, value: unknown) => `${what.padEnd(24)}${value}`
  const lookUps = [...seen.lookUps].sort((a, b) => a - b)
  return [
    row('killed in', 'run', 'rollback'),
    ...phases.map((phase) => row(`  ${phase}`, of('sync', phase), of('rollback', phase))),
    row('  in all', total('sync'), total('rollback')),
    '',
    figure('ended before the kill', survivors),
    figure('good runs between', goodRuns),
    figure('  by what changed', deltas),
    figure('versions of the source', seen.changes),
    figure('looks of the readers', `${seen.looks} counts, ${lookUps.length} look-ups`),
    figure('  errors', counted(seen.errors)),
    figure('  empty or incomplete', seen.empty),
    figure('  of two versions', seen.mixed),
    figure('tables of the team', seen.made),
    figure('  rows of them lost', seen.lost),
    figure('left behind', counted(leftovers)),
    figure('repairs needed', counted(repairs)),
    figure('look-up', `${share(lookUps, 0.5)} half, ${share(lookUps, 0.99)} of 100, ${share(lookUps, 1)} the worst`),
    figure('took', `${seconds.toFixed(0)} s, seed ${seed}`),
  ].join('\n')
}
