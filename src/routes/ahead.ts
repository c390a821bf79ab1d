import type { Index } from '../index/index.ts'
import { readCoreMetadata } from '../spec/core-metadata.ts'
import { projectName, type Name } from '../spec/project-name.ts'

/** Pages that are asked for at once, and that may wait for that. */
const abreast = 2
const most = 100

/** Bytes of metadata that are looked into; hardly any has as many. */
const longest = 1024 * 1024

/**
 * Asks for the pages that a client is about to ask for. A resolver reads the core metadata of a
 * release and then, one after the other, the page of each project that it requires; each of those
 * that is not held costs a round trip to upstream. So the pages are asked for as soon as the metadata
 * was fetched, of what is required on every machine. It is the index that the client uses which
 * is asked, by the same rules, and whoever comes meanwhile joins.
 */
export class Ahead {
  readonly #waiting: (() => Promise<unknown>)[] = []
  readonly #running = new Set<Promise<void>>()
  #isClosed = false

  /** @param metadata the core metadata of a release that a client of the index just got */
  look(index: Index, metadata: Buffer): void {
    if (metadata.length > longest) return
    // The client's own answer goes out first.
    setImmediate(() => {
      if (!this.#isClosed) this.#begin(index, metadata)
    })
  }

  /** Asks for nothing more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting.length = 0
    await Promise.all(this.#running)
  }

  #begin(index: Index, metadata: Buffer): void {
    for (const name of requiredBy(metadata))
      if (this.#waiting.length < most) this.#waiting.push(() => index.project(name))
    while (this.#running.size < abreast && this.#waiting.length > 0) {
      const running = this.#work().finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
  }

  async #work(): Promise<void> {
    for (let ask = this.#waiting.shift(); ask !== undefined; ask = this.#waiting.shift())
      // Whoever asks for the page itself is told what is wrong with it.
      await ask().catch(() => {})
  }
}

// Neither what only some machines or extras require nor what is had from elsewhere (PEP 508).
const requiredBy = (metadata: Buffer): Set<Name> => {
  const names = new Set<Name>()
  for (const requirement of readCoreMetadata(metadata.toString('utf8')).requiresDist) {
    const [written = ''] = /^[\w.-]*/.exec(requirement) ?? []
    const name = projectName(written)
    if (name !== undefined && !/[;@]/.test(requirement)) names.add(name)
  }
  return names
}
