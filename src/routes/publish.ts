import { ArchiveError } from '../archive/archive-error.ts'
import type { Access, Visitor } from '../accounts/access.ts'
import { Wave } from '../disk/durable.ts'
import { HttpError } from '../http/error.ts'
import type { Exchange } from '../http/exchange.ts'
import type { ReceivedFile } from '../http/receive.ts'
import type { Outcome, Stage } from '../index/stage.ts'
import type { Journal } from '../journal/journal.ts'
import { fileVersion, type Filename } from '../spec/filename.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import { disagreement, type ClaimedHash } from '../spec/upload.ts'
import { actorOf } from './actor.ts'

/** What publishing takes. */
export interface Publishing {
  readonly stage: Stage
  readonly access: Access
  readonly journal: Journal
  /** Where bodies are received. */
  readonly temporary: string
  /** Largest file, in bytes. */
  readonly maxUpload: number
}

/** What is known of a file before it is looked into. */
export interface Announced {
  readonly name: Name
  /** Unless the file's name is all there is. */
  readonly version?: string
  readonly filename: Filename
  readonly digests?: ReadonlyMap<ClaimedHash, string>
  readonly attestations?: readonly object[]
  /** Unless the metadata in the file tells it. */
  readonly requiresPython?: string
  /** Other bytes under the same name may be replaced. */
  readonly replace?: boolean
}

/** Where a file is published. */
export interface Place extends Pick<Publishing, 'stage' | 'journal'> {
  /** Undefined for the root index. */
  readonly index?: IndexName
  /**
   * Archives of sources need not be laid out as sdists are; devpi takes any. That they are harmless
   * is asked of them all the same.
   */
  readonly takesAnySources?: boolean
  /** What else is made durable by then. Of what is refused this is not asked. */
  readonly along?: (outcome: Outcome, wave: Wave) => Promise<unknown>
}

/**
 * Publishes a received file: only with the bytes that were announced, only an archive that is what
 * its name says (UP-4, UP-20..23, faults P08–P13). Returns when it is durable, listed and in the
 * journal. Whether this visitor may, the caller has judged; of a file that is refused the caller
 * still has to dispose.
 * @throws errors with a status and one line for the client
 */
export const publish = async (
  { stage, journal, index, takesAnySources = false, along }: Place,
  exchange: Exchange,
  visitor: Pick<Visitor, 'user'>,
  file: ReceivedFile,
  announced: Announced,
): Promise<Outcome> => {
  const { name, filename, digests = new Map<ClaimedHash, string>() } = announced
  await compare(file, filename, digests)
  const metadata = await lookInto(file, filename, takesAnySources)
  const wrong = disagreement(announced, metadata?.toString('utf8'))
  if (wrong !== undefined) throw new HttpError(400, `${filename} is refused: ${wrong}`)
  const wave = new Wave()
  const upload = {
    name,
    filename,
    path: file.path,
    size: file.size,
    sha256: file.sha256,
    digests: Object.fromEntries(digests),
    by: visitor.user,
    metadata,
    attestations: announced.attestations,
    ...(metadata === undefined && { requiresPython: announced.requiresPython }),
    replace: announced.replace,
  }
  const outcome = await stage.put(upload, wave)
  const entry = {
    ...actorOf(exchange),
    event: 'upload',
    index,
    project: name,
    version: announced.version ?? fileVersion(name, filename),
    file: filename,
    sha256: file.sha256,
    ...(outcome === 'replaced' && { change: 'other bytes than before' }),
  } as const
  const settle = async () => {
    await along?.(outcome, wave)
    await wave.sync()
  }
  // Both at once, since each waits for the disk.
  await Promise.all([settle(), outcome !== 'same' && journal.record(entry)])
  return outcome
}

const compare = async (
  file: ReceivedFile,
  filename: Filename,
  digests: ReadonlyMap<ClaimedHash, string>,
): Promise<void> => {
  for (const [algorithm, digest] of digests) {
    const found = await file.digest(algorithm)
    if (found !== digest)
      throw new HttpError(
        400,
        `${filename} arrived with ${algorithm} ${found}, but the form says ${digest}: upload it again`,
      )
  }
}

const lookInto = async (
  { path, size }: ReceivedFile,
  filename: Filename,
  takesAnySources: boolean,
): Promise<Buffer | undefined> => {
  const { inspect } = await import('../archive/inspect.ts')
  const look = (isLoose: boolean) => inspect(path, filename, size, isLoose)
  try {
    const { metadata } = await look(false).catch((error: unknown) => {
      // What is wrong besides is wrong again.
      if (takesAnySources && error instanceof ArchiveError) return look(true)
      throw error
    })
    return metadata
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    throw new HttpError(400, `${filename} is refused: ${error.message}`, { cause: error })
  }
}
