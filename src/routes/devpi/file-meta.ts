import type { JsonObject } from '../../disk/json.ts'
import type { Wanted } from '../../index/index.ts'
import type { Opened } from '../../index/registry.ts'
import type { File } from '../../spec/page.ts'
import { fileVersion } from '../../spec/filename.ts'
import type { Name } from '../../spec/project-name.ts'
import { besideAt } from './file-beside.ts'
import type { FilePlace } from './file-place.ts'
import { hashSpec, pathOf } from './links.ts'

const modified = (time: string | undefined): JsonObject =>
  time === undefined ? {} : { last_modified: new Date(time).toUTCString() }

const ofBytes = (name: Name, version: string | undefined, hashes: File['hashes']): JsonObject => ({
  hash_spec: hashSpec(hashes),
  hashes,
  project: name,
  ...(version !== undefined && { version }),
})

const ofFile = async (index: Opened, { name, path }: Wanted): Promise<JsonObject | undefined> => {
  const project = await index.own.project(name)
  const files = (await project?.page())?.files ?? []
  const file = files.find(listed => listed.url === path || pathOf(index, listed) === path)
  if (file === undefined) return undefined
  const { filename, hashes } = file
  const local = await index.folder.of(name)
  const mirrored = local.mirrored.get(filename)
  const isHeld =
    mirrored !== undefined || local.uploaded.has(filename) || local.dropped.has(filename)
  return {
    ...(isHeld && modified(file['upload-time'] ?? mirrored?.fact.at)),
    ...ofBytes(name, fileVersion(name, filename), hashes),
    ...(mirrored !== undefined && { url: mirrored.fact.file.url }),
  }
}

/** What devpi tells of a file instead of its bytes (`releasefilemeta`); undefined when there is none. */
export const fileMeta = async (
  index: Opened,
  place: FilePlace,
): Promise<JsonObject | undefined> => {
  const found = await besideAt(index, place)
  if (found !== undefined) {
    const { name, it } = found
    const version = found.kind === 'docs' ? found.it.version : fileVersion(name, found.it.about)
    return { ...modified(it.at), ...ofBytes(name, version, { sha256: it.sha256 }) }
  }
  for (const wanted of place.wanted) {
    const meta = await ofFile(index, wanted)
    if (meta !== undefined) return meta
  }
  return undefined
}
