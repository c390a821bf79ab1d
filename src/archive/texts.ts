import { sdistMembers } from './sdist-members.ts'

/** Real ones have some kilobytes; of more files than this nobody needs the texts. */
const largest = 1024 * 1024
const most = 20

/**
 * The texts of those members of an sdist that are wanted by their paths. As `sdistMembers`.
 * @throws {ArchiveError} when the archive is broken or beyond our limits; system errors as they come
 */
export const sdistTexts = async (
  path: string,
  filename: string,
  matches: (path: string) => boolean,
): Promise<Map<string, string> | undefined> => {
  const found = await sdistMembers(path, filename, { matches, most, largest })
  return found && new Map([...found].map(([name, bytes]) => [name, bytes.toString('utf8')]))
}
