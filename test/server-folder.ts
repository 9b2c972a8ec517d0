/** A new folder for servers whose data no test needs for longer than a run: in memory, where there is enough of it. */
import { chmodSync, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 2 * 1024 ** 3

/** A container often has little. Files there cost a server a third less to make than on a disk. */
function inMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ENOUGH_BYTES
  } catch {
    return false
  }
}

/** Another account, which runs the servers for root, can pass through. */
export function serverFolder(): string {
  const folder = mkdtempSync(join(inMemory() ? MEMORY : tmpdir(), 'vitrine-test-'))
  chmodSync(folder, 0o711)
  return folder
}
