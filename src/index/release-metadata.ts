import { WholeFile } from '../disk/open-files.ts'
import type { Resource } from '../disk/resource.ts'
import { readCoreMetadata, type CoreMetadata } from '../spec/core-metadata.ts'
import { isWheel } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { noneIn, sdistMetadata } from './archives.ts'
import type { Index, Wanted } from './index.ts'

/** So many files are looked at until one tells something: they all tell the same. */
const most = 3

const bytesOf = async (resource: Resource): Promise<Buffer> => {
  if (resource.bytes !== undefined) return resource.bytes
  const chunks: Buffer[] = []
  // A chunk is good only until the next.
  for await (const chunk of resource.read(0)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const fromWheel = async (index: Index, wanted: Wanted): Promise<Buffer | undefined> => {
  const found = await index.metadata(wanted)
  return found === undefined ? undefined : bytesOf(found.resource)
}

// Where upstream gives no metadata, a wheel that is not held would have to be fetched for it.
const isCheap = (file: File): boolean => typeof file['core-metadata'] === 'object'

/**
 * The core metadata of a release, from one of its files that is held or has it beside it at upstream;
 * nothing when there is none such. No distribution is fetched for it.
 * @param files of the release, as its page has them
 * @throws what the index throws
 */
export const releaseMetadata = async (
  index: Index,
  name: Name,
  files: readonly File[],
): Promise<Partial<CoreMetadata>> => {
  const wheelsFirst = files.toSorted(
    (a, b) => Number(isWheel(b.filename)) - Number(isWheel(a.filename)),
  )
  for (const file of wheelsFirst.slice(0, most)) {
    const wanted = { name, filename: file.filename, path: file.url }
    let bytes: Buffer | undefined
    if (isWheel(file.filename) && isCheap(file)) bytes = await fromWheel(index, wanted)
    else {
      const held = await index.peek(wanted)
      if (!(held instanceof WholeFile)) continue
      bytes = await (isWheel(file.filename) ?
        fromWheel(index, wanted)
      : sdistMetadata(held.path).catch(noneIn))
    }
    if (bytes !== undefined) return readCoreMetadata(bytes.toString('utf8'))
  }
  return {}
}
