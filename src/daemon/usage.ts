import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What lies in a directory. */
export interface Usage {
  readonly files: number
  readonly bytes: number
  /** False when the time was up before everything was seen. */
  readonly complete: boolean
}

const batch = 64

/** Counts the files below a directory, those in names with a leading dot excepted, for about so many milliseconds; the first few are always counted. Never throws: what cannot be read is not counted. */
export const measureUsage = async (directory: string, milliseconds: number): Promise<Usage> => {
  const end = performance.now() + milliseconds
  const isLate = (): boolean => performance.now() >= end
  const waiting = [directory]
  let files = 0
  let bytes = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next !== directory && isLate()) return { files, bytes, complete: false }
    const here = next
    const entries = await readdir(here, { withFileTypes: true }).catch(() => [])
    const names: string[] = []
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) waiting.push(join(here, entry.name))
      else if (entry.isFile() && entry.name !== 'proxypypi.toml') names.push(entry.name)
    }
    for (let start = 0; start < names.length; start += batch) {
      if (start > 0 && isLate()) return { files, bytes, complete: false }
      const looks = names.slice(start, start + batch).map(name => stat(join(here, name)))
      for (const look of await Promise.allSettled(looks)) {
        if (look.status === 'rejected') continue
        files++
        bytes += look.value.size
      }
    }
  }
  return { files, bytes, complete: true }
}
