import type { Opened } from '../../index/registry.ts'
import type { Stage } from '../../index/stage.ts'
import type { Name } from '../../spec/project-name.ts'
import { releasesOf } from './releases.ts'

/**
 * Forgets what a deletion has emptied: a release without files and documentation, and a project
 * without releases (devpi-api 15). Where files are kept to be restored the project is not forgotten.
 */
export const tidy = async (
  index: Opened,
  stage: Stage,
  name: Name,
  by: string | undefined,
): Promise<void> => {
  const { releases, docs } = index.beside
  let left = 0
  for (const [version, files] of await releasesOf(index, name))
    if (files.length > 0 || (await docs.get(name, version)) !== undefined) left += 1
    else await releases.remove(name, version)
  if (left === 0 && index.config.volatile) await stage.erase(name, by)
}
