// Reads processes from the operating system, independently of the code under test.
import { readdirSync, readFileSync } from 'node:fs'

/** The process and its children; without /proc only the process. */
export function processesOf(pid: number): readonly number[] {
  if (process.platform !== 'linux') return [pid]
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return [pid, ...all.map(Number).filter((candidate) => parentOf(candidate) === pid)]
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It ended meanwhile.
    return null
  }
}
