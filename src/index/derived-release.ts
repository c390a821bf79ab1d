import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { versionDataOf, type VersionData } from '../spec/version-data.ts'
import type { Index } from './index.ts'
import { releaseMetadata } from './release-metadata.ts'

// Characters of metadata that are kept in memory, of all indexes together.
const known = new LRUCache<string, VersionData>({
  maxSize: 4 * 1024 * 1024,
  sizeCalculation: data => JSON.stringify(data).length,
})

/**
 * The metadata of a release that nobody registered, as its files tell it: those that were dropped, or
 * came by another interface. Read again only when there are others.
 * @param files of the release, as the index's page has them
 * @throws what the index throws
 */
export const derivedRelease = async (
  index: Index,
  name: Name,
  version: string,
  files: readonly File[],
): Promise<VersionData> => {
  const key = keyOf(index, name, version, files)
  const found = known.get(key)
  if (found !== undefined) return found
  const told = versionDataOf(await releaseMetadata(index, name, files))
  const data = { ...told, name: told.name === '' ? name : told.name, version }
  known.set(key, data)
  return data
}

const keyOf = (index: Index, name: Name, version: string, files: readonly File[]): string => {
  const hash = createHash('sha256')
  for (const { filename, hashes } of files) hash.update(`${filename} ${hashes['sha256'] ?? ''}\n`)
  return `${index.name} ${name} ${version} ${hash.digest('hex')}`
}
