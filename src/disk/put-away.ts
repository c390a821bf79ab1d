import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from './error-code.ts'
import type { Layout } from './layout.ts'
import { inDirectory, syncDirectory, uniqueName } from './write.ts'

/**
 * Takes files and directories away, one after the other: each is there or not, never half, since it
 * is renamed first. What is not there is as good as taken away. A process that dies meanwhile leaves
 * the rest to `sweep`.
 */
export const putAway = async (layout: Layout, paths: Iterable<string>): Promise<void> => {
  const aside: string[] = []
  for (const path of paths) {
    const place = join(layout.temporary, uniqueName())
    if (await moved(layout, path, place)) aside.push(place)
  }
  for (const place of aside) await rm(place, { recursive: true, force: true })
}

const moved = async (layout: Layout, path: string, place: string): Promise<boolean> => {
  const move = () => inDirectory(layout.temporary, () => rename(path, place), { durable: false })
  try {
    await move()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
  await syncDirectory(dirname(path))
  return true
}
