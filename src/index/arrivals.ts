/**
 * Whole releases come to an index: for everybody who looks they are there at one moment, all of
 * their files. First a mark is written with all that it takes to undo them; while it says `pending`
 * they are hidden (see `Pushes`). Whoever sees that another push of the project is under way when its
 * mark is there removes it and waits, so one at a time reaches a project. Then the files get their names, and what is known of them its own.
 * That the mark is renamed to `done` is the moment; what belongs to them besides follows at once. All
 * contents are synced before anything gets its name, all directories together when everything has.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Turns } from '../accounts/turns.ts'
import type { Digests } from '../disk/digest.ts'
import { Wave } from '../disk/durable.ts'
import type { Layout } from '../disk/layout.ts'
import { ownerName } from '../disk/owner.ts'
import { HttpError } from '../http/error.ts'
import type { PushTicket } from '../spec/push-mark.ts'
import type { Arrival } from './arrival.ts'
import { placeArrival } from './arrival-placing.ts'
import {
  BusyError,
  crowdedNames,
  planArrival,
  recordOf,
  replacedBy,
  type Plan,
} from './arrival-plan.ts'
import { stageArrival, unstage, type Staged } from './arrival-staging.ts'
import type { CoreMetadata } from './core-metadata.ts'
import { exclusively } from './exclusively.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import type { Publication } from './publication.ts'
import type { PushRecord } from './push-record.ts'
import { endPush, runningPushes } from './push-recovery.ts'
import { settlePush } from './push-settling.ts'
import type { Pushes } from './pushes.ts'

/** How often another push of the project is waited for, and milliseconds between two looks. */
const attempts = 300
const interval = 50

// Each is done in few long steps: with more of them at a time, whoever asks for something else would
// wait for as many steps of theirs.
const turns = new Turns(2, Infinity)

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

/** What belongs to a release besides its files. */
export interface Along<T> {
  /** Gives it to the index; done again later should the push fail or be broken off. */
  bring(record: PushRecord, wave: Wave): Promise<T>
  /** Told of it while all of it is made durable. */
  told(brought: T): Promise<unknown>
}

/** Takes releases of other indexes, in one process of many. */
export class Arrivals {
  readonly #parts: ArrivalParts

  constructor(parts: ArrivalParts) {
    this.#parts = parts
  }

  /**
   * Takes a release. When this returns it is durable, and seen by every process with its next look.
   * @throws {HttpError} 409 when a name is taken, and nothing has changed; 503 when it is too busy
   */
  async take<T>(arrival: Arrival, along: Along<T>): Promise<T> {
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
      // At random, so that those who wait do not all come at once.
      await pause(interval * (0.5 + Math.random()))
    }
  }

  /** Nobody else changes what is replaced. */
  async #whenAlone<T>(arrival: Arrival, staged: readonly Staged[], along: Along<T>): Promise<T> {
    const { layout } = this.#parts
    const { name } = arrival
    const first = await this.#plan(arrival, staged)
    const replaced = replacedBy(first)
    if (replaced.length === 0) return turns.run(() => this.#carryOut(arrival, first, along))
    const alone = replaced.reduce<() => Promise<T>>(
      (work, key) => () => exclusively(layout, name, key, work),
      async () => {
        const plan = await this.#plan(arrival, staged)
        if (replacedBy(plan).join() !== replaced.join()) throw new BusyError()
        return turns.run(() => this.#carryOut(arrival, plan, along))
      },
    )
    return alone()
  }

  async #plan(arrival: Arrival, staged: readonly Staged[]): Promise<Plan> {
    const plan = await planArrival(this.#parts, arrival.name, staged)
    await arrival.check()
    return plan
  }

  async #carryOut<T>(arrival: Arrival, plan: Plan, along: Along<T>): Promise<T> {
    const { layout } = this.#parts
    const { name } = arrival
    const id = randomBytes(8).toString('hex')
    const ticket: PushTicket = { id, state: 'pending', owner: await ownerName() }
    const record = recordOf(arrival, plan)
    const wave = new Wave()
    runningPushes.add(id)
    try {
      await placeArrival(this.#parts, { arrival, plan, record, ticket, wave })
      const brought = await along.bring(record, wave)
      const crowded = crowdedNames(plan)
      const settle = () => settlePush(this.#parts, name, record, crowded)
      const meanwhile = crowded.size === 0 ? settle() : undefined
      await Promise.all([wave.sync(), meanwhile, along.told(brought)])
      // What was known of others is needed until then, should all of it be undone.
      if (meanwhile === undefined) await settle()
      await endPush(layout, name, { ...ticket, state: 'done' })
      return brought
    } finally {
      runningPushes.delete(id)
    }
  }
}
