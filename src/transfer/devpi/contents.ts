import { readFile } from 'node:fs/promises'
import { ArchiveError } from '../../archive/archive-error.ts'
import { inspect } from '../../archive/inspect.ts'
import { discard, publishNew } from '../../disk/write.ts'
import { HttpError } from '../../http/error.ts'
import { uploaded, type History } from '../../index/log-entry.ts'
import type { Opened } from '../../index/registry.ts'
import type { Stage } from '../../index/stage.ts'
import { distFilename, fileVersion, projectsOf, type Filename } from '../../spec/filename.ts'
import type { Name } from '../../spec/project-name.ts'
import { copyAside, type Copy } from './copy.ts'
import type { DumpedFile } from './dumped-file.ts'
import type { DumpedProject } from './dumped-index.ts'
import type { Tally } from './tally.ts'

/** Imports what an export has of one project of one index. */
export class Contents {
  readonly #index: Opened
  readonly #name: Name
  readonly #directory: string
  readonly #tally: Tally
  /** The digests of the files that are here. */
  readonly #here = new Map<Filename, string>()
  /** Test results that were here before, by what they are about and their digest. */
  readonly #results = new Map<Filename, string[]>()

  /** @param directory the export */
  constructor(index: Opened, name: Name, directory: string, tally: Tally) {
    this.#index = index
    this.#name = name
    this.#directory = directory
    this.#tally = tally
  }

  /**
   * Does it. What is there already is left as it is, so it can be done again after it was broken off.
   * @throws {DumpError} when a file of the export is missing or damaged
   */
  async import({ releases, files }: DumpedProject): Promise<void> {
    const { folder, stage, beside } = this.#index
    const local = await folder.of(this.#name)
    for (const [filename, { sha256 }] of local.dropped) this.#here.set(filename, sha256)
    for (const [filename, { fact }] of [...local.mirrored, ...local.uploaded])
      this.#here.set(filename, fact.sha256)
    if (stage !== undefined)
      for (const [version, data] of releases)
        if ((await beside.releases.get(this.#name, version)) === undefined) {
          await beside.releases.set(this.#name, version, data)
          this.#tally.add('releases')
        } else this.#tally.present += 1
    // A result needs the file that it is about.
    for (const kind of ['releasefile', 'doczip', 'toxresult'] as const)
      for (const file of files) if (file.kind === kind) await this.#file(file)
  }

  async #file(file: DumpedFile): Promise<void> {
    const { stage } = this.#index
    if (file.kind === 'releasefile') return this.#releaseFile(file, stage)
    if (stage === undefined) return this.#leaveOut(file, `${this.#index.name} is a mirror`)
    return file.kind === 'doczip' ? this.#docs(file) : this.#result(file)
  }

  // Of some files devpi's exports tell when they were uploaded, but not that they were.
  #history({ history, time }: DumpedFile): History | undefined {
    return history ?? (time && uploaded(undefined, this.#index.name, time))
  }

  #leaveOut({ place }: DumpedFile, why: string): void {
    this.#tally.problems.push(`${place} is left out: ${why}`)
  }

  async #releaseFile(file: DumpedFile, stage: Stage | undefined): Promise<void> {
    const filename = distFilename(file.filename)
    const isOurs =
      filename !== undefined &&
      projectsOf(filename).includes(this.#name) &&
      fileVersion(this.#name, filename) !== undefined
    if (!isOurs) return this.#leaveOut(file, `by its name it is no file of ${this.#name}`)
    const here = this.#here.get(filename)
    if (here !== undefined && here === file.digests.get('sha256')) {
      this.#tally.present += 1
      return undefined
    }
    const copy = await copyAside(this.#index.layout, this.#directory, file)
    try {
      if (here === copy.sha256) this.#tally.present += 1
      else if (here !== undefined)
        this.#leaveOut(file, `${this.#index.name} has another file of that name, which stays`)
      else if (stage === undefined) await this.#keepCopy(filename, copy)
      else await this.#publish(file, filename, copy, stage)
    } finally {
      await discard(copy.path)
    }
    return undefined
  }

  // As if somebody had put it there: upstream's page says whether it is one of upstream's.
  async #keepCopy(filename: Filename, { path, sha256 }: Copy): Promise<void> {
    await publishNew(path, this.#index.layout.file(this.#name, filename))
    this.#here.set(filename, sha256)
    this.#tally.add('files')
  }

  async #publish(file: DumpedFile, filename: Filename, copy: Copy, stage: Stage): Promise<void> {
    const { by, time } = file
    const metadata = await this.#metadata(filename, copy)
    try {
      await stage.put({
        ...copy,
        name: this.#name,
        filename,
        by,
        metadata,
        time,
        log: this.#history(file),
        replace: this.#index.config.volatile,
      })
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 409) throw error
      return this.#leaveOut(file, error.message)
    }
    this.#here.set(filename, copy.sha256)
    this.#tally.add('files')
  }

  // It was good enough for devpi and whoever installs it, so whatever is odd about it is only told.
  async #metadata(filename: Filename, { path, size }: Copy): Promise<Buffer | undefined> {
    const look = (isLoose: boolean) => inspect(path, filename, size, isLoose)
    try {
      return (await look(false).catch(() => look(true))).metadata
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      this.#tally.notes.push(`${filename} in ${this.#index.name} is odd: ${error.message}`)
      return undefined
    }
  }

  async #docs(file: DumpedFile): Promise<void> {
    const { version, by, time } = file
    const history = this.#history(file)
    const { docs } = this.#index.beside
    if (version === undefined) return this.#leaveOut(file, 'the export does not tell its version')
    const here = await docs.get(this.#name, version)
    if (here !== undefined && here.sha256 === file.digests.get('sha256')) {
      this.#tally.present += 1
      return undefined
    }
    const copy = await copyAside(this.#index.layout, this.#directory, file)
    try {
      if (here?.sha256 === copy.sha256) this.#tally.present += 1
      else if (here !== undefined)
        this.#leaveOut(file, `${this.#index.name} has other documentation of it, which stays`)
      else {
        await docs.put({ ...copy, name: this.#name, version, by, history, time })
        this.#tally.add('documentation')
      }
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 400) throw error
      this.#leaveOut(file, error.message)
    } finally {
      await discard(copy.path)
    }
    return undefined
  }

  async #result(file: DumpedFile): Promise<void> {
    const { by, time: at } = file
    const history = this.#history(file)
    const { toxResults } = this.#index.beside
    const filename = distFilename(file.about ?? '')
    const sha256 = filename && this.#here.get(filename)
    if (filename === undefined || sha256 === undefined)
      return this.#leaveOut(file, 'the file that it is about is not here')
    const tested = { name: this.#name, filename, sha256 }
    const before =
      this.#results.get(filename) ?? (await toxResults.of(tested)).map(result => result.sha256)
    this.#results.set(filename, before)
    const copy = await copyAside(this.#index.layout, this.#directory, file)
    try {
      // Two results may be the same, so each counts once.
      const known = before.indexOf(copy.sha256)
      if (known >= 0) {
        before.splice(known, 1)
        this.#tally.present += 1
        return undefined
      }
      const told = { ...(at !== undefined && { at }), ...(history !== undefined && { history }) }
      await toxResults.add(tested, await readFile(copy.path), by, told)
      this.#tally.add('test results')
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 403) throw error
      this.#leaveOut(file, error.message)
    } finally {
      await discard(copy.path)
    }
    return undefined
  }
}
