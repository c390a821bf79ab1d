import { orAbsent } from '../disk/error-code.ts'
import type { Durable, Wave } from '../disk/durable.ts'
import type { Layout } from '../disk/layout.ts'
import { linkAside } from '../disk/link-aside.ts'
import { discard, inDirectory, publish, publishNew, writeAside } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { pushAside, pushMark, type PushTicket } from '../spec/push-mark.ts'
import { arrivedFact, type Arrival } from './arrival.ts'
import { BusyError, replacedBy, type Plan, type Planned } from './arrival-plan.ts'
import type { Tombstone } from './fact.ts'
import type { Facts } from './facts.ts'
import { openPushes, pushRecordText, pushTickets, type PushRecord } from './push-record.ts'
import { endPush, passMark, undoPush } from './push-recovery.ts'

/** A release on its way. */
interface Placing {
  readonly arrival: Arrival
  readonly plan: Plan
  readonly record: PushRecord
  /** Pending. */
  readonly ticket: PushTicket
  /** With it all of it is durable. */
  readonly wave: Wave
}

/**
 * Gives the files of a release their names, up to the moment at which they are there.
 * @throws {BusyError} when another push is under way, or somebody has taken a name meanwhile; then,
 * as on every failure, nothing has changed
 */
export const placeArrival = async (
  { layout, facts }: { readonly layout: Layout; readonly facts: Facts },
  { arrival, plan, record, ticket, wave }: Placing,
): Promise<void> => {
  const { name } = arrival
  const known = plan.files.map(({ file, metadata, before }) =>
    arrivedFact(layout.index, ticket.id, arrival, file, metadata, before),
  )
  const texts = [pushRecordText(record), ...known.map(fact => JSON.stringify(fact))]
  const isSingle = isSingleFile(plan)
  const [asides] = await Promise.all([
    writeTogether(layout, texts),
    makeRoom([layout.project(name), layout.facts(name)], wave),
    // A power cut may take the mark of a single file (see below), so its directory need not be durable.
    makeRoom([layout.push(name)], isSingle ? false : wave),
  ])
  const claimed = new Set<Filename>()
  let tombstones: readonly Tombstone[] = []
  try {
    const [mark = '', ...written] = asides
    await publish(mark, layout.push(name, pushMark(ticket)), { durable: wave })
    // Of two that come at once each may see the other, but never neither of them.
    if (await hasRivals(layout, name, ticket)) throw new BusyError()
    await makeWay(layout, name, plan, ticket, wave)
    // First the names, since whoever gets one may then say what lies there.
    for (const file of plan.files) await claim(layout, name, file, claimed, wave)
    for (const file of plan.files) await copyAttestations(layout, arrival, file, wave)
    for (const [at, fact] of known.entries())
      await publish(written[at] ?? '', facts.pathOf(name, fact), { durable: wave })
    tombstones = plan.tombstones
    for (const tombstone of tombstones) await discard(facts.pathOf(name, tombstone))
    // One new file is there or not, whatever a power cut keeps of the rest.
    if (!isSingle) await wave.sync()
    if (!(await passMark(layout, name, ticket, { ...ticket, state: 'done' })))
      throw new HttpError(503, `pushing ${name} took too long: try again`)
    wave.add(layout.push(name))
  } catch (error) {
    const own = record.files.filter(({ filename }) => claimed.has(filename))
    await undoPush(layout, name, ticket, { ...record, files: own, tombstones })
    await endPush(layout, name, ticket)
    for (const aside of asides) await discard(aside)
    throw error
  }
}

/** Nothing more than one new file comes: there is no half of it. */
const isSingleFile = (plan: Plan): boolean =>
  plan.files.length <= 1 && plan.tombstones.length === 0 && replacedBy(plan).length === 0

/** True when other pushes of a project have marks; a broken one means nothing. */
const hasRivals = async (layout: Layout, name: Name, { id }: PushTicket): Promise<boolean> => {
  if ((await pushTickets(layout, name)).length <= 1) return false
  return (await openPushes(layout, name)).some(({ ticket }) => ticket.id !== id)
}

/** Makes directories while something else is waited for; what cannot be made now is made when it is needed. */
const makeRoom = (directories: readonly string[], durable: Durable): Promise<unknown> =>
  Promise.allSettled(
    directories.map(directory => inDirectory(directory, async () => {}, { durable })),
  )

/** Writes small files aside, synced all at a time; all of them or none. */
const writeTogether = async (layout: Layout, texts: readonly string[]): Promise<string[]> => {
  const writing = await Promise.allSettled(texts.map(text => writeAside(layout, text)))
  const written = writing.flatMap(one => (one.status === 'fulfilled' ? one.value : []))
  const failed = writing.find(one => one.status === 'rejected')
  if (failed === undefined) return written
  for (const aside of written) await discard(aside)
  throw failed.reason
}

/** What gives way is kept until then, and shown; durably before anything takes its place. */
const makeWay = async (
  layout: Layout,
  name: Name,
  plan: Plan,
  { id }: PushTicket,
  wave: Wave,
): Promise<void> => {
  const replaced = replacedBy(plan)
  for (const filename of replaced) {
    const link = await linkAside(layout, layout.file(name, filename))
    await publish(link, layout.push(name, pushAside(id), filename), { durable: wave })
  }
  if (replaced.length > 0) await wave.sync()
}

const claim = async (
  layout: Layout,
  name: Name,
  { file: { filename }, aside, before }: Planned,
  claimed: Set<Filename>,
  wave: Wave,
): Promise<void> => {
  const home = layout.file(name, filename)
  claimed.add(filename)
  if (before !== undefined) return publish(aside, home, { durable: wave })
  if (await publishNew(aside, home, { durable: wave })) return undefined
  claimed.delete(filename)
  // Somebody has taken the name meanwhile: then all is looked at again.
  throw new BusyError()
}

const copyAttestations = async (
  layout: Layout,
  { name, source }: Arrival,
  { file: { fact, filename, sha256 } }: Planned,
  wave: Wave,
): Promise<void> => {
  if (fact?.isAttested !== true) return
  const from = source.attestations(name, filename, sha256)
  const aside = await orAbsent(linkAside(layout, from))
  if (aside !== undefined)
    await publish(aside, layout.attestations(name, filename, sha256), { durable: wave })
}
