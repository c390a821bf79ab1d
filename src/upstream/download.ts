/**
 * Single-flight downloads across clients, processes and hosts. Whoever asks follows the file on
 * disk (`Arriving`); one process leads: it fetches into a part of its own, verifies and publishes.
 * The lock only saves upstream a second request: two leaders do no harm, since each has its own
 * part and the rename decides.
 */
import type { BigIntStats } from 'node:fs'
import { Arriving } from '../disk/arriving.ts'
import { sha256Of } from '../disk/digest.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import type { Layout } from '../disk/layout.ts'
import { breakLock, tryLock } from '../disk/lock.ts'
import { Progress } from '../disk/progress.ts'
import type { Resource } from '../disk/resource.ts'
import type { Log } from '../log.ts'
import { lead } from './lead.ts'
import { AbsentError, TooLargeError, etagOf, type Order } from './order.ts'
import { mostInMemory } from './part.ts'
import { newestPart, type ForeignPart } from './parts.ts'

/**
 * Milliseconds without a sign of life (its lock renewed, its part grown) after which another
 * process's leader counts as lost. Its clock is not asked: it may be another host's (fault S44).
 */
const patience = 12_000

/**
 * A small file is waited for as a whole, for so many milliseconds after its first bytes: if it is not
 * what upstream lists, its client can still be told so by a status.
 */
const soon = 250

/** All downloads of this process. */
export class Downloads {
  readonly #layout: Layout
  readonly #log: Log
  readonly #running = new Map<string, Progress>()
  readonly #driving = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  readonly #received: (bytes: number) => void

  /** @param received told of every byte that comes from upstream */
  constructor(layout: Layout, log: Log, received: (bytes: number) => void) {
    this.#layout = layout
    this.#log = log
    this.#received = received
  }

  /**
   * The file, as soon as its first bytes are here.
   * @returns undefined when upstream has no such file
   * @throws UpstreamError and errors of the disk
   */
  async get(order: Order): Promise<Resource | undefined> {
    const progress = this.#join(order)
    while (isOpen(progress) && progress.length === 0) await progress.changed()
    if ((progress.size ?? Infinity) <= mostInMemory) await wholeSoon(progress)
    if (progress.error instanceof AbsentError) return undefined
    if (progress.error !== undefined && !progress.done) throw progress.error
    const modified = new Date(order.file['upload-time'] ?? Date.now())
    return new Arriving(progress, etagOf(order.file), modified)
  }

  /** Waits until the whole file is on disk; false when upstream has no such file. */
  async complete(order: Order): Promise<boolean> {
    const progress = this.#join(order)
    while (isOpen(progress)) await progress.changed()
    if (progress.error instanceof AbsentError) return false
    if (progress.error !== undefined) throw progress.error
    return true
  }

  /** Ends all downloads and waits until none is left; what had arrived is thrown away. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the server is stopping'))
    await Promise.all(this.#driving)
  }

  #join(order: Order): Progress {
    const key = this.#layout.file(order.name, order.file.filename)
    const running = this.#running.get(key)
    // One that is done may be winding up while its file is damaged or removed already.
    if (running !== undefined && !running.done) return running
    const progress = new Progress(order.file.size)
    this.#running.set(key, progress)
    // The work belongs to the server: no client that leaves ends it.
    const driving = this.#drive(order, progress)
      .catch((error: unknown) => {
        progress.fail(error instanceof Error ? error : new Error(String(error)))
        if (!(error instanceof AbsentError || error instanceof TooLargeError))
          this.#log.warn('download failed', {
            file: order.file.filename,
            reason: progress.error?.message,
          })
      })
      .finally(() => {
        if (this.#running.get(key) === progress) this.#running.delete(key)
        this.#driving.delete(driving)
      })
    this.#driving.add(driving)
    return progress
  }

  async #drive(order: Order, progress: Progress): Promise<void> {
    const lock = this.#layout.lock(`download ${order.name}/${order.file.filename}`)
    const wasThere = await this.#finished(order)
    for (;;) {
      const release = await tryLock(lock).catch((error: unknown) => {
        this.#log.debug('no lock', { file: order.file.filename, reason: (error as Error).message })
        return () => Promise.resolve()
      })
      if (release !== undefined) {
        try {
          if (await this.#publishedMeanwhile(order, progress, wasThere)) return
          this.#log.debug('download led', { file: order.file.filename })
          await lead(this.#layout, order, progress, this.#closing.signal, this.#received)
          return
        } finally {
          await release()
        }
      }
      if (await this.#watch(order, progress, wasThere, lock)) return
    }
  }

  /**
   * Another process may have published between our look at the directory and the lock, or while we
   * followed its part; but what is there now may also be what a person just put there.
   */
  async #publishedMeanwhile(
    { name, file }: Order,
    progress: Progress,
    wasThere: string | undefined,
    followed?: ForeignPart,
  ): Promise<boolean> {
    const path = this.#layout.file(name, file.filename)
    const stats = linkStatsOf(path)
    if (stats === undefined || !stats.isFile()) return false
    const { sha256 } = file.hashes
    // Where no hash is listed only the time tells that it is not what a person put there before.
    if (sha256 === undefined && stateOf(stats) === wasThere) return false
    const size = Number(stats.size)
    if (file.size !== undefined && file.size !== size) return false
    if (sha256 !== undefined && stats.ino !== followed?.inode)
      if ((await sha256Of(path, size)) !== sha256) return false
    progress.publish(path, size, sha256)
    return true
  }

  async #finished(order: Order): Promise<string | undefined> {
    const stats = linkStatsOf(this.#layout.file(order.name, order.file.filename))
    return stats === undefined ? undefined : stateOf(stats)
  }

  /** Follows another process's leader; true when it published, false when we should lead. */
  async #watch(
    order: Order,
    progress: Progress,
    wasThere: string | undefined,
    lock: string,
  ): Promise<boolean> {
    this.#log.debug('download followed', { file: order.file.filename })
    const parts = this.#layout.parts(order.name, order.file.filename)
    let aliveAt = performance.now()
    let renewed: bigint | undefined
    let pause = 5
    let seen = -1
    let followed: ForeignPart | undefined
    for (;;) {
      this.#closing.signal.throwIfAborted()
      if (await this.#publishedMeanwhile(order, progress, wasThere, followed)) return true
      const part = await newestPart(parts)
      followed = part ?? followed
      if (part !== undefined && part.length !== seen) {
        seen = part.length
        aliveAt = performance.now()
        pause = 5
        if (part.size !== undefined) progress.size = part.size
        // A new leader begins behind where an old one was: readers wait until it has caught up.
        progress.advance(part.path, part.length)
      }
      if (part?.ownerIsDead === true || performance.now() - aliveAt > patience)
        await breakLock(lock)
      const held = linkStatsOf(lock)
      if (held === undefined) return this.#publishedMeanwhile(order, progress, wasThere, followed)
      if (held.mtimeNs !== renewed) aliveAt = performance.now()
      renewed = held.mtimeNs
      await new Promise(resolve => setTimeout(resolve, pause))
      pause = Math.min(pause * 2, 100)
    }
  }
}

const isOpen = ({ error, done }: Progress): boolean => error === undefined && !done

const wholeSoon = async (progress: Progress): Promise<void> => {
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort()
    progress.announce()
  }, soon)
  while (isOpen(progress) && !late.signal.aborted) await progress.changed()
  clearTimeout(timer)
}

const stateOf = ({ ino, mtimeNs }: BigIntStats): string => `${ino}.${mtimeNs}`
