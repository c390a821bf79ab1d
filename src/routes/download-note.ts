import { WholeFile } from '../disk/open-files.ts'
import type { Resource } from '../disk/resource.ts'
import type { Exchange } from '../http/exchange.ts'
import { parseRange } from '../http/range.ts'
import type { Reply } from '../http/reply.ts'
import type { Index, Wanted } from '../index/index.ts'
import type { Entry, Journal } from '../journal/journal.ts'
import { fileVersion } from '../spec/filename.ts'
import type { IndexName } from '../spec/index-name.ts'
import { actorOf } from './actor.ts'

/** The first byte of an answer that went out as far as the file's end; undefined for any other. */
const beginOf = (exchange: Exchange, status: number, { size }: Resource): number | undefined => {
  if (status === 200) return exchange.sent === size ? 0 : undefined
  if (status !== 206 || size === undefined) return undefined
  const range = parseRange(exchange.header('range') ?? '', size)
  if (typeof range !== 'object' || range.end !== size) return undefined
  return exchange.sent === range.end - range.start ? range.start : undefined
}

const hashOf = ({ etag }: Resource): string => etag.slice(1, -1)

/**
 * What notes a download of this file in the journal once an answer with it is out. A download is a
 * whole file, or a part up to its end, which is told apart by its first byte: a client that resumes
 * asks for one, and so does one that reads a wheel's directory only.
 * @param place the index, for the journal; undefined for the root index
 */
export const downloadNote = (
  journal: Journal,
  index: Index,
  wanted: Wanted,
  resource: Resource,
  place?: IndexName,
): Exclude<Reply['sent'], undefined> => {
  const { name, filename } = wanted
  const about: Entry = {
    event: 'download',
    index: place,
    project: name,
    version: fileVersion(name, filename),
    file: filename,
  }
  const known = resource instanceof WholeFile ? { ...about, sha256: hashOf(resource) } : undefined
  // Of what has just arrived it is known by now.
  const arrived = ({ sha256 }: Resource) =>
    sha256 === undefined ? undefined : { ...about, sha256 }
  const found = async (): Promise<Entry> => {
    // Its tag was made before its bytes were known; now they are here, and its hash with them.
    const whole = await index.peek(wanted).catch(() => undefined)
    return whole instanceof WholeFile ? { ...about, sha256: hashOf(whole) } : about
  }
  return (exchange, status) => {
    const from = beginOf(exchange, status, resource)
    if (from === undefined) return
    const who = actorOf(exchange)
    const part = (entry: Entry): Entry => (from === 0 ? entry : { ...entry, from })
    const entry = known ?? arrived(resource)
    if (entry === undefined) journal.noteSoon(found().then(part), who)
    else journal.note(part(entry), who)
  }
}
