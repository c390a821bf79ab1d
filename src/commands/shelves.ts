import { Digests } from '../disk/digest.ts'
import { Facts } from '../index/facts.ts'
import type { Folder } from '../index/folder.ts'
import type { Indexes } from '../index/open.ts'
import { rootIndex, type IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'

/** What lies in the directory of one index. */
export interface Shelf {
  readonly index: IndexName
  readonly folder: Folder
  readonly facts: Facts
  readonly digests: Digests
}

/** Those of all indexes: the root index first, then the others by name. */
export async function* shelvesOf(indexes: Indexes): AsyncGenerator<Shelf, void> {
  const { folder, facts, digests, configs, registry } = indexes
  yield { index: rootIndex, folder, facts, digests }
  for (const index of (await configs.all()).keys()) {
    const opened = index === rootIndex ? undefined : await registry.open(index)
    if (opened === undefined) continue
    const { layout } = opened
    yield { index, folder: opened.folder, facts: new Facts(layout), digests: new Digests(layout) }
  }
}

/** The named projects of a shelf, or all that lie there, by name. */
export const namesOn = async (
  { folder }: Shelf,
  asked: readonly Name[],
): Promise<readonly Name[]> => (asked.length > 0 ? asked : [...(await folder.names())].toSorted())

/** A project as its directory spells it: with its index, unless it is of the root index. */
export const placeOf = ({ index }: Pick<Shelf, 'index'>, name: Name): string =>
  index === rootIndex ? name : `@${index}/${name}`
