import { createReadStream } from 'node:fs'
import { open, opendir, rename, utimes, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { orAbsent } from '../disk/error-code.ts'
import { parseObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { statsOf } from '../disk/stamp.ts'
import { discard, inDirectory, uniqueName } from '../disk/write.ts'
import { Flight } from '../flight.ts'
import type { Log } from '../log.ts'
import { PageError } from '../spec/page.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { discardAnswer, UpstreamError, type Answer, type UpstreamClient } from './client.ts'
import { BlankListError, readNames } from './html-names.ts'

/** Milliseconds after which the list is asked for again, unless told. */
const usual = 3_600_000

/** Milliseconds until a list that could not be renewed, or was blank, is asked for again. */
const pause = 60_000

/** Milliseconds that are waited for a new list where there is an old one. */
const patience = 1000

/** Seconds for the whole list, which is tens of megabytes at PyPI. */
const limits = { maxBytes: 512 * 1024 * 1024, timeout: 300 }

/** JSON is in memory as a whole, so less of it is read; who has that many names has HTML too. */
const jsonLimits = { maxBytes: 64 * 1024 * 1024, timeout: 60 }

/**
 * All project names of one upstream as a text file, one a line, streamed in both directions: PyPI
 * has 800,000 of them. Asked for as HTML, which can be read while it comes.
 */
export class Names {
  readonly #layout: Layout
  readonly #client: UpstreamClient
  readonly #log: Log
  readonly #upstream: string
  readonly #url: URL
  readonly #offline: boolean
  readonly #fresh: number
  readonly #fetching = new Flight<void>()
  /** By the monotonic clock: there is no list, or no new one yet. */
  #notBefore = -Infinity

  /** `fresh`: milliseconds after which the list is asked for again. */
  constructor(parts: {
    layout: Layout
    client: UpstreamClient
    log: Log
    upstream: string
    url: URL
    offline: boolean
    fresh?: number
  }) {
    this.#layout = parts.layout
    this.#client = parts.client
    this.#log = parts.log
    this.#upstream = parts.upstream
    this.#url = parts.url
    this.#offline = parts.offline
    this.#fresh = parts.fresh ?? usual
  }

  /**
   * Every name, from a list that is fresh where upstream answers. An upstream without a list, or with
   * nothing in its place, has those of its last one, or else those whose pages are held.
   * @throws {UpstreamError} when upstream fails and there is no list
   */
  async *all(): AsyncGenerator<Name, void> {
    const path = this.#layout.names(this.#upstream)
    const stats = statsOf(path)
    const age = stats === undefined ? Infinity : Date.now() - Number(stats.mtimeMs)
    if (
      !this.#offline &&
      (age > this.#fresh || age < -2000) &&
      performance.now() > this.#notBefore
    ) {
      const renewed = this.#fetching.run(this.#upstream, () => this.#fetch(path))
      if (stats === undefined) await renewed
      else await Promise.race([this.#told(renewed), sleep(patience, undefined, { ref: false })])
    }
    if (statsOf(path) === undefined) {
      yield* this.held()
      return
    }
    const input = createReadStream(path, { highWaterMark: 256 * 1024 })
    try {
      for await (const line of createInterface({ input, crlfDelay: Infinity })) {
        const name = projectName(line)
        if (name !== undefined) yield name
      }
    } finally {
      // A client that goes away ends the lines, but that alone leaves the file open.
      input.destroy()
    }
  }

  /** The names whose pages are held. */
  async *held(): AsyncGenerator<Name, void> {
    const directory = await orAbsent(opendir(this.#layout.pages(this.#upstream)))
    if (directory === undefined) return
    for await (const entry of directory) {
      const name = entry.name.endsWith('.json') ? projectName(entry.name.slice(0, -5)) : undefined
      if (name !== undefined) yield name
    }
  }

  // Where there is an old list, the failure to get a new one is for the log only.
  async #told(renewed: Promise<void>): Promise<void> {
    try {
      await renewed
    } catch (error) {
      if (performance.now() < this.#notBefore) return
      this.#notBefore = performance.now() + pause
      this.#log.warn('list of names not renewed', {
        upstream: this.#upstream,
        reason: (error as Error).message,
      })
    }
  }

  async #fetch(path: string): Promise<void> {
    const answer = await this.#client.get(this.#url, {
      headers: { accept: 'text/html, application/vnd.pypi.simple.v1+json; q=0.1' },
      kind: 'page',
    })
    if (answer.status !== 200) {
      discardAnswer(answer)
      // Many indexes have no list of all names; that is known for an hour too.
      if (answer.status === 404 || answer.status === 403) {
        this.#notBefore = performance.now() + this.#fresh
        return
      }
      throw new UpstreamError(
        'status',
        `upstream ${this.#upstream} answered ${answer.status} for its list of names`,
      )
    }
    const aside = join(this.#layout.temporary, uniqueName())
    const openAside = () => open(aside, 'wx')
    const handle = await inDirectory(this.#layout.temporary, openAside, { durable: false })
    try {
      await this.#write(handle, this.#namesIn(answer))
      await handle.close()
      await inDirectory(dirname(path), () => rename(aside, path), { durable: false })
      const now = new Date()
      await utimes(path, now, now)
    } catch (error) {
      // An index without projects, or a failure: no list is made of it, nor one taken away.
      if (!(error instanceof BlankListError)) throw error
      this.#notBefore = performance.now() + pause
    } finally {
      await handle.close().catch(() => {})
      await discard(aside)
    }
  }

  async *#namesIn(answer: Answer): AsyncGenerator<Name[], void> {
    const isJson = answer.headers.get('content-type')?.includes('json') === true
    try {
      if (isJson) yield namesOfJson(await this.#client.readText(answer, jsonLimits))
      else yield* readNames(this.#client.text(answer, limits))
    } catch (error) {
      if (error instanceof UpstreamError || error instanceof BlankListError) throw error
      const reason = error instanceof PageError ? error.message : 'it is not JSON'
      throw new UpstreamError(
        'invalid',
        `upstream ${this.#upstream} sent no list of names: ${reason}`,
      )
    }
  }

  async #write(handle: FileHandle, batches: AsyncIterable<Name[]>): Promise<void> {
    for await (const names of batches)
      if (names.length > 0) await handle.write(`${names.join('\n')}\n`)
  }
}

const namesOfJson = (text: string): Name[] => {
  const projects = parseObject(text)?.['projects']
  if (!Array.isArray(projects)) throw new PageError('the JSON has no list of projects')
  return projects.flatMap((project: unknown) => {
    const given =
      typeof project === 'object' && project !== null && 'name' in project ?
        project.name
      : undefined
    const name = typeof given === 'string' ? projectName(given) : undefined
    return name === undefined ? [] : [name]
  })
}
