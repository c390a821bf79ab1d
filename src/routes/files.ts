import { text } from '../http/reply.ts'
import type { Handler, Reading } from '../http/router.ts'
import type { Index, Wanted } from '../index/index.ts'
import type { Journal } from '../journal/journal.ts'
import { distFilename, projectsOf, type Filename } from '../spec/filename.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { canonicalPath, projectInPath } from '../spec/public-path.ts'
import type { Ahead } from './ahead.ts'
import { askedBy, described, FileAnswers } from './file-answers.ts'
import { missing } from './missing.ts'

// Upstream's own path names one file of certain bytes; the others find a file by its name.
const isExact = (segments: readonly string[]): boolean =>
  segments[1] === '-' || (segments.length === 5 && (segments[3]?.length ?? 0) >= 60)

// The project whose directory a file is asked for in. Nobody else is asked: `package` is a project, too.
const directoryOf = (segments: readonly string[], filename: Filename): Name | undefined => {
  const name = projectName(segments.slice(1, -1).at(-1) ?? '')
  const spelled = filename.toLowerCase().replaceAll(/[-_.]+/g, '-')
  return name !== undefined && spelled.startsWith(`${name}-`) ? name : undefined
}

/** What a path below the root asks for, the likeliest first; nothing when it is no distribution's. */
const wantedBy = (segments: readonly string[]): Wanted[] => {
  const filename = distFilename(segments.at(-1) ?? '')
  if (filename === undefined) return []
  const path = canonicalPath(segments)
  const exact = isExact(segments)
  const told = projectName(projectInPath(path) ?? '')
  const named = told ?? (exact ? undefined : directoryOf(segments, filename))
  const candidates = new Set<Name>([
    ...(named === undefined ? [] : [named]),
    ...projectsOf(filename),
  ])
  return [...candidates].map(name => ({ name, filename, ...(exact && { path }) }))
}

/**
 * Files and their core metadata, at upstream's paths and at those of the original programs. Downloads
 * are noted in the journal.
 */
export const filesRoute = (index: Index, journal: Journal, ahead: Ahead): Reading => {
  const answers = new FileAnswers(journal, ahead)
  const get: Handler = async exchange => {
    const known = await answers.again(exchange)
    if (known !== undefined) return known
    const asked = askedBy(exchange.segments, wantedBy)
    const what = described(asked)
    if (what === undefined) return text(404, 'not found: this is no name of a distribution')
    return (await answers.find(exchange, index, asked)) ?? missing(index, `no file ${what} here`)
  }
  return { GET: get }
}
