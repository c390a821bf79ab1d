import { LRUCache } from 'lru-cache'
import { WholeFile } from '../disk/open-files.ts'
import type { Resource } from '../disk/resource.ts'
import { identityOf, linkStatsOf } from '../disk/stamp.ts'
import { Batch } from '../flight.ts'
import type { Exchange } from '../http/exchange.ts'
import { file as fileReply, text, type Reply } from '../http/reply.ts'
import type { Handler, Reading } from '../http/router.ts'
import type { Index, Wanted } from '../index/index.ts'
import type { Journal } from '../journal/journal.ts'
import { distFilename, projectsOf, type Filename } from '../spec/filename.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { canonicalPath, localPath, projectInPath } from '../spec/public-path.ts'
import { downloadNote } from './download-note.ts'
import { missing } from './missing.ts'

/** A file that was found at a path, and how it is answered. */
interface Known {
  readonly file: WholeFile
  readonly reply: Reply
  readonly at: number
}

/** Milliseconds for which a path is believed to lead to the same file; its bytes are looked at each time. */
const believed = 1000

const companion = '.metadata'

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

// What a person put there may be replaced by that person; what was published may not.
const control = ({ name, filename, path }: Wanted, { isLasting }: Resource): string | undefined =>
  isLasting !== true && (path === undefined || path === localPath(name, filename)) ?
    'no-cache'
  : undefined

/**
 * Files and their core metadata, at upstream's paths and at those of the original programs. Downloads
 * are noted in the journal.
 */
export const filesRoute = (index: Index, journal: Journal): Reading => {
  const known = new LRUCache<string, Known>({ max: 2000 })
  // Requests that arrive together cost one look at the disk and leave together: a third less time each.
  const looks = new Batch<Reply | undefined>()

  const again = (path: string, { file, reply, at }: Known): Reply | undefined => {
    if (performance.now() - at > believed) return undefined
    const stats = linkStatsOf(file.path)
    if (stats !== undefined && identityOf(stats) === file.identity) return reply
    known.delete(path)
    return undefined
  }

  const find = async (exchange: Exchange): Promise<Reply> => {
    const { segments, method } = exchange
    const last = segments.at(-1) ?? ''
    const forMetadata = last.endsWith(companion)
    const wanted = wantedBy(
      forMetadata ? [...segments.slice(0, -1), last.slice(0, -companion.length)] : segments,
    )
    for (const one of wanted) {
      if (forMetadata) {
        const found = await index.metadata(one)
        if (found !== undefined)
          return fileReply(found.resource, found.source, control(one, found.resource))
      } else if (method === 'HEAD') {
        const resource = await index.peek(one)
        const source = resource instanceof WholeFile ? 'hit' : 'miss'
        if (resource !== undefined) return fileReply(resource, source, control(one, resource))
      } else {
        const found = await index.file(one)
        if (found === undefined) continue
        const reply = {
          ...fileReply(found.resource, found.source, control(one, found.resource)),
          sent: downloadNote(journal, index, one, found.resource),
        }
        if (found.resource instanceof WholeFile)
          known.set(exchange.path, { file: found.resource, reply, at: performance.now() })
        return reply
      }
    }
    const [likeliest] = wanted
    if (likeliest === undefined) return text(404, 'not found: this is no name of a distribution')
    return missing(index, `no file ${likeliest.filename}${forMetadata ? companion : ''} here`)
  }

  const get: Handler = async exchange => {
    const { path } = exchange
    const found = exchange.method === 'GET' ? known.get(path) : undefined
    if (found === undefined) return find(exchange)
    const reply = await looks.run(path, async () => again(path, found))
    return reply ?? find(exchange)
  }
  return { GET: get }
}
