import { LRUCache } from 'lru-cache'
import { readObject } from '../disk/json.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import { readVersionData, type VersionData } from '../spec/version-data.ts'

// Characters of metadata that are kept in memory, of all indexes together.
const memory = 8 * 1024 * 1024
const read = new LRUCache<string, { identity: string; data: VersionData }>({
  maxSize: memory,
  sizeCalculation: ({ data }) => JSON.stringify(data).length,
})

/** What was registered of a release in this file; undefined when it is absent or broken (fault S20). */
export const readRelease = async (path: string): Promise<VersionData | undefined> => {
  const stats = statsOf(path)
  if (stats === undefined) return undefined
  const identity = identityOf(stats)
  const known = read.get(path)
  if (known?.identity === identity) return known.data
  const record = await readObject(path)
  if (record === undefined) return undefined
  const data = readVersionData(record)
  read.set(path, { identity, data })
  return data
}
