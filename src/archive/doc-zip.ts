import { ArchiveError } from './archive-error.ts'
import { withFile, type RandomAccess } from './source.ts'
import { listedMembers, strictMembers, type PackedMember, type StrictMember } from './strict-zip.ts'

/** The largest documentation has some ten thousand; this many can be held in memory. */
export const mostMembers = 50_000

// Archives that were packed into a pipe are no more dangerous here, where only one reader counts.
const leniency = { mayStream: true } as const

/** The contents of a documentation archive. */
export interface DocTable {
  /** Plain files by their paths. */
  readonly members: ReadonlyMap<string, PackedMember>
  /** Where the members end and the central directory begins. */
  readonly end: number
}

/**
 * Refuses an archive of documentation that is hostile in any way (faults P10, P11, P30): as
 * `strictMembers`, and with too many members.
 * @throws {ArchiveError} with the reason; system errors as they come
 */
export const checkDocZip = (path: string): Promise<void> =>
  withFile(path, async source => checkCount(await strictMembers(source, leniency)))

/**
 * The contents of an archive, which need not have been checked: nothing is believed of it but
 * where its members lie.
 * @throws {ArchiveError} when it is broken, or hostile as far as its central directory shows
 */
export const docTable = async (source: RandomAccess): Promise<DocTable> => {
  const { members, end } = await listedMembers(source, leniency)
  checkCount(members)
  const plain = new Map<string, PackedMember>()
  for (const { path, record } of members) {
    if (path.endsWith('/')) continue
    const { offset, method, packed, size, crc } = record
    // Not the record itself, whose name would hold the bytes of the whole directory.
    plain.set(path, { path, record: { offset, method, packed, size, crc } })
  }
  return { members: plain, end }
}

const checkCount = (members: readonly StrictMember[]): void => {
  if (members.length > mostMembers)
    throw new ArchiveError(`it has more than ${mostMembers} members`)
}
