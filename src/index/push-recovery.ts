/**
 * What becomes of a push whose process was killed. Until its mark says `done` it is undone, and from
 * then on completed. Whoever renames the mark to its own name is the only one to do so; what it does
 * may be done again after it was killed, too.
 */
import { readdir, rename, rm } from 'node:fs/promises'
import { renameFile } from '../disk/at-once.ts'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { ownerName } from '../disk/owner.ts'
import { removeIfEmpty } from '../disk/remove-tree.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard, syncDirectory } from '../disk/write.ts'
import type { Log } from '../log.ts'
import { docFilename } from '../spec/doc-filename.ts'
import type { Name } from '../spec/project-name.ts'
import { asideId, pushAside, pushMark, type PushTicket } from '../spec/push-mark.ts'
import { releaseVersion } from '../spec/release-version.ts'
import { noLongerExclusively } from './exclusively.ts'
import type { Tombstone, UploadedFact } from './fact.ts'
import { Facts } from './facts.ts'
import { bringAlongLater } from './push-extras.ts'
import { openPushes, type OpenPush, type PushedFile, type PushRecord } from './push-record.ts'
import { settlePush, settlingParts } from './push-settling.ts'

/** The ids of pushes that this process works on. */
export const runningPushes = new Set<string>()

/** Undoes or completes a push that nobody works on any more, unless somebody else does so. */
export const recoverPush = async (
  layout: Layout,
  name: Name,
  { ticket, record }: OpenPush,
  log: Log,
): Promise<void> => {
  if (runningPushes.has(ticket.id)) return
  runningPushes.add(ticket.id)
  try {
    const own = { ...ticket, owner: await ownerName() }
    if (!(await passMark(layout, name, ticket, own))) return
    for (const key of heldBy(name, record)) await noLongerExclusively(layout, name, key)
    if (own.state === 'pending') await undoPush(layout, name, own, record)
    else {
      await settlePush(settlingParts(layout, log), name, record)
      await bringAlongLater(layout, name, record)
    }
    await endPush(layout, name, own)
    const what = own.state === 'pending' ? 'undone' : 'completed'
    log.warn(`a push that was broken off is ${what}`, { project: name, source: record.source })
  } finally {
    runningPushes.delete(ticket.id)
  }
}

/** What a push may have been alone with when it was broken off. */
const heldBy = (name: Name, { version, files }: PushRecord): string[] => {
  const release = releaseVersion(version)
  const docs = release && docFilename(name, release)
  const replaced = files.filter(({ replaces }) => replaces).map(({ filename }) => filename)
  return [...replaced, `release ${version}`, ...(docs === undefined ? [] : [docs])]
}

/** Gives a mark another name at one moment; false when it has no longer the name that it had. */
export const passMark = async (
  layout: Layout,
  name: Name,
  from: PushTicket,
  to: PushTicket,
): Promise<boolean> => {
  try {
    await renameFile(layout.push(name, pushMark(from)), layout.push(name, pushMark(to)))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
  return true
}

/** Puts everything back as it was before a push; all of it stays hidden until its mark goes. */
export const undoPush = async (
  layout: Layout,
  name: Name,
  { id }: PushTicket,
  record: PushRecord,
): Promise<void> => {
  const facts = new Facts(layout)
  for (const file of record.files) await undoFile(layout, name, id, file, facts)
  for (const tombstone of record.tombstones) {
    const file = record.files.find(({ filename }) => filename === tombstone.filename)
    await undoTombstone(name, tombstone, file?.former, facts)
  }
  await syncDirectory(layout.project(name))
  await removeIfEmpty(layout.project(name))
  await removeIfEmpty(layout.facts(name))
}

// Unless these very bytes have come by another way since.
const undoTombstone = async (
  name: Name,
  tombstone: Tombstone,
  former: UploadedFact | undefined,
  facts: Facts,
): Promise<void> => {
  const { filename, sha256 } = tombstone
  const fact = await facts.uploaded(name, filename, sha256)
  if (fact !== undefined && fact.at !== former?.at) return
  if ((await facts.tombstone(name, filename)) === undefined) await facts.write(name, tombstone)
}

const undoFile = async (
  layout: Layout,
  name: Name,
  id: string,
  { filename, sha256, inode, replaces, former }: PushedFile,
  facts: Facts,
): Promise<void> => {
  const home = layout.file(name, filename)
  const kept = layout.push(name, pushAside(id), filename)
  const before = linkStatsOf(kept)?.ino
  const lying = linkStatsOf(home)?.ino
  // Whatever else has the name never was of this push, nor is what is known of it.
  const fact = await facts.uploaded(name, filename, sha256)
  const isOurs =
    replaces ?
      before !== undefined && (lying === undefined || lying === inode || lying === before)
    : lying === inode && (fact === undefined || fact.push === id)
  if (!isOurs) return
  if (former === undefined) {
    await discard(layout.uploadedFact(name, filename, sha256))
    await discard(layout.attestations(name, filename, sha256))
  } else await facts.write(name, former)
  if (replaces) await rename(kept, home)
  else await discard(home)
}

/** Removes what pushes have left that were killed when they had nearly come to their end. */
export const tidyPushes = async (layout: Layout, name: Name): Promise<void> => {
  const entries = (await orAbsent(readdir(layout.push(name)))) ?? []
  // Later than that: what a push puts aside, it puts there after its mark.
  const marked = new Set((await openPushes(layout, name)).map(({ ticket }) => ticket.id))
  for (const id of entries.flatMap(entry => asideId(entry) ?? []))
    if (!marked.has(id))
      await rm(layout.push(name, pushAside(id)), { recursive: true, force: true })
  await removeIfEmpty(layout.push(name))
}

/** Removes all traces of a push that is undone or through. */
export const endPush = async (layout: Layout, name: Name, ticket: PushTicket): Promise<void> => {
  if (ticket.state === 'done') await discard(layout.push(name, pushMark(ticket)))
  const aside = layout.push(name, pushAside(ticket.id))
  if (linkStatsOf(aside) !== undefined) await rm(aside, { recursive: true, force: true })
  if (ticket.state === 'pending') await discard(layout.push(name, pushMark(ticket)))
  await removeIfEmpty(layout.push(name))
}
