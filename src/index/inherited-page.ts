import { makePage, versionsOf, type Page } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'

const noteOf = (page: Page): string[] => {
  const note = page['_note']
  return typeof note === 'string' ? [note] : []
}

/** The versions of all of them, each once; undefined where one does not tell. */
const versionsOfAll = (name: Name, pages: readonly Page[]): string[] | undefined => {
  const versions = new Set<string>()
  for (const page of pages) {
    const own = page.versions ?? versionsOf(name, page.files)
    if (own === undefined) return undefined
    for (const version of own) versions.add(version)
  }
  return [...versions]
}

/**
 * One page of several: of each file name the first, of versions all (devpi-api 8).
 * @param pages in the order in which their indexes are looked through
 * @param isMirrored no stage has the project, so the first page tells its status
 * @param note for people
 */
export const inheritedPage = (
  name: Name,
  pages: readonly Page[],
  { isMirrored, note }: { readonly isMirrored: boolean; readonly note: string | undefined },
): Page => {
  const notes = [...(note === undefined ? [] : [note]), ...pages.flatMap(noteOf)]
  return makePage(
    name,
    pages.flatMap(page => page.files),
    {
      versions: versionsOfAll(name, pages),
      status: isMirrored ? pages[0]?.['project-status'] : undefined,
      ...(notes.length > 0 && { others: { _note: notes.join('; ') } }),
    },
  )
}
