import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isGone, ownerName } from '../disk/owner.ts'
import { orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { isSettled, stampOf, statsOf } from '../disk/stamp.ts'
import { HttpError } from '../http/error.ts'
import type { Log } from '../log.ts'
import type { Filename } from '../spec/filename.ts'
import { indexName } from '../spec/index-name.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { pushAside } from '../spec/push-mark.ts'
import { recoverPush, runningPushes, tidyPushes } from './push-recovery.ts'
import { openPushes, type OpenPush } from './push-record.ts'

/** How often somebody looks whether a push is through, and milliseconds between two looks. */
const looks = 200
const interval = 50

/** A file that lies here and is not there for anybody yet. */
export interface Hidden {
  /** The id of the push. */
  readonly push: string
  readonly sha256: string
  readonly inode: bigint
  /** Where the file that has the name until then lies, once it was put aside; undefined when there is none. */
  readonly former: string | undefined
}

/** What is under way of a project at one moment. */
export interface UnderWay {
  /** Changes when it does; empty when nothing is, so that what is seen may be remembered. */
  readonly stamp: string
  readonly hidden: ReadonlyMap<Filename, readonly Hidden[]>
}

/** Of nearly every project, nearly always. */
export const nothingUnderWay: UnderWay = { stamp: '', hidden: new Map() }

/** The pushes to one index as its readers see them. What a dead process left is tidied up by a look. */
export class Pushes {
  readonly #layout: Layout
  readonly #log: Log
  #projects: { readonly stamp: string; readonly names: ReadonlySet<Name> } | undefined

  constructor(layout: Layout, log: Log) {
    this.#layout = layout
    this.#log = log
  }

  /** False where nothing was ever pushed; a stat. */
  hasAny(): boolean {
    return statsOf(this.#layout.pushes) !== undefined
  }

  /** What is under way of a project; a look at the disk. */
  async of(name: Name): Promise<UnderWay> {
    if (statsOf(this.#layout.push(name)) === undefined) return nothingUnderWay
    const open = await this.#living(name)
    if (open.length === 0) return nothingUnderWay
    const hidden = new Map<Filename, Hidden[]>()
    for (const { ticket, record } of open)
      if (ticket.state === 'pending')
        for (const { filename, sha256, inode, replaces } of record.files) {
          const kept = this.#layout.push(name, pushAside(ticket.id), filename)
          const former = replaces ? kept : undefined
          hidden.set(filename, [
            ...(hidden.get(filename) ?? []),
            { push: ticket.id, sha256, inode, former },
          ])
        }
    const states = open.map(({ ticket: { id, state } }) => `${id}.${state}`)
    return { stamp: states.toSorted().join(), hidden }
  }

  /** Projects of which something may be under way; a stat when nothing is. */
  async projects(): Promise<ReadonlySet<Name>> {
    const directory = this.#layout.pushes
    const stats = statsOf(directory)
    if (stats === undefined) return new Set()
    const stamp = stampOf(stats)
    if (this.#projects?.stamp === stamp) return this.#projects.names
    const begun = Date.now()
    const entries = await entriesOf(directory)
    const names = new Set(entries.flatMap(entry => projectName(entry) ?? []))
    this.#projects = isSettled(stats, begun) ? { stamp, names } : undefined
    return names
  }

  /**
   * Waits until no push of a file is under way.
   * @throws {HttpError} 503 when that takes too long
   */
  async settled(name: Name, filename: Filename): Promise<void> {
    for (let look = 1; (await this.of(name)).hidden.has(filename); look += 1) {
      if (look === looks)
        throw new HttpError(503, `${filename} is being pushed by somebody else: try again later`)
      await pause(interval)
    }
  }

  /** Those that are not through, after the dead ones were dealt with. */
  async #living(name: Name): Promise<OpenPush[]> {
    const open = await openPushes(this.#layout, name)
    const left: OpenPush[] = []
    for (const push of open) if (await isDead(push)) left.push(push)
    // Not being able to tidy up is no failure.
    if (open.length === 0) await tidyPushes(this.#layout, name).catch(() => {})
    // What a living one does just now could be taken for what a dead one has done.
    if (left.length < open.length || left.length === 0) return open
    for (const push of left)
      await recoverPush(this.#layout, name, push, this.#log).catch((error: unknown) =>
        this.#log.error('what is left of a push cannot be tidied up', {
          project: name,
          reason: (error as Error).message,
        }),
      )
    return openPushes(this.#layout, name)
  }
}

/** Undoes or completes what killed processes have left of pushes, whatever index they went to. */
export const recoverPushes = async (layout: Layout, log: Log): Promise<void> => {
  for (const user of await entriesOf(layout.allPushes))
    for (const entry of await entriesOf(join(layout.allPushes, user))) {
      const index = indexName(user, entry)
      if (index === undefined) continue
      const pushes = new Pushes(layout.of(index), log)
      for (const name of await pushes.projects()) await pushes.of(name)
    }
}

const entriesOf = async (directory: string): Promise<string[]> =>
  (await orAbsent(readdir(directory))) ?? []

// One of this process that it does not work on has failed, and not even undoing it was possible.
const isDead = async ({ ticket, since }: OpenPush): Promise<boolean> => {
  if (runningPushes.has(ticket.id)) return false
  return ticket.owner === (await ownerName()) || isGone(ticket.owner, since)
}
