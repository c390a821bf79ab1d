/**
 * Whole releases come to an index: for everybody who looks they are there at one moment, all of
 * their files. First a mark is written with all that it takes to undo them; while it says `pending`
 * they are hidden (see `Pushes`). Then the files get their names, and what is known of them is
 * written. That the mark is renamed to `done` is the moment.
 */
import { randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Digests } from '../disk/digest.ts'
import { orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { linkAside } from '../disk/link-aside.ts'
import { ownerName } from '../disk/owner.ts'
import { create, inDirectory, publish, publishNew, syncDirectory } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { pushAside, pushMark, type PushTicket } from '../spec/push-mark.ts'
import { arrivedFact, type Arrival } from './arrival.ts'
import {
  BusyError,
  planArrival,
  recordOf,
  replacedBy,
  type Plan,
  type Planned,
} from './arrival-plan.ts'
import { stageArrival, unstage, type Staged } from './arrival-staging.ts'
import type { CoreMetadata } from './core-metadata.ts'
import { exclusively } from './exclusively.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import type { Publication } from './publication.ts'
import { pushRecordText, type PushRecord } from './push-record.ts'
import { endPush, passMark, pushLock, runningPushes, undoPush } from './push-recovery.ts'
import { settlePush } from './push-settling.ts'
import type { Pushes } from './pushes.ts'

/** How often another push of the same files is waited for, and milliseconds between two looks. */
const attempts = 200
const interval = 50

/** What taking releases takes. */
export interface ArrivalParts {
  readonly layout: Layout
  readonly folder: Folder
  readonly facts: Facts
  readonly digests: Digests
  readonly metadata: CoreMetadata
  readonly publication: Publication
  readonly pushes: Pushes
  /** Files may be replaced. */
  readonly isVolatile: boolean
}

/** Takes releases of other indexes, in one process of many. */
export class Arrivals {
  readonly #parts: ArrivalParts

  constructor(parts: ArrivalParts) {
    this.#parts = parts
  }

  /**
   * Takes a release. When this returns it is durable, and seen by every process with its next look.
   * @param along what belongs to it besides; it is done again later should it fail or be broken off
   * @throws {HttpError} 409 when a name is taken, and nothing has changed; 503 when it is too busy
   */
  async take<T>(arrival: Arrival, along: (record: PushRecord) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const { layout, metadata } = this.#parts
      const staged = await stageArrival(layout, metadata, arrival.name, arrival.files)
      try {
        return await this.#whenAlone(arrival, staged, along)
      } catch (error) {
        if (!(error instanceof BusyError)) throw error
        if (attempt === attempts)
          throw new HttpError(503, `${arrival.name} is being pushed by somebody else`)
      } finally {
        await unstage(staged)
      }
      await pause(interval)
    }
  }

  /** One push of a project at a time, and nobody else changes what is replaced. */
  async #whenAlone<T>(
    arrival: Arrival,
    staged: readonly Staged[],
    along: (record: PushRecord) => Promise<T>,
  ): Promise<T> {
    const { name } = arrival
    const first = await planArrival(this.#parts, name, staged)
    await arrival.check()
    const alone = [...replacedBy(first), pushLock].reduce<() => Promise<T>>(
      (work, key) => () => exclusively(this.#parts.layout, name, key, work),
      async () => {
        const plan = await planArrival(this.#parts, name, staged)
        await arrival.check()
        if (replacedBy(plan).join() !== replacedBy(first).join()) throw new BusyError()
        return this.#carryOut(arrival, plan, along)
      },
    )
    return alone()
  }

  async #carryOut<T>(
    arrival: Arrival,
    plan: Plan,
    along: (record: PushRecord) => Promise<T>,
  ): Promise<T> {
    const { layout } = this.#parts
    const { name } = arrival
    const id = randomBytes(8).toString('hex')
    const pending: PushTicket = { id, state: 'pending', owner: await ownerName() }
    const done: PushTicket = { ...pending, state: 'done' }
    const record = recordOf(arrival, plan)
    runningPushes.add(id)
    try {
      await create(layout, layout.push(name, pushMark(pending)), pushRecordText(record))
      const claimed = new Set<Filename>()
      try {
        await this.#place(arrival, plan, pending, claimed)
        if (!(await passMark(layout, name, pending, done)))
          throw new HttpError(503, `pushing ${name} took too long: try again`)
      } catch (error) {
        const own = record.files.filter(({ filename }) => claimed.has(filename))
        await undoPush(layout, name, pending, { ...record, files: own })
        await endPush(layout, name, pending)
        throw error
      }
      await settlePush(this.#parts, name, record)
      const brought = await along(record)
      await endPush(layout, name, done)
      return brought
    } finally {
      runningPushes.delete(id)
    }
  }

  /** Everything that is hidden until the moment comes; durable when this returns. */
  async #place(
    arrival: Arrival,
    { files, tombstones }: Plan,
    ticket: PushTicket,
    claimed: Set<Filename>,
  ): Promise<void> {
    const { layout, facts } = this.#parts
    const { name } = arrival
    // First the names, since whoever gets one may then say what lies there.
    for (const file of files) {
      claimed.add(file.file.filename)
      if (file.before !== undefined) await this.#replace(name, file, ticket)
      else if (!(await this.#claim(name, file))) {
        claimed.delete(file.file.filename)
        // Somebody has taken the name meanwhile: then all is looked at again.
        throw new BusyError()
      }
    }
    for (const file of files) {
      await this.#copyAttestations(arrival, file)
      const { metadata, before } = file
      const fact = arrivedFact(layout.index, ticket.id, arrival, file.file, metadata, before)
      await facts.write(name, fact, { durable: 'file' })
    }
    for (const tombstone of tombstones) await facts.remove(name, tombstone)
    await Promise.all([syncDirectory(layout.facts(name)), syncDirectory(layout.project(name))])
  }

  #claim(name: Name, { file: { filename }, aside }: Planned): Promise<boolean> {
    return publishNew(aside, this.#parts.layout.file(name, filename), { durable: 'file' })
  }

  /** What gives way is kept until then, and shown. */
  async #replace(
    name: Name,
    { file: { filename }, aside }: Planned,
    { id }: PushTicket,
  ): Promise<void> {
    const { layout } = this.#parts
    const home = layout.file(name, filename)
    const kept = layout.push(name, pushAside(id), filename)
    const link = await linkAside(layout, home)
    await inDirectory(dirname(kept), () => rename(link, kept))
    await syncDirectory(dirname(kept))
    await rename(aside, home)
  }

  async #copyAttestations({ name, source }: Arrival, { file }: Planned): Promise<void> {
    if (file.fact?.isAttested !== true) return
    const { filename, sha256 } = file
    const { layout } = this.#parts
    const from = source.attestations(name, filename, sha256)
    const aside = await orAbsent(linkAside(layout, from))
    if (aside !== undefined) await publish(aside, layout.attestations(name, filename, sha256))
  }
}
