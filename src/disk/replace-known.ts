import type { DurableOptions } from './durable.ts'
import type { Layout } from './layout.ts'
import { identityOf, linkStatsOf, statsOf } from './stamp.ts'
import { publish, writeAside } from './write.ts'

/**
 * As `replace`, and tells the state of the file, so that whoever wrote it need not read it.
 * @returns its identity; undefined when somebody else has written it again at once
 */
export const replaceKnown = async (
  layout: Layout,
  path: string,
  data: string | Uint8Array,
  options: DurableOptions = {},
): Promise<string | undefined> => {
  const aside = await writeAside(layout, data, options)
  const inode = linkStatsOf(aside)?.ino
  await publish(aside, path, options)
  const stats = statsOf(path)
  return stats?.ino === inode ? stats && identityOf(stats) : undefined
}
