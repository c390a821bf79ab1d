import type { Opened } from '../../index/registry.ts'
import type { FilePlace } from './file-place.ts'
import { pathOf } from './links.ts'

/**
 * Where upstream has a file that is not held, for a mirror that is set to send its clients there
 * (`mirror_use_external_urls`, devpi-api 9); undefined for all other files and indexes.
 */
export const externalUrl = async (
  index: Opened,
  { wanted }: FilePlace,
): Promise<string | undefined> => {
  const { config, copies, own } = index
  if (config.type !== 'mirror' || config.mirror_use_external_urls !== true) return undefined
  for (const { name, filename, path } of wanted) {
    const page = await (await own.project(name))?.page()
    const listed = page?.files.find(file => pathOf(index, file) === path)
    if (listed !== undefined) return copies?.elsewhere({ name, filename, path: listed.url })
  }
  return undefined
}
