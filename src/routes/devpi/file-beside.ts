import type { Resource } from '../../disk/resource.ts'
import type { DocZip } from '../../index/doc-zip.ts'
import { ownFile } from '../../index/local.ts'
import type { Opened } from '../../index/registry.ts'
import type { ToxResult } from '../../index/tox-result.ts'
import type { Name } from '../../spec/project-name.ts'
import type { FilePlace } from './file-place.ts'

/** What lies below `+f` beside the distributions. */
export type FileBeside =
  | { readonly kind: 'docs'; readonly name: Name; readonly it: DocZip }
  | { readonly kind: 'result'; readonly name: Name; readonly it: ToxResult }

/** The documentation or test result at a place; undefined when there is neither. */
export const besideAt = async (
  { stage, beside, folder }: Opened,
  { digest, filename }: FilePlace,
): Promise<FileBeside | undefined> => {
  if (stage === undefined || digest === undefined) return undefined
  const docs = await beside.docs.find(digest, filename)
  if (docs !== undefined) return { kind: 'docs', name: docs.name, it: docs }
  const found = await beside.toxResults.find(digest, filename)
  if (found === undefined) return undefined
  // What was tested is told by its digest: the results of other bytes are nobody's.
  const { name, result } = found
  const tested = ownFile(await folder.of(name), result.about)
  return tested?.hashes['sha256']?.startsWith(digest) === true ?
      { kind: 'result', name, it: result }
    : undefined
}

/** Its bytes; undefined when they went away meanwhile. */
export const openBeside = ({ beside }: Opened, found: FileBeside): Promise<Resource | undefined> =>
  found.kind === 'docs' ? beside.docs.open(found.it) : beside.toxResults.open(found.it)
