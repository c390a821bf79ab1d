import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import type { Log } from '../log.ts'
import { documentedBy } from '../spec/doc-filename.ts'
import { distFilename } from '../spec/filename.ts'
import { listedAtRest } from './at-rest.ts'

/** A file or directory that belongs to the state. */
export interface Found {
  /** Where it lies, links followed. */
  readonly path: string
  /** Its place below the cache directory, with `/` on every system. */
  readonly name: string
  readonly kind: 'file' | 'directory'
  /** Perhaps a person is just putting it there; else it has been whole since it has its name. */
  readonly mayGrow: boolean
}

/** Deepest place of a distribution: `packages/source/a/acme/FILE`. */
const deepest = 5

// What says who may do what, in the order in which it is needed last.
const settings = ['changes', 'uuid', 'indexes', 'tokens', 'token-key', 'users']

// Deleted files come first; what is kept of pushes under way means nothing in another place, and what
// hooks are still to be told is told from here.
const elsewhere = new Set(['deleted', 'pushes', 'hooks'])

const byName = (one: Dirent, other: Dirent): number => (one.name < other.name ? -1 : 1)

const listed = async (directory: string): Promise<Dirent[]> =>
  ((await orAbsent(readdir(directory, { withFileTypes: true }))) ?? []).toSorted(byName)

/**
 * Everything that belongs to the state of a directory, in an order in which it may be read while
 * servers write (the order of writing backwards): files, then what is known of them, then settings.
 * The same state is always found in the same order.
 * @param withCache also what could be fetched or made again
 */
export async function* survey(
  layout: Layout,
  withCache: boolean,
  log: Log,
): AsyncGenerator<Found, void> {
  const top = layout.root
  const nameOf = (path: string): string => relative(top, path).replaceAll(sep, '/')
  const found = (path: string, kind: Found['kind']): Found => ({
    path,
    name: nameOf(path),
    kind,
    mayGrow: false,
  })

  async function* whole(path: string): AsyncGenerator<Found, void> {
    const stats = linkStatsOf(path)
    if (stats?.isFile() === true) yield found(path, 'file')
    if (stats?.isDirectory() !== true) return
    yield found(path, 'directory')
    for (const { name } of await listed(path)) yield* whole(join(path, name))
  }

  for await (const { path, target } of distributions(layout, top, deepest, log))
    yield { path: target, name: nameOf(path), kind: 'file', mayGrow: true }
  const kept = (await listed(layout.keep)).map(({ name }) => name)
  const facts = kept.filter(name => !elsewhere.has(name) && !settings.includes(name))
  // What was deleted meanwhile is there now.
  for (const name of ['deleted', ...facts]) yield* whole(join(layout.keep, name))
  if (withCache) yield* whole(layout.cache)
  for (const name of settings) yield* whole(join(layout.keep, name))
  yield* whole(layout.format)
  yield* whole(join(top, 'proxypypi.toml'))
}

async function* distributions(
  layout: Layout,
  directory: string,
  depth: number,
  log: Log,
): AsyncGenerator<{ path: string; target: string }, void> {
  for (const entry of await listedAtRest(layout, directory, () => listed(directory), log)) {
    if (entry.name.startsWith('.')) continue
    const path = join(directory, entry.name)
    const target = entry.isSymbolicLink() ? await behindLink(layout.root, path) : path
    if (target === undefined) continue
    const kind = target === path ? kindOf(entry) : kindOf(linkStatsOf(target))
    if (kind === 'file' && isOurs(entry.name)) yield { path, target }
    if (kind === 'directory' && depth > 1) yield* distributions(layout, path, depth - 1, log)
  }
}

const isOurs = (name: string): boolean =>
  distFilename(name) !== undefined || documentedBy(name).length > 0

const kindOf = (
  entry: { isFile(): boolean; isDirectory(): boolean } | undefined,
): Found['kind'] | undefined => {
  if (entry?.isDirectory() === true) return 'directory'
  return entry?.isFile() === true ? 'file' : undefined
}

// A link that leads out of the directory is never served, nor one into our own part of it. One to a
// directory that it lies in would never end.
const behindLink = async (top: string, path: string): Promise<string | undefined> => {
  const target = await realpath(path).catch(() => undefined)
  const realTop = await realpath(top)
  if (target?.startsWith(realTop + sep) !== true) return undefined
  if (target.includes(`${sep}.`, realTop.length)) return undefined
  const isAbove = `${await realpath(dirname(path))}${sep}`.startsWith(target + sep)
  return isAbove ? undefined : target
}
